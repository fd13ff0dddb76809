import type { Findings } from '../base/errors.ts'
import { isBound, type CheckLine } from '../inputs/check-line.ts'
import type { Inputs } from '../inputs/inputs.ts'
import type { Span } from '../inputs/replay.ts'
import type { ObservedRoute } from '../observe/observed.ts'
import type { MetricsSource } from '../routes/metrics-source.ts'
import type { ComparedSamples, Versions } from './compared-samples.ts'
import { mayBeShared } from './held.ts'
import type { Reading } from './judge.ts'
import type { MeasuredVersion } from './measured-version.ts'
import type { NoData } from './metric-value.ts'
import type { PastSamples } from './past-samples.ts'

/** The step that measurements belong to; only traffic since its begin is judged. */
export interface MeasuredStep {
  readonly name: string
  /** Milliseconds since the epoch. */
  readonly startedAt: number
}

/** Given where a release without figures would fail only once users are on it. */
export interface Need {
  /** Is told what is being waited for. */
  readonly tell: (text: string) => void
  /** Both versions' pods are scraped alike: if the old one's are not, the new one's will not be either. */
  readonly alike: boolean
}

/**
 * Takes the measurements of one release, from wherever they are. It may keep what it has seen, so one sampler serves the
 * whole release; waiting and deciding are the caller's:
 *
 *     const { faults, warnings } = await sampler.preflight(stable, signal)
 *     if (faults.length > 0) throw new InputError(faults)
 *
 *     let standing = initialStanding                       // once a release
 *     const step = { name: 'bake', startedAt: clock.now() } // once a step
 *     do {
 *       await clock.sleep(inputs.checkInterval, signal)
 *       const readings = await sampler.measure(step, canary, signal)
 *       measurements.push(...readings)
 *       standing = judgeRound(standing, readings, inputs)
 *       if (standing.failed) throw new ReleaseFailed(standing.failed.reason, printCheck(standing.failed.check))
 *     } while (standing.decision !== 'pass' || clock.now() < step.startedAt + duration)
 */
export interface Sampler {
  /**
   * Whether the checks can be carried out, tried on the stable version. Nothing is thrown for what the source of the
   * measurements answers or does not; only when the signal is aborted.
   * @param need where there must be figures: then what is certain never to bring any is a fault
   */
  preflight(stable: MeasuredVersion, signal?: AbortSignal, need?: Need): Promise<Findings>
  /**
   * One reading of every bound, in their order, over the time since the step began. One that cannot be taken is a
   * reading without a value; only an aborted signal throws.
   */
  measure(step: MeasuredStep, version: MeasuredVersion, signal?: AbortSignal): Promise<readonly Reading[]>
  /** Reads stable by those bounds that a trouble of both versions breaks, and keeps what it has seen of it apart. */
  readonly beside?: Pick<Sampler, 'measure'>
  /**
   * All samples of both versions for what is compared with stable, from an hour before the first users until now. Only an aborted
   * signal throws.
   * @param firstUsers of the new version, milliseconds since the epoch by our clock; undefined before they come
   */
  compare(
    versions: Versions,
    firstUsers: number | undefined,
    signal?: AbortSignal
  ): Promise<ComparedSamples | NoData>
  /**
   * Samples of the stable version from the past, for all lines that are counted from requests: fewest are asked for in the order of
   * time. Only an aborted signal throws.
   */
  past(stable: MeasuredVersion, span: Span, signal?: AbortSignal): Promise<PastSamples | NoData>
}

/** @param source whose metrics the built-in checks are counted from */
export type CreateSampler = (checks: readonly CheckLine[], source: MetricsSource) => Sampler

/** What measures the checks; undefined when there are none, or nothing to ask. */
export function samplerFor(
  { checks, metrics }: Pick<Inputs, 'checks' | 'metrics'>,
  createSampler: CreateSampler | undefined,
  routes: readonly Pick<ObservedRoute, 'route'>[]
): Sampler | undefined {
  if (checks.length === 0 || createSampler === undefined) return undefined
  const source = metrics ?? routes[0]?.route.metrics ?? 'http'
  const beside = createSampler(
    checks.filter((line) => isBound(line) && mayBeShared(line)),
    source
  )
  return { ...createSampler(checks, source), beside }
}
