import { StableCannotServe } from '../../base/errors.ts'
import { CHANGE_CAUSE } from '../../domain/change-cause.ts'
import type { SlotName } from '../../domain/slots.ts'
import { untilWritten } from '../../kubernetes/refusals.ts'
import type { Deployment, KubernetesObject, PodTemplate, ReplicaSet } from '../../kubernetes/objects.ts'
import { withoutKeys } from '../../kubernetes/selectors.ts'
import { difference } from '../../kubernetes/template-difference.ts'
import { deploymentRef, replicaSetRef, HASH_LABEL } from '../../kubernetes/workload.ts'
import { fenceOf, withFence } from '../../lock/fence.ts'
import { versionOf } from '../../observe/observed.ts'
import type { Progress, ReleaseRun } from '../release-run.ts'
import { settle } from '../steps/shift.ts'

/** Reads the Deployment of a release in place. */
export async function readDeployment({
  ports,
  namespace,
  progress: { stable }
}: ReleaseRun): Promise<Deployment> {
  const { deployment: name } = stable
  const live = await ports.cluster.get<Deployment>(deploymentRef(namespace, name))
  if (live === undefined) throw new StableCannotServe(`deployment/${name} is gone`)
  return live
}

export interface Rewritten {
  readonly found: Deployment
  /** Undefined when there was nothing to write. */
  readonly written: Deployment | undefined
}

/**
 * Replaces the whole Deployment, and reads the record between the read and the write. If another run has taken over, this
 * run finds that in the record, or its write is refused because the Deployment has changed since it was read.
 * @param edit undefined when nothing is to be written
 * @throws TakenOver when the record is another run's
 */
export const rewrite = (
  run: ReleaseRun,
  edit: (found: Deployment) => Deployment | undefined
): Promise<Rewritten> =>
  untilWritten(async () => {
    const found = await readDeployment(run)
    const edited = edit(found)
    if (edited === undefined) return { found, written: undefined }
    await run.traffic.refresh()
    await run.lock.confirm()
    const { managedFields: _, ...metadata } = edited.metadata
    const claimed = withFence({ ...edited, metadata }, fenceOf(found))
    return { found, written: await run.ports.cluster.replace(claimed) }
  })

export const sameTemplate = (one: PodTemplate, other: PodTemplate): boolean =>
  difference(one, other).length === 0

/** What served before. */
export interface Former {
  readonly template: PodTemplate
  /** Why it was there, as its revision says. */
  readonly cause: string | undefined
}

const causeOf = ({ metadata }: KubernetesObject): string | undefined => metadata.annotations?.[CHANGE_CAUSE]

/** What served before, as this run has seen it, else by its ReplicaSet; undefined when that is gone. */
export async function readFormer({
  namespace,
  ports,
  progress: { serving, stable }
}: ReleaseRun): Promise<Former | undefined> {
  if (serving !== undefined) return { template: serving.spec.template, cause: causeOf(serving) }
  const ref = replicaSetRef(namespace, stable.deployment, stable.hash)
  const found = await ports.cluster.get<ReplicaSet>(ref)
  if (found === undefined) return undefined
  const { template } = found.spec
  const labels = withoutKeys(template.metadata?.labels ?? {}, HASH_LABEL)
  return { template: { ...template, metadata: { ...template.metadata, labels } }, cause: causeOf(found) }
}

/** Whether the Deployment has another template than the one that this run has written or found. */
export const isOthers = ({ deployment }: Progress, live: Deployment): boolean =>
  deployment !== undefined && !sameTemplate(deployment.spec.template, live.spec.template)

/** Leaves a template that is neither the released one nor the one before: what serves now is stable. */
export function leave(run: ReleaseRun, live: Deployment, why: string): string {
  const { progress } = run
  const found = versionOf(progress.stable.slot as SlotName, live, '')
  run.journal.warnings.push(
    `${why} (${found.images.join(', ')}): it is left as it is, and nobody has tested or watched it`
  )
  progress.stable = found
  progress.canary = { ...progress.canary, replicas: 0 }
  return 'it is left as it is'
}

/** As `leave`, and ends the release at once: a later run would take the template for that of the release. */
export async function giveWay(run: ReleaseRun, live: Deployment, why: string): Promise<string> {
  await settle(run, run.progress.release.selectors.before, 'restored')
  return leave(run, live, why)
}
