import type { Check } from '../../inputs/check.ts'
import { unlessFew, unlessShared, whileWarmingUp } from '../held.ts'
import { lookBeside, type Beside } from '../judge/bounds.ts'
import { initialStanding, judge, judgeRound, type Reading, type Standing } from '../judge.ts'
import type { MeasuredStep } from '../sampler.ts'
import { isOvertime, windowAt } from '../warm-up.ts'
import { isThere, performed, withMore, type Cast } from './cast.ts'
import { count, growthsOf, valueOf, type Growth } from './counted.ts'
import { longestOf, PAST, type Performance, type Played } from './plot.ts'

/** Measures the bounds on some of stable's pods, as a release would. */

/** Milliseconds between two scrapes; youth as the sampler has it. */
const youthOf = (gap: number): number => 2 * gap + 5_000

interface Playing {
  readonly performance: Performance
  readonly check: Check
  /** Milliseconds between two scrapes. */
  readonly gap: number
  /** How many bad requests stable has at once, of those that the check counts. */
  readonly burstiness: number
}

interface Watching extends Playing {
  /** Of the pods that play the new version. */
  readonly growths: readonly Growth[]
  /** Of the others, which there are none of once all play. */
  readonly beside: readonly Growth[]
}

interface Watched extends MeasuredStep {
  /** In milliseconds. */
  readonly duration: number
}

/** What a look at a step brings. */
interface Seen {
  readonly standing: Standing
  readonly at: number
  readonly hasData: boolean
}

/** @param since of what is read, and until `at`, in milliseconds since the epoch */
function read(
  { check, gap }: Playing,
  growths: readonly Growth[],
  { name, startedAt: since }: MeasuredStep,
  at: number
): Reading {
  const counted = count(growths, since, at)
  const value = valueOf(check, counted, since)
  const isBrief = (counted.newest ?? 0) < since + gap
  const finding = 'why' in value || !isBrief ? value : { ...value, brief: true }
  const youth = youthOf(gap)
  return judge(check, finding, { at, step: name, young: at - since < youth, youth })
}

/** As it counts: not where the requests are too few to tell, nor where the others break the bound in the same time. */
function weigh(watching: Watching, reading: Reading, step: MeasuredStep): Reading {
  const { burstiness, beside } = watching
  const told = unlessFew(reading, burstiness)
  return told.verdict === 'fail'
    ? unlessShared(told, read(watching, beside, step, told.at), burstiness)
    : told
}

function look(watching: Watching, step: Watched, { standing, at: before }: Seen): Seen {
  const { growths, performance } = watching
  const { plot, start } = performance
  const at = before + plot.interval
  const window = windowAt(at, step, start + plot.warmUp)
  const found = read(watching, growths, window.step, at)
  const reading = window.isWarmingUp ? whileWarmingUp(found) : weigh(watching, found, window.step)
  const overtime = isOvertime(at, step, window.step, step.duration)
  return {
    standing: judgeRound(standing, [reading], plot.rules, overtime),
    at,
    hasData: reading.verdict !== 'no-data'
  }
}

/** One look after the other until the step may end, or the release has failed or taken too long. */
function watch(watching: Watching, step: Watched, before: Standing): Seen {
  const { start, plot } = watching.performance
  const latest = start + longestOf(plot)
  const isOver = ({ standing: { failed, decision }, at }: Seen): boolean =>
    failed !== undefined || at >= latest || (at >= step.startedAt + step.duration && decision === 'pass')
  let seen: Seen = { standing: before, at: step.startedAt, hasData: false }
  do seen = look(watching, step, seen)
  while (!isOver(seen))
  return seen
}

function playBound(playing: Playing, all: readonly Growth[]): Played {
  const { check, performance } = playing
  const { plot, start, pods, turn } = performance
  let cast: Cast = new Map()
  let standing = initialStanding
  let startedAt = start
  for (const { name = '', duration, share } of plot.steps) {
    cast = withMore(cast, pods, { at: startedAt, share, turn })
    const [growths, beside] = [true, false].map((plays) => all.filter(({ pod }) => cast.has(pod) === plays))
    const watching = { ...playing, growths: growths ?? [], beside: beside ?? [] }
    const seen = watch(watching, { name, startedAt, duration }, standing)
    const { failed, decision } = seen.standing
    const withoutData = !seen.hasData
    if (failed !== undefined)
      return { line: check, end: 'rolled back', at: seen.at, reason: failed.reason, withoutData }
    if (decision !== 'pass') return { line: check, end: 'undecided', withoutData }
    standing = seen.standing
    startedAt = seen.at
  }
  return { line: check, end: 'passed' }
}

/** By stable's hour before the release. */
function burstsBefore({ pods, start, plot }: Performance): Beside['burstiness'] {
  const known = performed(pods, new Map(), { from: start - PAST, now: start })
  const steps = plot.steps.map(({ duration }, i) => ({ duration, ...(i === 0 && { begun: start }) }))
  return lookBeside({ checks: [], steps, warmUp: plot.warmUp, now: start, ...known }).burstiness
}

/** @param gap milliseconds between two scrapes */
export function playBounds(
  performance: Performance,
  checks: readonly Check[],
  gap: number
): readonly Played[] {
  const { pods, start, plot } = performance
  if (checks.length === 0) return []
  const end = start + longestOf(plot)
  const there = pods.filter((pod) => isThere(pod, start) || (pod.oldest >= start && pod.oldest < end))
  const all = there.flatMap((pod) => growthsOf(pod, start, end))
  const { errors, above } = burstsBefore(performance)
  return checks.map((check) => {
    const burstiness = check.metric.kind === 'latency' ? above(check.bound) : errors
    return playBound({ performance, check, gap, burstiness }, all)
  })
}
