import { ClusterError } from '../base/errors.ts'
import { untilWritten } from '../kubernetes/refusals.ts'
import type { Cluster, JsonPatch } from '../kubernetes/cluster.ts'
import { escaped } from '../kubernetes/json-patch.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'
import type { Ref } from '../kubernetes/ref.ts'
import { withoutKeys } from '../kubernetes/selectors.ts'
import { FENCE_ANNOTATION, fenceOf, withFence } from './fence.ts'
import type { Lock } from './lock.ts'

interface Holder {
  readonly cluster: Cluster
  readonly lock: Pick<Lock, 'confirm'>
}

const CLAIM = `/metadata/annotations/${FENCE_ANNOTATION.replace('/', '~1')}`

/**
 * Patches an object unless another run has claimed it. The fast path is one PATCH that tests the claim that was last
 * seen; other changes of the object do not matter to it. If the test fails, or nothing was seen: reads the object,
 * confirms the lock, and patches the resourceVersion that was read, so that a later claim makes the patch fail.
 * @param known the object as it was read before the lock was last assured, or as our own write has left it
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

/** Without annotations the path of the claim cannot be tested: the API server refuses a path through what is not there. */
const sameClaim = (known: KubernetesObject): JsonPatch[number] =>
  known.metadata.annotations === undefined
    ? { op: 'test', path: '/metadata/annotations', value: null }
    : { op: 'test', path: CLAIM, value: fenceOf(known) ?? null }

/**
 * Claims an object for the run that has the lock, if it exists. From then on the API server refuses writes that name the
 * version, or the claim, that the object had before.
 * @param verb `replace` for a release in place, whose credentials may not patch Deployments
 * @returns the object with its claim; undefined when there is none
 */
export async function claim(
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

/**
 * Takes annotations and labels off an object, if it exists and has them. Nothing else of it is changed.
 * @param keysOn which of them, by the object as it is now
 * @param verb `replace` for Deployments, which credentials for releases in place may not patch
 * @returns those that were taken off
 */
export async function takeOff(
  ref: Ref,
  keysOn: (live: KubernetesObject) => Marks,
  { cluster, lock }: Holder,
  verb: 'patch' | 'replace' = 'patch'
): Promise<readonly string[]> {
  let taken: readonly string[] = []
  const without = async (live: KubernetesObject): Promise<void> => {
    const marks = present(keysOn(live), live)
    taken = MAPS.flatMap((map) => marks[map] ?? [])
    if (taken.length === 0) return
    if (verb === 'replace') await cluster.replace(withoutAll(live, marks))
    else await cluster.patch(ref, [versionOf(live), ...removing(marks)])
  }
  try {
    await writeOnTop(ref, without, { cluster, lock })
    return taken
  } catch (error) {
    if (!(error instanceof ClusterError && error.status === 404)) throw error
    return []
  }
}

/** Keys of annotations and labels. */
export type Marks = Readonly<Partial<Record<(typeof MAPS)[number], readonly string[]>>>
const MAPS = ['annotations', 'labels'] as const

const present = (marks: Marks, { metadata }: KubernetesObject): Marks =>
  Object.fromEntries(
    MAPS.map((map) => [map, (marks[map] ?? []).filter((key) => metadata[map]?.[key] !== undefined)])
  )

const removing = (marks: Marks): JsonPatch =>
  MAPS.flatMap((map) =>
    (marks[map] ?? []).map((key) => ({
      op: 'remove' as const,
      path: `/metadata/${map}/${escaped(key)}`
    }))
  )

function withoutAll(live: KubernetesObject, marks: Marks): KubernetesObject {
  const { managedFields: _, ...metadata } = live.metadata
  const kept = MAPS.flatMap((map) =>
    metadata[map] === undefined ? [] : [[map, withoutKeys(metadata[map], ...(marks[map] ?? []))] as const]
  )
  return { ...live, metadata: { ...metadata, ...Object.fromEntries(kept) } }
}

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

/** Kinds of which credentials need no right to get one, only to list them. */
const LISTED: ReadonlySet<string> = new Set(['HorizontalPodAutoscaler', 'ConfigMap', 'Secret'])

async function read(ref: Ref, cluster: Cluster): Promise<KubernetesObject> {
  const { apiVersion, kind, namespace, name } = ref
  const [live] = LISTED.has(kind)
    ? await cluster.list({ apiVersion, kind, namespace, fields: `metadata.name=${name}` })
    : [await cluster.get(ref)]
  if (live !== undefined) return live
  throw new ClusterError(`${kind} ${name} does not exist in namespace ${namespace ?? ''}`, 404)
}
