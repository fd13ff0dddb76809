import { InputError } from '../base/errors.ts'
import { play, startsIn, unplayable } from '../checks/replay/index.ts'
import { longestOf, PAST, type Plot } from '../checks/replay/plot.ts'
import { tally, type Run, type Season } from '../checks/replay/tally.ts'
import { lastingSteps, plannedSteps } from '../checks/planned-steps.ts'
import { samplerFor, type Sampler } from '../checks/sampler.ts'
import type { Replayed } from '../domain/replay.ts'
import { isComparison } from '../inputs/check-line.ts'
import type { Inputs } from '../inputs/inputs.ts'
import { replayedSpan, type Span } from '../inputs/replay.ts'
import type { Observed } from '../observe/observed.ts'
import { stepsOf } from '../plan/asked.ts'
import { measuredStable } from '../preflight/measured-stable.ts'
import { replayLines } from '../report/replay.ts'
import type { Invocation } from './invocation.ts'

/** A block of the judge at the usual intervals, in milliseconds. */
const BLOCK = 30_000

/** What is wanted beyond the end of a release, in milliseconds: a sample that shows which pods are still there. */
const BEYOND = 60_000

/** What playing may take of the processor, in milliseconds, and all of it with what Prometheus takes. */
const MOST_WORK = 10_000
const MOST_TIME = 180_000

/** The release that the inputs describe. */
function plotOf(inputs: Inputs): Plot {
  const { bake, warmUp, checkInterval: interval } = inputs
  const planned = plannedSteps({ steps: stepsOf(inputs), bake }, ({ weight }) => weight / 100)
  const steps = inputs.checks.some(isComparison)
    ? lastingSteps(planned, { warmUp, block: BLOCK })
    : planned.map((step) => ({ ...step, duration: Math.max(step.duration, interval) }))
  return { steps, warmUp, interval, rules: inputs }
}

/**
 * When the window is, if a replay is asked for.
 * @throws InputError when it is not in the past, or too short for a release
 */
export function replayedWindow(inputs: Inputs, now: number): Span | undefined {
  if (inputs.replay === undefined) return undefined
  const span = replayedSpan(inputs.replay, now, longestOf(plotOf(inputs)))
  if ('problem' in span) throw new InputError([{ input: 'replay', ...span }])
  return span.value
}

/** Plays the checks on stable's past, and tells in the log what came out. Only an aborted signal throws. */
export async function replay(invocation: Invocation, observed: Observed, span: Span): Promise<Replayed> {
  const { inputs, createSampler, ports } = invocation
  const sampler = samplerFor(inputs, createSampler, observed.routes)
  if (sampler === undefined) return { why: 'nothing measures the checks' }
  if (inputs.checks.every((line) => unplayable(line) !== undefined))
    return { why: 'none of the checks is counted from samples of the past' }
  const replayed = await playAll(invocation, sampler, observed, span)
  ports.log.group('Replay')
  ports.log.quote(replayLines(replayed).join('\n'))
  ports.log.endGroup()
  return replayed
}

/** Where not all can be played, those are left out that the window is still covered without. */
function stride({
  left,
  each,
  work
}: {
  readonly left: number
  readonly each: number
  readonly work: number
}): number {
  const affordable = each === 0 ? left : Math.floor((MOST_WORK - work) / each)
  return affordable < 1 ? left + 1 : Math.max(1, Math.ceil(left / affordable))
}

async function playAll(
  { inputs, ports: { clock }, signal }: Invocation,
  sampler: Sampler,
  observed: Observed,
  span: Span
): Promise<Replayed> {
  const plot = plotOf(inputs)
  const starts = startsIn(span, plot)
  const season: Season = { plot, span, lines: inputs.checks, wanted: starts.length }
  const stable = measuredStable(observed)
  const begun = clock.now()
  const runs: Run[] = []
  let work = 0
  for (let turn = 0; turn < starts.length && clock.now() - begun <= MOST_TIME;) {
    const start = starts[turn] ?? span.from
    const stretch = { from: start - PAST, to: Math.min(start + longestOf(plot) + BEYOND, begun) }
    const past = await sampler.past(stable, stretch, signal)
    if ('why' in past) return past
    // A signal to end the run is heard between two releases.
    await clock.sleep(0, signal)
    const before = clock.now()
    const acted = play({ plot, start, turn, lines: inputs.checks, past })
    work += clock.now() - before
    if (acted !== undefined) runs.push({ start, ...acted })
    turn += stride({ left: starts.length - turn - 1, each: work / Math.max(runs.length, 1), work })
  }
  return runs.length === 0 ? { why: 'there are no samples of stable in this window' } : tally(season, runs)
}
