import { StableCannotServe } from '../../base/errors.ts'
import type { SlotName } from '../../domain/slots.ts'
import { untilWritten } from '../../kubernetes/api/conflict.ts'
import type { Deployment, PodTemplate, ReplicaSet } from '../../kubernetes/objects.ts'
import { withoutKeys } from '../../kubernetes/selectors.ts'
import { difference } from '../../kubernetes/template-difference.ts'
import { deploymentRef, replicaSetRef, HASH_LABEL } from '../../kubernetes/workload.ts'
import { fenceOf, withFence } from '../../lock/fence.ts'
import { versionOf } from '../../observe/observed.ts'
import type { ReleaseRun } from '../release-run.ts'
import { settle } from '../steps/shift.ts'

/** The one Deployment of a release in place, as it is now. */
export async function readDeployment({ ports, namespace, stable }: ReleaseRun): Promise<Deployment> {
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
 * One write of the whole Deployment, made of what is found and refused when that is not live any more. The record is
 * read in between: a run that was declared dead finds there that it was, or its write comes too late.
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

/** The template that served before: as this run has seen it, or as its ReplicaSet still has it, if that is there. */
export async function templateBefore({
  serving,
  namespace,
  ports,
  stable
}: ReleaseRun): Promise<PodTemplate | undefined> {
  if (serving !== undefined) return serving.spec.template
  const ref = replicaSetRef(namespace, stable.deployment, stable.hash)
  const found = await ports.cluster.get<ReplicaSet>(ref)
  if (found === undefined) return undefined
  const { template } = found.spec
  const labels = withoutKeys(template.metadata?.labels ?? {}, HASH_LABEL)
  return { ...template, metadata: { ...template.metadata, labels } }
}

/** Whether its template is another one than this run has put or found there. */
export const isOthers = ({ deployment }: ReleaseRun, live: Deployment): boolean =>
  deployment !== undefined && !sameTemplate(deployment.spec.template, live.spec.template)

/** What serves is not what was released, and not what was before; nothing is put back over it. */
export function leave(run: ReleaseRun, live: Deployment, why: string): string {
  const found = versionOf(run.stable.slot as SlotName, live, '')
  run.warnings.push(
    `${why} (${found.images.join(', ')}): it is left as it is, and nobody has tested or watched it`
  )
  run.stable = found
  run.canary = { ...run.canary, replicas: 0 }
  return 'it is left as it is'
}

/** The same at once, as the end of the release: a later run would take the template for this release's. */
export async function giveWay(run: ReleaseRun, live: Deployment, why: string): Promise<string> {
  await settle(run, run.release.selectors.before, 'restored')
  return leave(run, live, why)
}
