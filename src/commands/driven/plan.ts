import { isOpen, readDrivenRecord, type DrivenRecord } from '../../domain/driven-record.ts'
import type { Outcome } from '../../domain/outcome.ts'
import type { Lease } from '../../kubernetes/objects.ts'
import { observeDriven, type Driven } from '../../observe/driven.ts'
import { describeGates, previewDriven } from '../../plan/driven-step.ts'
import { measureNow } from '../plan.ts'
import { tellPreview } from '../tell-preview.ts'
import type { DrivenInvocation } from './invocation.ts'
import { lookedAtDriven } from './looked-at.ts'
import { prepareDriven } from './prepare.ts'
import { drivenLease } from './with-lock.ts'

/**
 * Everything that a release would do, up to the lock. Changes nothing.
 * @throws InputError with all that is wrong, as the release would
 */
export async function plan(invocation: DrivenInvocation): Promise<Outcome> {
  const { target, ports } = invocation
  const [driven, lease] = await Promise.all([
    observeDriven(target, ports.cluster),
    ports.cluster.get<Lease>(drivenLease(target))
  ])
  const record = readDrivenRecord(lease)
  const left = record !== undefined && isOpen(record) && isUnderWay(driven, record) ? record : undefined
  const notes = left === undefined ? [] : [unfinished(left)]
  for (const note of notes) ports.log.warning(note)
  const ready = await prepareDriven(invocation, driven, left !== undefined)
  const { engine, workload } = driven
  const looked = lookedAtDriven(driven, invocation)
  const warnings = [...notes, ...ready.warnings]
  const { steps, changes, images, stable, forecast } = ready
  if (ready.isUnchanged && left === undefined) return { ...looked, warnings }
  const own = engine.steps(ready.asked.object)
  const preview = {
    steps: previewDriven(steps, engine, own, {
      object: `${engine.kind}/${workload}`,
      gates: describeGates(invocation.inputs)
    }),
    changes
  }
  tellPreview(preview, ports)
  const { replicas = 1 } = looked.serving ?? {}
  return {
    ...looked,
    result: 'planned',
    canary: { slot: 'canary', deployment: workload, images, hash: '', replicas },
    plan: preview,
    ...(forecast && { forecast }),
    ...(stable && { measurements: await measureNow(invocation, stable, ready.sampler) }),
    warnings,
    finishedAt: ports.clock.now()
  }
}

/** Whether the controller still is at what the record is of. */
const isUnderWay = ({ state }: Driven, { canary }: DrivenRecord): boolean =>
  state.at !== 'rest' && (canary.hash === '' || canary.hash === state.wished)

const unfinished = ({ id, phase, run }: DrivenRecord): string =>
  `release ${id} (${run ?? 'run unknown'}) is ${phase}: while its run is alive, nothing else can be released. ` +
  'Otherwise it is undone before anything else; the difference below is to what it has brought'
