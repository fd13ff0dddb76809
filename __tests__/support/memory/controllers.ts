import { createHash } from 'node:crypto'
import { canonical } from '../../../src/kubernetes/canonical.ts'
import { isEnding, isReady } from '../../../src/kubernetes/health.ts'
import type { Deployment, Pod, ReplicaSet, Service } from '../../../src/kubernetes/objects.ts'
import { listeningIn, resolvePort } from '../../../src/kubernetes/ports.ts'
import { rolloutOf } from '../../../src/kubernetes/rollout.ts'
import { selects, withoutKeys } from '../../../src/kubernetes/selectors.ts'
import { templateHash } from '../../../src/kubernetes/workload.ts'
import { refOf, type MemoryCluster } from './memory-cluster.ts'
import type { Stored } from './stored.ts'

/** How the pods of the in-memory cluster come up. */
export interface Life {
  /** Milliseconds until the status is this one. */
  readonly after: number
  readonly status: NonNullable<Pod['status']>
}

export const READY: NonNullable<Pod['status']> = {
  phase: 'Running',
  conditions: [{ type: 'Ready', status: 'True' }],
  containerStatuses: [{ name: 'web', ready: true, restartCount: 0, state: { running: {} } }]
}

export const UNREADY: NonNullable<Pod['status']> = {
  ...READY,
  conditions: [{ type: 'Ready', status: 'False', reason: 'ContainersNotReady' }]
}

/** A status in which a container waits for this reason. */
export const waiting = (reason: string, message = ''): NonNullable<Pod['status']> => ({
  phase: 'Pending',
  conditions: [{ type: 'Ready', status: 'False' }],
  containerStatuses: [{ name: 'web', ready: false, restartCount: 2, state: { waiting: { reason, message } } }]
})

const PODS = { apiVersion: 'v1', kind: 'Pod' }
const DEPLOYMENT = 'apps/v1'

/** Deployments get their pods, Services their endpoints: each a moment after what it follows has changed. */
export class Controllers {
  /** How a pod comes up; the next ones may do so otherwise. */
  life: (pod: Pod) => Life = () => ({ after: 1000, status: READY })
  /** Milliseconds by which the Deployment controller is behind. */
  lag = 5
  readonly #cluster: MemoryCluster
  /** The objects as the controller sees them: `lag` milliseconds late. */
  readonly #seen = new Map<string, Deployment>()
  /** Hashes of the templates that Deployments have had last, by name. */
  readonly #current = new Map<string, string>()
  #pods = 0

