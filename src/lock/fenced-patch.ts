import { ClusterError } from '../base/errors.ts'
import { untilWritten } from '../kubernetes/api/conflict.ts'
import type { Cluster, JsonPatch } from '../kubernetes/cluster.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'
import type { Ref } from '../kubernetes/ref.ts'
import { FENCE_ANNOTATION, fenceOf, withFence } from './fence.ts'
import type { Lock } from './lock.ts'

interface Holder {
  readonly cluster: Cluster
  readonly lock: Pick<Lock, 'confirm'>
}

const CLAIM = `/metadata/annotations/${FENCE_ANNOTATION.replace('/', '~1')}`

/**
 * Changes an object unless another run has claimed it. Whatever else is written to it in between is no matter, and
 * takes no question: what was known of it names the claim that has to stand there still. Where that is another one, or
 * nothing is known, it is read, and the lock asked for after that: a claim that comes later finds another version then.
 * @param known as it was read before the lock was assured last, or as our own write has left it
 * @throws TakenOver when another run has the lock, ClusterError with status 404 when there is no such object
 */
export async function fencedPatch<T extends KubernetesObject>(
  { ports, lock }: { readonly ports: Pick<Holder, 'cluster'>; readonly lock: Holder['lock'] },
  ref: Ref,
  patch: JsonPatch,
  known?: KubernetesObject
): Promise<T> {
  const { cluster } = ports
  const onTopOf = (live: KubernetesObject): Promise<T> => cluster.patch(ref, [versionOf(live), ...patch])
  if (known === undefined) return writeOnTop(ref, onTopOf, { cluster, lock })
  try {
    return await cluster.patch<T>(ref, [sameClaim(known), ...patch])
  } catch (error) {
    if (!(error instanceof ClusterError && error.status === 422)) throw error
    return writeOnTop(ref, onTopOf, { cluster, lock })
  }
}

/** Not `test`: replacing it with the version that was read makes the API server answer 409 when it is no longer the live one. */
const versionOf = ({ metadata }: KubernetesObject): JsonPatch[number] => ({
  op: 'replace',
  path: '/metadata/resourceVersion',
  value: metadata.resourceVersion
})

/** There is nothing to be found at a path that does not lead through anything. */
const sameClaim = (known: KubernetesObject): JsonPatch[number] =>
  known.metadata.annotations === undefined
    ? { op: 'test', path: '/metadata/annotations', value: null }
    : { op: 'test', path: CLAIM, value: fenceOf(known) ?? null }

/**
 * Claims an object for the run that has the lock, if it exists. No write that was made of an earlier version of it, or of its
 * earlier claim, is accepted from now on.
 * @param verb a release in place has no right to patch Deployments
 * @returns the object with its claim; undefined when there is none
 */
export async function fence(
  ref: Ref,
  { cluster, lock }: { readonly cluster: Cluster; readonly lock: Lock },
  verb: 'patch' | 'replace' = 'patch'
): Promise<KubernetesObject | undefined> {
  const onTopOf = (live: KubernetesObject): Promise<KubernetesObject> =>
    verb === 'patch'
      ? cluster.patch(ref, [versionOf(live), claiming(live, lock.holder)])
      : cluster.replace(withFence(live, lock.holder))
  try {
    return await writeOnTop(ref, onTopOf, { cluster, lock })
  } catch (error) {
    if (!(error instanceof ClusterError && error.status === 404)) throw error
    return undefined
  }
}

const claiming = ({ metadata }: KubernetesObject, id: string): JsonPatch[number] =>
  metadata.annotations === undefined
    ? { op: 'add', path: '/metadata/annotations', value: { [FENCE_ANNOTATION]: id } }
    : { op: 'add', path: CLAIM, value: id }

const writeOnTop = <T>(
  ref: Ref,
  onTopOf: (live: KubernetesObject) => Promise<T>,
  { cluster, lock }: Holder
): Promise<T> =>
  untilWritten(async () => {
    const live = await read(ref, cluster)
    await lock.confirm()
    return onTopOf(live)
  })

/** An autoscaler may be listed only: that is all that looking at the workload takes. */
async function read(ref: Ref, cluster: Cluster): Promise<KubernetesObject> {
  const { apiVersion, kind, namespace, name } = ref
  const [live] =
    kind === 'HorizontalPodAutoscaler'
      ? await cluster.list({ apiVersion, kind, namespace, fields: `metadata.name=${name}` })
      : [await cluster.get(ref)]
  if (live !== undefined) return live
  throw new ClusterError(`${kind} ${name} does not exist in namespace ${namespace ?? ''}`, 404)
}
