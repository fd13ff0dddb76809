import { InputError, refuse, type Fault } from '../../base/errors.ts'
import { isOpen, readDrivenRecord, type DrivenRecord } from '../../domain/driven-record.ts'
import type { Outcome, PastVersion } from '../../domain/outcome.ts'
import { whyNotServing } from '../../domain/still-serves.ts'
import type { Wish } from '../../engines/engine.ts'
import { executeOrVeto } from '../../execute/driven/execute-or-veto.ts'
import type { Inputs } from '../../inputs/inputs.ts'
import type { Lease } from '../../kubernetes/objects.ts'
import { observeDriven, type Driven } from '../../observe/driven.ts'
import { PLAN_OF_RETURN } from '../../plan/driven-step.ts'
import { versionToReturnTo } from '../../plan/driven-versions.ts'
import { afterLeft, tellEnded } from './after-left.ts'
import { beginDriven } from './begin.ts'
import { endLeft, recordOf, requireSame } from './deploy.ts'
import type { DrivenInvocation } from './invocation.ts'
import { lookedAtDriven } from './looked-at.ts'
import { drivenOutcome } from './outcome-of.ts'
import { keptOf, tryWrites } from './prepare.ts'
import { rightsFaultsIn } from './rights.ts'
import { drivenLease, withDrivenLock } from './with-lock.ts'

/**
 * Brings the previous version back, or the one that `to` names, without steps and tests. A release that is unfinished is
 * undone first; without `to` nothing else is done then, because what serves is the previous version.
 * @throws InputError when there is nothing to go back to, or something is under way that is not ours
 */
export async function rollback(invocation: DrivenInvocation): Promise<Outcome> {
  const { target, ports, inputs } = invocation
  const record = await recordIn(invocation)
  const driven = await observeDriven(target, ports.cluster)
  const unwanted = unlessItServes(driven, record, invocation)
  if (unwanted !== undefined) return unwanted
  if (record === undefined || !isOpen(record)) return back(invocation)
  // A wrong name, and a right that is missing, are told before anything is changed.
  const wanted = inputs.to === undefined ? undefined : versionToReturnTo(driven, record, inputs.to)
  if (wanted !== undefined && 'problem' in wanted) refuse([wanted])
  refuse(await rightsFaultsIn(driven, ports))
  const ended = await endLeft(invocation)
  if (ended === undefined) return back(invocation)
  const { run, ending } = ended
  const isAnother = wanted !== undefined && 'version' in wanted && wanted.template.hash !== record.stable.hash
  if (isAnother || ending.unsettled === true) return afterLeft(ended, invocation, () => back(invocation))
  return drivenOutcome(run, { ...ending, result: 'rolled-back', reason: tellEnded(ended) }, invocation)
}

/** The end of a run that was to take back another release than the one that serves. */
function unlessItServes(
  driven: Driven,
  record: DrivenRecord | undefined,
  invocation: DrivenInvocation
): Outcome | undefined {
  const { onlyIf } = invocation.inputs
  const looked = lookedAtDriven(driven, invocation)
  if (onlyIf === undefined || looked.serving === undefined) return undefined
  const served = record && { ...record, isOpen: isOpen(record) }
  const reason = whyNotServing(onlyIf, served, looked.serving)
  return reason === undefined ? undefined : { ...looked, reason }
}

const recordIn = async ({ target, ports }: DrivenInvocation): Promise<DrivenRecord | undefined> =>
  readDrivenRecord(await ports.cluster.get<Lease>(drivenLease(target)))

/** How to go back: what is to be wished for, and of which images that is. */
interface Way {
  readonly brought: Wish
  readonly images: readonly string[]
}

async function back(invocation: DrivenInvocation): Promise<Outcome> {
  const { target, ports, signal } = invocation
  const driven = await observeDriven(target, ports.cluster)
  const way = await findWay(driven, await recordIn(invocation), invocation)
  return withDrivenLock(invocation, async (lock, before) => {
    const record = recordOf(driven, way, invocation, before)
    await requireSame(driven, invocation)
    const run = await beginDriven({ driven, record, lock, sampler: undefined, begun: false }, invocation)
    const ending = await executeOrVeto(PLAN_OF_RETURN, run, signal)
    const { commit: _, ...outcome } = await drivenOutcome(run, ending, invocation)
    // The report belongs to the commit of the release that is taken back.
    return before?.sha === undefined ? outcome : { ...outcome, commit: before.sha }
  })
}

/** @throws InputError when there is none */
async function findWay(
  driven: Driven,
  record: DrivenRecord | undefined,
  { inputs, ports }: DrivenInvocation
): Promise<Way> {
  const { engine, seen } = driven
  const found = versionToReturnTo(driven, record, inputs.to)
  const choice = 'problem' in found ? [found] : servingFaults(found.version, driven, inputs)
  refuse([...engine.problem(seen), ...choice, ...(await rightsFaultsIn(driven, ports))])
  if ('problem' in found) throw new InputError([found])
  const wish = engine.withTemplate(seen, engine.wish(seen), found.template.template)
  const tried = await tryWrites(engine.bring(seen, wish), { source: undefined }, driven, ports.cluster)
  refuse(tried.flatMap(({ fault }) => fault ?? []))
  return { brought: engine.wish(keptOf(driven, tried)), images: found.version.images }
}

/** What serves need not be what is wished for: after an abort it is not. */
function servingFaults(
  { release, images, serves }: PastVersion,
  { engine, workload, state }: Driven,
  { to }: Inputs
): readonly Fault[] {
  if (!serves) return []
  const name = images.join(', ')
  return [
    {
      input: to === undefined ? 'command' : 'to',
      problem: `${release === undefined ? name : `${release} (${name})`} serves already: it has all the traffic of ${engine.kind}/${workload}`,
      example:
        state.wished === state.stable
          ? 'command: status lists what there is to go back to'
          : 'command: abort, which takes back what else is wished for'
    }
  ]
}
