import { formatDuration } from '../base/duration.ts'
import type { Judgement } from '../domain/judgement.ts'
import { printStableCheck, type StableCheck } from '../inputs/stable-check.ts'
import { judgedCheck, judgementReason } from '../report/judgement.ts'
import type { Rules } from './judge.ts'
import type { NoData } from './metric-value.ts'

/** What one look at both versions has come to. */
export type Compared = { readonly judgement: Judgement } | NoData

/** Where a release stands with the comparison of its two versions. */
export interface ComparedStanding {
  /** Of the last look. `undecided`: the last step took as long as it may, and it is still not known. */
  readonly decision: 'pass' | 'hold' | 'fail' | 'undecided'
  /** Of a failure or an undecided comparison: one sentence, which may hold names that others wrote. */
  readonly reason: string
  /** The line that failed. */
  readonly failedCheck?: string
  /** Looks in a row that have brought nothing to judge by. */
  readonly silent: number
  /** Since when there is nothing, in milliseconds since the epoch. */
  readonly silentSince?: number
}

/** Before the first look of a release. It must not end a step: nothing has been compared yet. */
export const NOT_COMPARED: ComparedStanding = { decision: 'hold', reason: '', silent: 0 }

/** A scrape and what it takes to store it, in milliseconds; so much is waited while the interval is not known. */
const STORED = 5_000
const UNKNOWN_YOUTH = 75_000

export interface Look {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** How long the step has taken, in milliseconds. */
  readonly age: number
  readonly compared: Compared
  readonly checks: readonly StableCheck[]
}

/** What keeps the look from saying anything; undefined when it does say something. */
function silence(compared: Compared): string | undefined {
  if ('why' in compared) return `the comparison with stable has no data: ${compared.why}`
  const { judgement } = compared
  return judgement.decision.kind === 'no-data' ? judgementReason(judgement) : undefined
}

/** Until then the metrics store may not know of a step's requests. */
const youthOf = (compared: Compared): number =>
  'why' in compared ? UNKNOWN_YOUTH : compared.judgement.block + STORED

const inSeconds = (ms: number): string => formatDuration(Math.round(ms / 1000) * 1000)

const firstLine = ([check]: readonly StableCheck[]): { failedCheck?: string } =>
  check === undefined ? {} : { failedCheck: printStableCheck(check) }

function whileSilent(
  before: ComparedStanding,
  { at, age, compared, checks }: Look,
  why: string,
  { failureLimit, onNoData, noDataTimeout }: Rules
): ComparedStanding {
  const isEarly = age < youthOf(compared)
  const silent = before.silent + (isEarly ? 0 : 1)
  const silentSince = before.silentSince ?? at
  const next = { reason: why, silent, silentSince }
  const fails = (reason: string): ComparedStanding => ({
    ...next,
    decision: 'fail',
    reason,
    ...firstLine(checks)
  })
  if ('why' in compared && compared.final) return fails(why)
  if (onNoData === 'fail')
    return silent >= failureLimit
      ? fails(`${why} (no data counts as a failed measurement: ${silent} of ${failureLimit})`)
      : { ...next, decision: 'hold' }
  const waited = at - silentSince
  return waited >= noDataTimeout ? fails(`${why}, for ${inSeconds(waited)}`) : { ...next, decision: 'hold' }
}

/** Takes in a look at both versions. */
export function judgeLook(before: ComparedStanding, look: Look, rules: Rules): ComparedStanding {
  const why = silence(look.compared)
  if (why !== undefined || 'why' in look.compared) return whileSilent(before, look, why ?? '', rules)
  const { judgement } = look.compared
  const reason = judgementReason(judgement)
  switch (judgement.decision.kind) {
    case 'rollback': {
      const failedCheck = judgedCheck(judgement)
      return {
        decision: 'fail',
        reason,
        silent: 0,
        ...(failedCheck === undefined ? firstLine(look.checks) : { failedCheck })
      }
    }
    case 'inconclusive':
      return { decision: 'undecided', reason, silent: 0 }
    case 'advance':
    case 'promote':
      return { decision: 'pass', reason, silent: 0 }
    default:
      return { decision: 'hold', reason, silent: 0 }
  }
}
