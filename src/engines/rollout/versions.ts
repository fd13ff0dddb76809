import type { KubernetesObject } from '../../kubernetes/objects.ts'
import { countAt, listAt, textAt } from '../../kubernetes/read.ts'
import { REPLICA_SET } from '../../kubernetes/workload.ts'
import type { EngineVersion, Seen } from '../engine.ts'
import { keptTemplate } from './kept-template.ts'
import { HASH_LABEL } from './objects.ts'

const REVISION = 'rollout.argoproj.io/revision'

/** The templates that are kept, newest first: one ReplicaSet each. */
export const versionsOf = ({ made = [] }: Seen): readonly EngineVersion[] =>
  made
    .filter(({ kind }) => kind === REPLICA_SET.kind)
    .map(versionIn)
    .filter(({ hash }) => hash !== '')
    .sort((one, other) => (other.revision ?? 0) - (one.revision ?? 0))

function versionIn(replicaSet: KubernetesObject): EngineVersion {
  const { annotations, creationTimestamp = '', labels } = replicaSet.metadata
  const revision = countAt(annotations, REVISION)
  const template = keptTemplate(replicaSet)
  const containers = listAt(replicaSet, 'spec', 'template', 'spec', 'containers')
  return {
    hash: labels?.[HASH_LABEL] ?? '',
    images: containers.map((container) => textAt(container, 'image')),
    ...(revision === undefined ? {} : { revision }),
    at: creationTimestamp,
    replicas: countAt(replicaSet, 'spec', 'replicas') ?? 0,
    ready: countAt(replicaSet, 'status', 'readyReplicas') ?? 0,
    ...(template === undefined ? {} : { template })
  }
}
