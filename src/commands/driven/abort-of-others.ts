import { InputError, refuse } from '../../base/errors.ts'
import { isOpen, type DrivenRecord } from '../../domain/driven-record.ts'
import type { Outcome } from '../../domain/outcome.ts'
import { putBack } from '../../execute/driven/execute-or-veto.ts'
import { keepRecord } from '../../execute/driven/record.ts'
import { observeDriven, type Driven } from '../../observe/driven.ts'
import { beginDriven } from './begin.ts'
import { recordOf } from './deploy.ts'
import type { DrivenInvocation } from './invocation.ts'
import { drivenOutcome } from './outcome-of.ts'
import { rightsFaultsIn } from './rights.ts'
import { withDrivenLock } from './with-lock.ts'

/**
 * Puts the old version back in a release that somebody else has begun. Whoever asks for it sees users on a bad version, and
 * does not care who brought it. Its template goes, too: it is still wished for after an abort, and would be tried again by
 * the next change of anything. From here on it is as a release of ours, so that any run can finish what this one begins.
 * @returns undefined when nothing is under way
 * @throws InputError when that is not known, or there is no version to go back to
 */
export async function abortOfOthers(invocation: DrivenInvocation, by: string): Promise<Outcome | undefined> {
  const { target, ports, signal } = invocation
  const seen = await observeDriven(target, ports.cluster)
  if (seen.state.at === 'unseen') throw notKnown(seen, seen.state.what)
  if (!isUnderWay(seen)) return undefined
  refuse(await rightsFaultsIn(seen, ports))
  return withDrivenLock(invocation, async (lock, before) => {
    const driven = await observeDriven(target, ports.cluster)
    if ((before !== undefined && isOpen(before)) || !isUnderWay(driven)) return undefined
    const record = recordOfOthers(driven, invocation, before)
    const run = await beginDriven({ driven, record, lock, sampler: undefined, begun: true }, invocation)
    await keepRecord(run)
    const ending = await putBack(run, 'aborted', signal.aborted)
    const reason = `a release of ${record.canary.images.join(', ')} that Greenlight had not begun was aborted${by}`
    return drivenOutcome(run, { ...ending, reason }, invocation)
  })
}

const notKnown = ({ engine, namespace, workload }: Driven, what: string): InputError =>
  new InputError([
    {
      input: 'command',
      problem: `it is not known whether a release of ${engine.kind}/${workload} in namespace ${namespace} is under way: ${what}`,
      example: `run it again in a moment; if that lasts, see whether the controller of ${engine.title} runs`
    }
  ])

const isUnderWay = ({ state }: Driven): boolean =>
  state.at !== 'unseen' && state.at !== 'rest' && state.wished !== state.stable

/** @throws InputError when there is no version to go back to */
function recordOfOthers(
  driven: Driven,
  invocation: DrivenInvocation,
  before: DrivenRecord | undefined
): DrivenRecord {
  const { engine, namespace, seen, state, workload } = driven
  const versions = engine.versions(seen)
  const images = versions.find(({ hash }) => hash === state.wished)?.images ?? []
  if (!versions.some(({ hash, template }) => hash === state.stable && template !== undefined))
    throw new InputError([
      {
        input: 'command',
        problem: `${engine.kind}/${workload} in namespace ${namespace} has no version to go back to: ${state.stable === '' ? 'none has served yet' : `replicaset/${workload}-${state.stable}, which keeps the template of what serves, is gone`}`,
        example: 'command: deploy with the image that should serve, once this release has ended'
      }
    ])
  const { sha: _, ...record } = recordOf(driven, { brought: engine.wish(seen), images }, invocation, before)
  return { ...record, phase: 'aborting', canary: { ...record.canary, hash: state.wished } }
}
