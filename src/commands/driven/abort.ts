import { InputError } from '../../base/errors.ts'
import type { Outcome } from '../../domain/outcome.ts'
import { abortOfOthers } from './abort-of-others.ts'
import { endLeft } from './deploy.ts'
import type { DrivenInvocation } from './invocation.ts'
import { drivenOutcome } from './outcome-of.ts'

/**
 * Puts the old version back: in a release that waits, or whose run has died, and in one that somebody else has begun.
 * @throws InputError when there is none
 */
export async function abort(invocation: DrivenInvocation): Promise<Outcome> {
  const { origin, target } = invocation
  // What was left on purpose may have come to its end: that is no release to abort any more.
  const ended = await endLeft(invocation, { keepsServed: ({ phase }) => phase !== 'running' })
  const by = origin.actor === undefined ? '' : ` by ${origin.actor}`
  if (ended === undefined) {
    const others = await abortOfOthers(invocation, by)
    if (others !== undefined) return others
    throw new InputError([
      {
        input: 'command',
        problem: `nothing to abort: no release of ${target.engine}/${target.workload} is under way`,
        example: 'command: status tells what it is at'
      }
    ])
  }
  const { run, ending } = ended
  const { id } = run.progress.record
  if (ending.result === 'promoted') {
    const reason = `release ${id} had come to its end before it could be aborted: its version serves all users`
    return drivenOutcome(run, { ...ending, reason }, invocation)
  }
  return drivenOutcome(run, { ...ending, reason: `release ${id} was aborted${by}` }, invocation)
}