  constructor(cluster: MemoryCluster) {
    this.#cluster = cluster
    cluster.subscribe((now, before) => {
      if (now.kind === 'Deployment') this.#onDeployment(now as Deployment, before as Deployment | undefined)
      if (now.kind === 'Pod' || now.kind === 'Service')
        this.#soon(5, () => {
          this.#connect(now.metadata.namespace)
        })
      if (now.kind === 'Pod')
        this.#soon(this.lag, () => {
          this.#reconcile(ownerOf(now))
        })
    })
  }

  /** Puts a pod into another status, as its kubelet would. */
  change(pod: Pod, status: Pod['status']): void {
    this.#cluster.setStatus(refOf(pod), status)
  }

  podsOf(deployment: string): Pod[] {
    return this.#cluster.all<Pod>(PODS).filter((pod) => ownerOf(pod) === deployment)
  }

  #soon(ms: number, work: () => void): void {
    void this.#cluster.clock.sleep(ms).then(work, () => undefined)
  }

  #onDeployment(now: Deployment, before: Deployment | undefined): void {
    const isGone = now.metadata.deletionTimestamp !== undefined
    if (now.metadata.generation === before?.metadata.generation && !isGone) return
    this.#soon(this.lag, () => {
      // Events arrive in order: one that is older than what is known is dropped.
      const known = this.#seen.get(now.metadata.name)?.metadata
      if (Number(known?.resourceVersion ?? 0) > Number(now.metadata.resourceVersion)) return
      this.#seen.set(now.metadata.name, isGone ? { ...now, spec: { ...now.spec, replicas: 0 } } : now)
      this.#reconcile(now.metadata.name)
    })
  }

  #reconcile(name: string): void {
    const deployment = this.#seen.get(name)
    if (deployment === undefined) return
    const { replicas = 1 } = deployment.spec
    const hash = hashOf(deployment)
    if (replicas > 0) this.#keepReplicaSet(deployment, hash)
    const live = this.podsOf(name).filter((pod) => !isEnding(pod))
    const current = live.filter((pod) => templateHash(pod) === hash)
    const old = live.filter((pod) => templateHash(pod) !== hash)
    if (recreates(deployment) && this.podsOf(name).some((pod) => templateHash(pod) !== hash)) {
      for (const pod of old) this.#end(pod)
      this.#report(deployment, hash)
      return
    }
    for (let missing = replicas - current.length; missing > 0; missing -= 1) this.#start(deployment, hash)
    const surplus = [...current].sort((one, other) => Number(isReady(one)) - Number(isReady(other)))
    for (const pod of surplus.slice(0, Math.max(0, current.length - replicas))) this.#end(pod)
    const kept = Math.max(0, replicas - current.filter(isReady).length)
    for (const pod of old.slice(kept)) this.#end(pod)
    this.#report(deployment, hash)
  }

  #report({ metadata }: Deployment, hash: string): void {
    const pods = this.podsOf(metadata.name).filter((pod) => !isEnding(pod))
    const ready = pods.filter(isReady).length
    this.#cluster.setStatus(
      { apiVersion: DEPLOYMENT, kind: 'Deployment', namespace: metadata.namespace, name: metadata.name },
      {
        observedGeneration: metadata.generation,
        replicas: pods.length,
        updatedReplicas: pods.filter((pod) => templateHash(pod) === hash).length,
        readyReplicas: ready,
        availableReplicas: ready
      },
      this.#revisionOf(metadata, hash)
    )
  }

  #revisionOf({ namespace, name }: Deployment['metadata'], hash: string): Record<string, string> {
    const ref = { apiVersion: DEPLOYMENT, kind: 'ReplicaSet', namespace, name: `${name}-${hash}` }
    const revision = this.#cluster.read<ReplicaSet>(ref)?.metadata.annotations?.[REVISION]
    return revision === undefined ? {} : { [REVISION]: revision }
  }

  #keepReplicaSet({ metadata, spec }: Deployment, hash: string): void {
    const name = `${metadata.name}-${hash}`
    const { namespace = '' } = metadata
    const ref = { apiVersion: DEPLOYMENT, kind: 'ReplicaSet', namespace, name }
    const live = this.#cluster.read<ReplicaSet>(ref)
    if (live !== undefined && this.#current.get(metadata.name) === hash) return
    this.#current.set(metadata.name, hash)
    const revisions = this.#cluster
      .all<ReplicaSet>({ apiVersion: DEPLOYMENT, kind: 'ReplicaSet', namespace })
      .filter((one) => one.metadata.name === `${metadata.name}-${templateHashOf(one)}`)
      .map(revisionOf)
    const latest = Math.max(0, ...revisions)
    if (live !== undefined && revisionOf(live) === latest) return
    const annotations = { ...metadata.annotations, [REVISION]: String(latest + 1) }
    const labels = { ...spec.template.metadata?.labels, 'pod-template-hash': hash }
    const template = { ...spec.template, metadata: { ...spec.template.metadata, labels } }
    const replicaSet = { ...ref, metadata: { namespace, name, labels, annotations }, spec: { template } }
    if (live === undefined) this.#cluster.create(replicaSet, 'kube-controller-manager')
    else this.#cluster.replace(replicaSet, 'kube-controller-manager')
  }

  #start({ metadata: { name, namespace = '' }, spec: { template } }: Deployment, hash: string): void {
    const owner = { kind: 'ReplicaSet', name: `${name}-${hash}`, uid: `uid-${hash}` }
    const labels = { ...template.metadata?.labels, 'pod-template-hash': hash }
    const pod = this.#cluster.create({
      ...PODS,
      metadata: {
        name: `${name}-${hash}-${String((this.#pods += 1)).padStart(5, '0')}`,
        namespace,
        labels,
        ownerReferences: [owner]
      },
      spec: template.spec
    }) as Pod
    const { after, status } = this.life(pod)
    this.#cluster.setStatus(refOf(pod), { phase: 'Pending' })
    this.#soon(after, () => {
      const live = this.#cluster.read<Pod>(refOf(pod))
      if (live !== undefined && !isEnding(live)) this.#cluster.setStatus(refOf(pod), status)
    })
  }

  /** It gets no new traffic from now on, and is gone after two seconds. */
  #end(pod: Pod): void {
    const deletionTimestamp = new Date(this.#cluster.clock.now()).toISOString()
    this.#cluster.replace(
      { ...pod, metadata: { ...pod.metadata, deletionTimestamp } },
      'kube-controller-manager'
    )
    this.#soon(2000, () => {
      this.#cluster.remove(refOf(pod))
    })
  }

  /** Endpoints are the live pods that a Service selects and that have the port it leads to. */
  #connect(namespace = ''): void {
    const pods = this.#cluster.all<Pod>({ ...PODS, namespace }).filter((pod) => !isEnding(pod))
    for (const { metadata, spec } of this.#cluster.all<Service>({
      apiVersion: 'v1',
      kind: 'Service',
      namespace
    })) {
      const { ports = [] } = spec
      const behind = pods.filter(
        (pod) =>
          selects(spec.selector, pod.metadata.labels) &&
          (ports.length === 0
            ? spec.clusterIP === 'None'
            : ports.some((port) => resolvePort(port, listeningIn(pod.spec)) !== undefined))
      )
      const slice = {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: {
          name: `${metadata.name}-slice`,
          namespace,
          labels: { 'kubernetes.io/service-name': metadata.name }
        },
        endpoints: behind.map((pod) => ({
          conditions: { ready: isReady(pod) },
          targetRef: { name: pod.metadata.name, uid: pod.metadata.uid }
        })),
        ports: behind.length === 0 || ports.length === 0 ? null : ports.map(({ port }) => ({ port }))
      }
      const exists = this.#cluster.read(refOf(slice)) !== undefined
      if (exists) this.#cluster.replace(slice, 'kube-controller-manager')
      else this.#cluster.create(slice, 'kube-controller-manager')
    }
  }
}

const REVISION = 'deployment.kubernetes.io/revision'

const templateHashOf = ({ metadata }: ReplicaSet): string => metadata.labels?.['pod-template-hash'] ?? ''

const revisionOf = ({ metadata }: ReplicaSet): number => Number(metadata.annotations?.[REVISION] ?? 0)

/** Whether no new pod may start before the last old one is gone. */
const recreates = (deployment: Deployment): boolean => rolloutOf(deployment).strategy?.type === 'Recreate'

/** Name of the Deployment that a pod is of; empty for a pod by itself. */
function ownerOf(pod: Stored): string {
  const [owner] = pod.metadata.ownerReferences ?? []
  return owner === undefined ? '' : owner.name.replace(`-${templateHash(pod)}`, '')
}

function hashOf({ spec: { template } }: Deployment): string {
  const labels = withoutKeys(template.metadata?.labels ?? {}, 'pod-template-hash')
  const text = canonical({ ...template, metadata: { ...template.metadata, labels } })
  return createHash('sha256').update(text).digest('hex').slice(0, 8)
}
