import { createHash } from 'node:crypto'
import { messageOf } from '../base/errors.ts'
import type { ComparedSamples } from '../checks/compared-samples.ts'
import { forecast } from '../checks/judge/forecast.ts'
import { measure, type Measured } from '../checks/judge/measured.ts'
import { lastingSteps, plannedSteps } from '../checks/planned-steps.ts'
import type { Sampler } from '../checks/sampler.ts'
import type { Foretold } from '../domain/forecast.ts'
import { LEAST_REQUESTS } from '../domain/judgement.ts'
import { isComparison } from '../inputs/check-line.ts'
import type { Inputs } from '../inputs/inputs.ts'
import { printStableCheck, type StableCheck } from '../inputs/stable-check.ts'
import type { TrafficStep } from '../inputs/step.ts'
import { timeSpan, wholes } from '../report/figures.ts'
import { blindness } from '../report/forecast.ts'
import type { Split } from '../routes/route.ts'
import type { MeasuredVersion } from '../checks/measured-version.ts'

/** A release whose lines of `checks` may name stable. */
export interface Foreseen {
  /** Id of the release. */
  readonly release: string
  readonly stable: MeasuredVersion
  readonly steps: readonly TrafficStep[]
  /** What part of all users a step really gives to the new version, from 0 to 1. */
  readonly shareOf: (split: Split) => number
  /** Of the new version, with all users. */
  readonly pods: number
  readonly inputs: Pick<Inputs, 'checks' | 'bake' | 'warmUp'>
}

export interface Foresight {
  /** Undefined where nothing is to be compared. */
  readonly forecast?: Foretold
  readonly warnings: readonly string[]
}

/** Less of a past does not show how it goes on, in milliseconds. */
const LEAST_PAST = 300_000

const NOTHING: Foresight = { warnings: [] }

/**
 * What the comparison with stable can find in the steps of the release, by an hour of stable's samples. It is advice: whatever goes
 * wrong with it becomes a warning, and only an aborted signal throws.
 */
export async function foresee(
  foreseen: Foreseen,
  sampler: Sampler | undefined,
  signal: AbortSignal
): Promise<Foresight> {
  const checks = foreseen.inputs.checks.filter(isComparison)
  if (sampler === undefined || checks.length === 0) return NOTHING
  try {
    const versions = { stable: foreseen.stable, canary: undefined }
    const samples = await sampler.compare(versions, undefined, signal)
    if ('why' in samples) return without(samples.why, samples.early === true ? [] : checks)
    return told(foretell(foreseen, checks, samples))
  } catch (error) {
    signal.throwIfAborted()
    return without(messageOf(error), checks)
  }
}

/** @param checks that this may keep from being judged as well */
const without = (why: string, checks: readonly StableCheck[]): Foresight => ({
  forecast: { why },
  warnings:
    checks.length === 0
      ? []
      : [`there is no forecast of what ${checks.map(printStableCheck).join(', ')} can find: ${why}`]
})

function told(found: Foretold): Foresight {
  const blind = 'why' in found ? undefined : blindness(found)
  return { forecast: found, warnings: blind === undefined ? [] : [blind] }
}

/** Why its past says too little; undefined when it does not. */
function tooLittle({ history, grid }: Measured): string | undefined {
  const known = history.length * grid.block
  const requests = history.reduce((sum, one) => sum + one.requests, 0)
  if (known < LEAST_PAST)
    return `there are samples of stable for ${timeSpan(known)} only, and ${timeSpan(LEAST_PAST)} are needed`
  return requests < LEAST_REQUESTS
    ? `stable has had ${wholes(requests, 'request')} of users in the last ${timeSpan(known)}, which is too little to tell`
    : undefined
}

/** The same for the same release. */
const seedOf = (release: string): number => createHash('sha256').update(release).digest().readUInt32BE()

function foretell(
  { release, steps: wanted, shareOf, pods, inputs: { bake, warmUp } }: Foreseen,
  checks: readonly StableCheck[],
  { stable, now }: ComparedSamples
): Foretold {
  const known = measure({ checks, steps: [], warmUp, now, stable, canary: [] }, now)
  const why = tooLittle(known)
  if (why !== undefined) return { why }
  const planned = plannedSteps({ steps: wanted, bake }, shareOf)
  const steps = lastingSteps(planned, { warmUp, block: known.grid.block })
  return forecast(known, { checks, steps, warmUp, pods, seed: seedOf(release) })
}
