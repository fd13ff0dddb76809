import type { CheckLine } from '../../inputs/check-line.ts'
import type { PlannedStep } from '../judge/plays.ts'
import type { Rules } from '../judge.ts'
import type { PastPod } from './cast.ts'

/** A release as it is played. Durations in milliseconds. */
export interface Plot {
  readonly steps: readonly PlannedStep[]
  readonly warmUp: number
  /** Between two looks. */
  readonly interval: number
  readonly rules: Rules
}

/** One of them. */
export interface Performance {
  readonly plot: Plot
  /** When it begins, in milliseconds since the epoch. */
  readonly start: number
  /** Its number, from 0. */
  readonly turn: number
  readonly pods: readonly PastPod[]
}

/** What one line of `checks` came to in it. */
export interface Played {
  readonly line: CheckLine
  readonly end: 'passed' | 'rolled back' | 'undecided'
  readonly withoutData?: boolean
  /** When, in milliseconds since the epoch, and why: of one that was rolled back. */
  readonly at?: number
  readonly reason?: string
}

/** The judge's past of stable, in milliseconds, and what increases are counted from before it. */
export const PAST = 3_600_000 + 300_000

/** What a release takes at least until something was judged: two blocks after the warm-up, and samples to come. */
const LEAST = 180_000

/** As planned. */
export const lengthOf = ({ steps }: Plot): number => steps.reduce((sum, { duration }) => sum + duration, 0)

/** When everything has been extended as far as it may be. */
export const longestOf = (plot: Plot): number => 2 * lengthOf(plot) + plot.warmUp + LEAST

/** Between two looks there is nothing new to see in less, in milliseconds. */
export const lookAfter = ({ interval }: Plot): number => Math.max(interval, 15_000)
