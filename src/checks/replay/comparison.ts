import type { Judgement } from '../../domain/judgement.ts'
import { printStableCheck, type StableCheck } from '../../inputs/stable-check.ts'
import { judgedCheck, judgementReason } from '../../report/judgement.ts'
import { judgeRelease } from '../judge/index.ts'
import type { ReleaseStep } from '../judge/question.ts'
import { performed, withMore, type Cast } from './cast.ts'
import { longestOf, lookAfter, PAST, type Performance, type Played } from './plot.ts'

/** Judges some of stable's pods beside the others, as a release would be. */

interface Stage {
  readonly cast: Cast
  /** When each step began. */
  readonly begun: readonly number[]
}

function enter({ pods, plot, turn }: Performance, { cast, begun }: Stage, at: number): Stage {
  const { share = 1 } = plot.steps[begun.length] ?? {}
  return { cast: withMore(cast, pods, { at, share, turn }), begun: [...begun, at] }
}

function look(
  { pods, plot, start }: Performance,
  { cast, begun }: Stage,
  checks: readonly StableCheck[],
  now: number
): Judgement {
  const steps = plot.steps.map(({ duration, share }, i): ReleaseStep => {
    const began = begun[i]
    return { duration, ...(share >= 1 && { alone: true }), ...(began !== undefined && { begun: began }) }
  })
  return judgeRelease({
    checks,
    steps,
    warmUp: plot.warmUp,
    now,
    ...performed(pods, cast, { from: start - PAST, now })
  })
}

/** Which lines are broken; a crash breaks the first one, as it does in a release. */
function broken(judgement: Judgement, checks: readonly StableCheck[]): readonly string[] {
  const { decision } = judgement
  if (decision.kind === 'rollback' && 'findings' in decision)
    return decision.findings.map(({ check }) => printStableCheck(check))
  return [judgedCheck(judgement) ?? checks.slice(0, 1).map(printStableCheck).join('')]
}

function playedOf(judgement: Judgement, checks: readonly StableCheck[]): readonly Played[] {
  const { decision } = judgement
  const all = (played: Omit<Played, 'line'>): readonly Played[] => checks.map((line) => ({ line, ...played }))
  switch (decision.kind) {
    case 'rollback': {
      const { at } = decision
      const names = new Set(broken(judgement, checks))
      const reason = judgementReason(judgement)
      return checks.map((line) =>
        names.has(printStableCheck(line)) ? { line, end: 'rolled back', at, reason } : { line, end: 'passed' }
      )
    }
    case 'inconclusive':
      return all({ end: 'undecided' })
    case 'no-data':
      return all({ end: 'undecided', withoutData: true })
    case 'hold':
      return all({ end: 'undecided', withoutData: decision.for === 'time' })
    default:
      return all({ end: 'passed' })
  }
}

/** From its first users to its end. Each step is looked at when it is over, and until it may end: earlier looks find the same. */
export function playComparison(performance: Performance, checks: readonly StableCheck[]): readonly Played[] {
  const { plot, start } = performance
  const latest = start + longestOf(plot)
  let stage = enter(performance, { cast: new Map(), begun: [] }, start)
  let now = start
  for (;;) {
    const { duration = 0 } = plot.steps[stage.begun.length - 1] ?? {}
    now = Math.max(now, (stage.begun.at(-1) ?? start) + duration)
    const judgement = look(performance, stage, checks, now)
    const { decision, block } = judgement
    const { kind } = decision
    if (kind === 'advance') stage = enter(performance, stage, now)
    else if (kind !== 'hold' && kind !== 'no-data') return playedOf(judgement, checks)
    else if (now >= latest) return playedOf(judgement, checks)
    // While the odds are against it, or nothing is proven, the next block is what is waited for.
    else now += kind === 'hold' && decision.for !== 'time' ? block : lookAfter(plot)
  }
}
