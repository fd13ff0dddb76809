import type { Outcome, Version } from '../domain/outcome.ts'
import { LockedError } from '../lock/acquire.ts'
import type { Observed } from '../observe/observed.ts'
import { heldUntil, planRetirement, retirable } from '../plan/retirement.ts'
import { needsOf } from '../preflight/needs.ts'
import { exclusively } from './exclusively.ts'
import type { Invocation } from './invocation.ts'
import { lookedAt } from './outcome-of.ts'
import { retireVersions } from './retire-versions.ts'

/**
 * The end of a release whose version serves already. A version that was to be kept until now is scaled down all the same:
 * no other run may come to do it.
 */
export async function nothingNew(
  invocation: Invocation,
  observed: Observed,
  warnings: readonly string[]
): Promise<Outcome> {
  const now = invocation.ports.clock.now()
  const unchanged = { ...lookedAt(observed, invocation), warnings }
  if (overdue(observed, now).length === 0) return unchanged
  const needs = needsOf({ steps: planRetirement(0), routes: [] })
  try {
    return await exclusively(invocation, observed, needs, async (live, lock) => {
      const { record } = live
      const versions = overdue(live, now)
      if (record === undefined || versions.length === 0) return unchanged
      const runs = await retireVersions(versions, { ...live, record }, lock, invocation)
      return {
        ...lookedAt(live, invocation),
        reason: `${versions.map(({ deployment }) => `deployment/${deployment}`).join(' and ')} was scaled down: it was to be kept until ${record.keptUntil ?? ''}`,
        timeline: runs.flatMap(({ journal }) => journal.timeline),
        warnings: [...warnings, ...runs.flatMap(({ journal }) => journal.warnings)]
      }
    })
  } catch (error) {
    if (!(error instanceof LockedError)) throw error
    return unchanged
  }
}

/** Versions whose time is over, and which may end. */
function overdue(observed: Observed, now: number): readonly Version[] {
  const { record } = observed
  if (record === undefined) return []
  return retirable(observed, now).versions.filter(
    ({ deployment }) => heldUntil(record, deployment) !== undefined
  )
}
