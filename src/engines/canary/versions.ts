import type { Deployment, KubernetesObject, PodTemplate, ReplicaSet } from '../../kubernetes/objects.ts'
import { countAt, listAt, textAt } from '../../kubernetes/read.ts'
import { withoutKeys } from '../../kubernetes/selectors.ts'
import { HASH_LABEL, REPLICA_SET } from '../../kubernetes/workload.ts'
import type { EngineVersion, PodsOf, Seen, Side } from '../engine.ts'
import { targetOf } from './objects.ts'
import { stateOf } from './state.ts'
import { templateHash } from './template-hash.ts'

const REVISION = 'deployment.kubernetes.io/revision'

/** Those of the target, which keep its templates. */
export const replicaSetsOf = ({ object, made = [] }: Seen): readonly KubernetesObject[] =>
  made.filter(({ kind, metadata }) => {
    const hash = metadata.labels?.[HASH_LABEL] ?? ''
    return kind === REPLICA_SET.kind && metadata.name === `${targetOf(object).name}-${hash}`
  })

/** The template that is wished for, the one that serves, and those that are kept, newest first. */
export function versionsOf(seen: Seen): readonly EngineVersion[] {
  const kept = replicaSetsOf(seen).map((one): EngineVersion => {
    const revision = countAt(one.metadata.annotations, REVISION)
    return {
      hash: templateHash(one),
      images: imagesOf(one),
      ...(revision === undefined ? {} : { revision }),
      at: one.metadata.creationTimestamp ?? '',
      ...{ replicas: 0, ready: 0, template: ownTemplate(one as ReplicaSet) }
    }
  })
  const live = [seen.serving, seen.target].flatMap((one) => (one === undefined ? [] : [liveVersion(one)]))
  const all = new Map<string, EngineVersion>()
  for (const version of [...kept].sort((one, other) => (other.revision ?? 0) - (one.revision ?? 0)))
    if (!all.has(version.hash)) all.set(version.hash, version)
  for (const version of live) {
    const known = all.get(version.hash)
    const pods = (known?.replicas ?? 0) > 0 ? known : version
    all.set(version.hash, {
      ...version,
      ...(known?.revision === undefined ? {} : { revision: known.revision, at: known.at }),
      ...(known?.template === undefined ? {} : { template: known.template }),
      ...(pods && { replicas: pods.replicas, ready: pods.ready })
    })
  }
  return [...all.values()].sort((one, other) => (other.revision ?? 0) - (one.revision ?? 0))
}

/** As people have written it: the Deployment's controller adds a label. */
function ownTemplate({ spec: { template } }: ReplicaSet): PodTemplate {
  const labels = withoutKeys(template.metadata?.labels ?? {}, HASH_LABEL)
  return { ...template, metadata: { ...template.metadata, labels } }
}

const liveVersion = (deployment: KubernetesObject): EngineVersion => ({
  hash: templateHash(deployment),
  images: imagesOf(deployment),
  at: deployment.metadata.creationTimestamp ?? '',
  replicas: countAt(deployment, 'spec', 'replicas') ?? 1,
  ready: countAt(deployment, 'status', 'readyReplicas') ?? 0
})

const imagesOf = (object: KubernetesObject): readonly string[] =>
  listAt(object, 'spec', 'template', 'spec', 'containers').map((container) => textAt(container, 'image'))

/** Once it has been promoted, a version is run by the Deployment that serves. */
export function podsOf(seen: Seen, side: Side): PodsOf | undefined {
  const { target, serving } = seen
  const state = stateOf(seen)
  const isPromoted = state.at === 'rest' && state.stable === state.wished
  const deployment = side === 'old' || isPromoted ? serving : target
  if (deployment === undefined) return undefined
  const labels = (deployment as Deployment).spec.selector.matchLabels ?? {}
  return { labels, owner: { kind: 'Deployment', name: deployment.metadata.name } }
}
