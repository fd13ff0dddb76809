import { counted } from '../base/counted.ts'
import { formatDuration } from '../base/duration.ts'
import type { Measurement, Verdict } from '../domain/outcome.ts'
import { checkName, type Check, type Comparison } from '../inputs/check.ts'
import { asWritten } from '../inputs/figure.ts'
import type { Held } from './held.ts'
import type { MetricValue, Value } from './metric-value.ts'

/** A measurement, with what the judge must know if it has no value. */
export interface Reading extends Measurement {
  /** Taken so soon after the step began that a missing value does not count yet. */
  readonly early?: boolean
  /** Milliseconds from the step's begin until a missing value counts. */
  readonly youth?: number
  /** Measuring again cannot bring a value. */
  readonly final?: boolean
  /** It rests on so few samples that it may fail the check, but not end the step. */
  readonly brief?: boolean
  /** Of a quantile: how many of the requests took longer than the bound. */
  readonly above?: number
  /** For held: what keeps it from being judged. */
  readonly held?: Held
}

export interface Circumstances {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** Name of the step. */
  readonly step: string
  /** The step is so young that its requests cannot be in the metrics yet. */
  readonly young: boolean
  /** Milliseconds for which a step is young. */
  readonly youth?: number
}

const holds: Readonly<Record<Comparison, (value: number, bound: number) => boolean>> = {
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound
}

/** Undefined where the true value, which is only known to be above the found one, may lie on either side. */
function verdictOf({ comparison, bound }: Check, { value, beyond }: Value): Verdict | undefined {
  if (!beyond) return holds[comparison](value, bound) ? 'pass' : 'fail'
  if (value < bound) return undefined
  return comparison.startsWith('>') ? 'pass' : 'fail'
}

const undecided = (check: Check, { value }: Value): string =>
  `above ${asWritten(check, value)}, the highest edge of the histogram: ` +
  `it cannot be told whether that is above ${asWritten(check, check.bound)}`

/** Compares what was found with a check's bound. Only a finite number can pass. */
export function judge(check: Check, finding: MetricValue, circumstances: Circumstances): Reading {
  const { at, step, young, youth } = circumstances
  const base = { check, at, step }
  if ('why' in finding) {
    const { why, early = false, final = false } = finding
    const isEarly = early && young
    const forgiven = isEarly && youth !== undefined ? { youth } : {}
    return { ...base, verdict: 'no-data', why, early: isEarly, ...forgiven, final }
  }
  const { value, requests, above, brief } = finding
  if (!Number.isFinite(value)) return { ...base, verdict: 'no-data', why: `the value is ${value}` }
  const verdict = verdictOf(check, finding)
  return verdict === undefined
    ? { ...base, verdict: 'no-data', why: undecided(check, finding) }
    : {
        ...base,
        verdict,
        value,
        ...(requests !== undefined && { requests }),
        ...(above !== undefined && { above }),
        ...(brief && { brief })
      }
}

export interface Rules {
  /** The failed measurement of one check, counted over the release, that fails it: 1 is the first. */
  readonly failureLimit: number
  /** `fail`: a missing value counts as failed. `wait`: it only holds the step. */
  readonly onNoData: 'fail' | 'wait'
  /** How long `wait` waits for a value, in milliseconds. */
  readonly noDataTimeout: number
}

/** Where a release stands with its checks. */
export interface Standing {
  /** Of the last round: only after `pass` may a step end. `hold`: go on measuring. `fail`: the release failed. */
  readonly decision: 'pass' | 'hold' | 'fail'
  readonly failed?: {
    readonly check: Check
    /** One sentence, which may hold text that others wrote. */
    readonly reason: string
  }
  /** What still was not judged after twice the step's time, and has let it end. */
  readonly waved?: readonly Reading[]
  readonly failures: ReadonlyMap<Check, number>
  /** Since when a check has brought no value: milliseconds since the epoch. */
  readonly silentSince: ReadonlyMap<Check, number>
}

/** Before the first round of a release. It must not end a step: nothing has passed yet. */
export const initialStanding: Standing = { decision: 'hold', failures: new Map(), silentSince: new Map() }

const isFailure = ({ verdict, early }: Reading, { onNoData }: Rules): boolean =>
  verdict === 'fail' || (verdict === 'no-data' && onNoData === 'fail' && early !== true)

/** What still is not judged after twice the step's time does not hold it any longer: the release would hang. */
const isWaved = ({ held }: Reading): boolean => held === 'few' || held === 'shared'

/**
 * Takes one round of readings, one of each check, into the standing.
 * @param isOvertime the step has taken twice its time
 */
export function judgeRound(
  standing: Standing,
  round: readonly Reading[],
  rules: Rules,
  isOvertime = false
): Standing {
  const failures = new Map(standing.failures)
  const silentSince = new Map<Check, number>()
  for (const reading of round) {
    const { check, at, verdict } = reading
    if (isFailure(reading, rules)) failures.set(check, (failures.get(check) ?? 0) + 1)
    if (verdict === 'no-data') silentSince.set(check, standing.silentSince.get(check) ?? at)
  }
  const next = { failures, silentSince }
  for (const reading of round) {
    const reason = reasonToFail(reading, next, rules)
    if (reason !== undefined) return { ...next, decision: 'fail', failed: { check: reading.check, reason } }
  }
  const passes = round.every(
    (reading) => reading.brief !== true && (reading.verdict === 'pass' || (isOvertime && isWaved(reading)))
  )
  return { ...next, decision: passes ? 'pass' : 'hold', ...(passes && { waved: round.filter(isWaved) }) }
}

function reasonToFail(
  reading: Reading,
  { failures, silentSince }: Pick<Standing, 'failures' | 'silentSince'>,
  rules: Rules
): string | undefined {
  const { check, at, verdict, final, why = '' } = reading
  if (final) return `${checkName(check)}: ${why}`
  const count = failures.get(check) ?? 0
  if (isFailure(reading, rules) && count >= rules.failureLimit) {
    const nth = `${count} of ${rules.failureLimit}`
    return verdict === 'no-data'
      ? `${sentence(reading)} (no data counts as a failed measurement: ${nth})`
      : `${sentence(reading)} (failed measurement ${nth})`
  }
  const silent = at - (silentSince.get(check) ?? at)
  const waited = verdict === 'no-data' && rules.onNoData === 'wait' && silent >= rules.noDataTimeout
  return waited ? `${checkName(check)} has had no data for ${formatDuration(silent)}: ${why}` : undefined
}

/** What was measured, and what should have been. */
export function sentence({ check, verdict, value = 0, requests, why = '' }: Reading): string {
  if (verdict === 'no-data') return `${checkName(check)} has no data: ${why}`
  const { comparison, bound } = check
  const over = requests === undefined ? '' : ` over ${counted(Math.round(requests), 'request')}`
  return `${checkName(check)} was ${asWritten(check, value)}${over}, but must be ${comparison} ${asWritten(check, bound)}`
}
