import { InputError } from '../base/errors.ts'
import type { Outcome } from '../domain/outcome.ts'
import { observe } from '../observe/observe.ts'
import { inRelease, type Observed, type Recorded } from '../observe/observed.ts'
import { TEMPLATE_NEEDS } from '../preflight/needs.ts'
import { needsToEnd } from '../preflight/rights.ts'
import { exclusively } from './exclusively.ts'
import type { Invocation } from './invocation.ts'
import { outcomeOf } from './outcome-of.ts'
import { recover } from './recover.ts'

/**
 * Puts stable back in a release that waits for approval, or whose run has died.
 * @throws InputError when there is none
 */
export async function abort(invocation: Invocation): Promise<Outcome> {
  const { target, origin, ports } = invocation
  const seen = await observe(target, ports)
  const needs = [...(await needsToEnd(unlessEnded(seen), ports)), ...TEMPLATE_NEEDS]
  return exclusively(invocation, seen, needs, async (observed, lock) => {
    const left = unlessEnded(observed)
    const run = await recover(left, lock, invocation)
    const wasPromoted = run.progress.release.phase === 'promoted'
    const reason = wasPromoted
      ? `release ${left.record.id} had passed and all traffic was on its version: it was finished`
      : `release ${left.record.id} was aborted${origin.actor === undefined ? '' : ` by ${origin.actor}`}`
    const result = wasPromoted ? 'promoted' : 'aborted'
    return outcomeOf(run, { result, reason, next: [] }, invocation)
  })
}

function unlessEnded(observed: Observed): Recorded {
  const found = inRelease(observed)
  if (found !== undefined) return found
  const { record, service } = observed
  const last = record === undefined ? 'there was none yet' : `the last one, ${record.id}, is ${record.phase}`
  throw new InputError([
    {
      input: 'command',
      problem: `nothing to abort: no release of service/${service.metadata.name} is under way; ${last}`,
      example: 'command: rollback brings the previous version back after a release'
    }
  ])
}
