import type { PodsOf } from '../../engines/engine.ts'
import { isPodOf } from '../../kubernetes/health.ts'
import type { Pod } from '../../kubernetes/objects.ts'

/** Whether a pod with these labels is one of the version. */
export const isOf = (pod: Pod, { owner }: PodsOf): boolean =>
  owner.kind === 'ReplicaSet'
    ? pod.metadata.ownerReferences?.some(({ name }) => name === owner.name) === true
    : isPodOf(owner.name, pod)

/** What the pods of a version are called after; of a Deployment that shows in its pods alone. */
export const replicaSetOf = (found: PodsOf | undefined, pods: readonly Pod[]): string | undefined =>
  found?.owner.kind === 'ReplicaSet'
    ? found.owner.name
    : pods[0]?.metadata.ownerReferences?.find(({ kind }) => kind === 'ReplicaSet')?.name
