import { initialStanding } from '../../checks/judge.ts'
import type { DrivenRecord } from '../../domain/driven-record.ts'
import { checkName, type Check } from '../../inputs/check.ts'
import { isBound, type CheckLine } from '../../inputs/check-line.ts'
import { isTree } from '../../kubernetes/tree.ts'
import type { DrivenProgress, DrivenRun } from './driven-run.ts'

/**
 * What a run that leaves hands on to the one that takes up: the record is all that they share, and their verdict is to be the
 * same as that of one run would have been.
 */

/** Each is the name of a pod that still runs, or that is gone: a record has to stay small. */
const MOST_TESTED = 500

/** A check by what is no secret of it. */
const keyOf = (check: Check): string => `${checkName(check)} ${check.comparison} ${check.bound}`

/** For the record, before it is left. */
export function handedOn({ progress }: DrivenRun): Pick<DrivenRecord, 'failures' | 'tested'> {
  const failures = [...progress.standing.failures].map(([check, count]) => [keyOf(check), count] as const)
  return {
    ...(failures.length === 0 ? {} : { failures: Object.fromEntries(failures) }),
    ...(progress.tested.size === 0 ? {} : { tested: [...progress.tested].slice(-MOST_TESTED) })
  }
}

/** From the record, as the next run goes on. What somebody has written into it by hand is not believed to be anything. */
export function takenOver(
  { failures, tested }: DrivenRecord,
  checks: readonly CheckLine[]
): Pick<DrivenProgress, 'tested' | 'standing'> {
  const counts: Readonly<Record<string, unknown>> = isTree(failures) ? failures : {}
  const known = checks.filter(isBound).flatMap((check) => {
    const count = counts[keyOf(check)]
    return Number.isSafeInteger(count) && Number(count) > 0 ? [[check, Number(count)] as const] : []
  })
  const uids: readonly unknown[] = Array.isArray(tested) ? tested : []
  return {
    tested: new Set(uids.filter((uid) => typeof uid === 'string')),
    standing: { ...initialStanding, failures: new Map(known) }
  }
}
