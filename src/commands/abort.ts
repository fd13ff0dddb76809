import { InputError } from '../base/errors.ts'
import type { Outcome } from '../domain/outcome.ts'
import { isUnfinished, type Release } from '../domain/record.ts'
import { observe } from '../observe/observe.ts'
import { TEMPLATE_NEEDS } from '../preflight/needs.ts'
import { needsToEnd, requireRights } from '../preflight/rights.ts'
import type { Invocation } from './invocation.ts'
import { outcomeOf } from './outcome-of.ts'
import { recover } from './recover.ts'
import { withLock } from './with-lock.ts'

/**
 * Puts stable back in a release that waits for approval, or whose run has died.
 * @throws InputError when there is none
 */
export async function abort(request: Omit<Invocation, 'manifests' | 'metrics'>): Promise<Outcome> {
  const { inputs, target, origin, ports, signal } = request
  const seen = await observe(target, ports)
  const left = refuseEnded(seen.record, seen.service.metadata.name)
  await requireRights(seen, [...(await needsToEnd(seen, left, ports)), ...TEMPLATE_NEEDS], ports)
  return withLock(seen, origin, ports, signal, async (lock) => {
    const observed = await observe(target, ports)
    const record = refuseEnded(observed.record, observed.service.metadata.name)
    const run = await recover(observed, record, ports, inputs, lock)
    const wasPromoted = run.release.phase === 'promoted'
    const reason = wasPromoted
      ? `release ${record.id} had passed and all traffic was on its version: it was finished`
      : `release ${record.id} was aborted${origin.actor === undefined ? '' : ` by ${origin.actor}`}`
    const result = wasPromoted ? 'promoted' : 'aborted'
    return outcomeOf(run, { result, reason, next: [] }, 'abort', origin, ports.clock.now())
  })
}

function refuseEnded(record: Release | undefined, service: string): Release {
  if (record !== undefined && isUnfinished(record)) return record
  const last = record === undefined ? 'there was none yet' : `the last one, ${record.id}, is ${record.phase}`
  throw new InputError([
    {
      input: 'command',
      problem: `nothing to abort: no release of service/${service} is under way; ${last}`,
      example: 'command: rollback brings the previous version back after a release'
    }
  ])
}
