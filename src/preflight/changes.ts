import { ClusterError } from '../base/errors.ts'
import type { ObjectChange } from '../domain/outcome.ts'
import { SLOT_LABEL } from '../domain/slots.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'
import { refOf } from '../kubernetes/ref.ts'
import { describeMissing, rightIn } from '../kubernetes/rights.ts'
import type { Observed } from '../observe/observed.ts'
import { contentAlone } from '../plan/config-copy.ts'
import { servedInPlaceOf } from '../plan/config.ts'
import type { TriedManifest } from './dry-run.ts'
import { changeOf, withoutSelector } from './preview.ts'

/** What becomes of an object of the manifests, if the credentials allow a look at it. */
export async function changeOfManifest(
  { manifest, kept }: TriedManifest,
  observed: Observed,
  cluster: Cluster
): Promise<ObjectChange> {
  const { kind, metadata } = manifest.object
  const object = `${kind} ${metadata.name}`
  try {
    const served = kept && (await servedBefore(kept, observed, cluster))
    if (kept !== undefined && served !== undefined) {
      const { name } = served.metadata
      const where = name === metadata.name ? '' : `, in place of ${name}`
      return changeOf(`${object}${where}`, contentAlone(served), contentAlone(kept))
    }
    const live = kept && (await cluster.get(refOf(kept)))
    const isRoute = kind === 'Service' && isOf(metadata.name, observed)
    const asShown = (one: KubernetesObject): KubernetesObject => (isRoute ? withoutSelector(one) : one)
    return changeOf(object, live && asShown(live), asShown(kept ?? manifest.object))
  } catch (error) {
    if (error instanceof ClusterError && error.status === 403)
      return { object, state: 'unknown', diff: [], why: lackIn(error, metadata.namespace) }
    throw error
  }
}

/** The missing right, and the rule that grants it; for a refusal by a policy, the policy's own words. */
function lackIn({ message }: ClusterError, namespace: string | undefined): string {
  const right = rightIn(message)
  return right === undefined ? message : describeMissing(right, namespace)
}

const isOf = (service: string, { service: first, companions }: Observed): boolean =>
  [first, ...companions].some(({ metadata }) => metadata.name === service)

/** A copy of config is always a new object, so it is compared with the one that the version that serves reads. */
async function servedBefore(
  object: KubernetesObject,
  observed: Observed,
  cluster: Cluster
): Promise<KubernetesObject | undefined> {
  const ref = servedInPlaceOf(object, observed)
  return ref && (await cluster.get(ref))
}

/** Changes in the manifests that are not applied, because there is no new version to release with them. */
export async function unapplied(
  tried: readonly TriedManifest[],
  observed: Observed,
  cluster: Cluster
): Promise<readonly string[]> {
  const theirs = tried.filter(({ manifest }) => manifest.object.metadata.labels?.[SLOT_LABEL] === undefined)
  const changes = await Promise.all(theirs.map((one) => changeOfManifest(one, observed, cluster)))
  const missed = changes.filter(({ state }) => state === 'new' || state === 'changed')
  const unseen = changes.flatMap(({ object, why }) =>
    why === undefined
      ? []
      : [`whether the manifests would change ${object} cannot be told: these credentials ${why}`]
  )
  if (missed.length === 0) return unseen
  const names = missed.map(({ object, state }) => `${object} (${state})`)
  return [
    `the version that would be released serves already, so that nothing of the manifests was applied: ${names.join(', ')}. That comes with the next version`,
    ...unseen
  ]
}
