import type { Clock } from '../base/clock.ts'
import { NO_FINDINGS, type Findings } from '../base/errors.ts'
import type { Check, Metric } from '../inputs/check.ts'
import type { MeasuredVersion } from './measured-version.ts'
import type { MetricValue } from './metric-value.ts'
import { MetricsError } from './metrics-error.ts'
import type { Asked, Source } from './source.ts'

/** How the value of one metric is found. */
export interface Finder<M extends Metric> {
  /** Throws MetricsError. */
  readonly find: (metric: M, asked: Asked, signal?: AbortSignal) => Promise<MetricValue>
  /** Milliseconds for which a step is young. */
  readonly youth: number
}

/** What is tried before a release is asked of so many milliseconds: no step has begun, and the stable version has served for long. */
const TRIED = 300_000

/** A source whose checks have nothing in common: each is asked for by itself. */
export function eachApart<M extends Metric>(
  checks: readonly Check<M>[],
  { find, youth }: Finder<M>,
  clock: Clock
): Source {
  const orMissing = async (metric: M, asked: Asked, signal?: AbortSignal): Promise<MetricValue> => {
    try {
      return await find(metric, asked, signal)
    } catch (error) {
      signal?.throwIfAborted()
      if (!(error instanceof MetricsError)) throw error
      return { why: error.message, final: error.fault === 'query' }
    }
  }
  return {
    checks,
    youth: () => youth,
    measure: (asked, signal) => Promise.all(checks.map(({ metric }) => orMissing(metric, asked, signal))),
    async preflight(stable, signal, need) {
      const asked = askedOf(stable, clock.now())
      const found = await Promise.all(checks.map(({ metric }) => orMissing(metric, asked, signal)))
      const findings = checks.map((check, at) => findingsOf(check, found[at], need !== undefined))
      return {
        faults: findings.flatMap(({ faults }) => faults),
        warnings: findings.flatMap(({ warnings }) => warnings)
      }
    }
  }
}

const askedOf = (version: MeasuredVersion, now: number): Asked => ({ version, since: now - TRIED, now })

/** @param needed without a value a release would fail only once users are on it */
function findingsOf({ metric }: Check, found: MetricValue | undefined, needed: boolean): Findings {
  if (found === undefined || 'value' in found) return NO_FINDINGS
  const problem = `${'name' in metric ? metric.name : metric.kind}: ${found.why}`
  // More traffic may bring what is not there yet; what is there and no number stays so.
  const mayCome = found.early === true && !(needed && found.unknown === true)
  return mayCome
    ? { faults: [], warnings: [`${problem} (asked for the stable version)`] }
    : { faults: [{ input: 'checks', problem }], warnings: [] }
}
