import { createHash } from 'node:crypto'
import { canonical } from '../../../src/kubernetes/canonical.ts'
import { isEnding, isReady } from '../../../src/kubernetes/health.ts'
import type { Deployment, KubernetesObject, Pod, PodTemplate } from '../../../src/kubernetes/objects.ts'
import type { Controllers } from './controllers.ts'
import { refOf, type MemoryCluster } from './memory-cluster.ts'
import type { Stored } from './stored.ts'

/**
 * Argo Rollouts as it behaves towards whoever watches it: it is late, reports generations as texts, keeps the status of the
 * release before until it has seen the next one, changes only the fields of the status that it means to, and goes on from
 * what stands there when it comes back. Blue-green, and canaries with weights, scales and pauses.
 */

export const HASH = 'rollouts-pod-template-hash'
const REVISION = 'rollout.argoproj.io/revision'
const WORKLOAD_GENERATION = 'rollout.argoproj.io/workload-generation'
const KIND = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout' }
/** Milliseconds that pods of the version before stay. */
const SCALE_DOWN_DELAY = 30_000
const DEADLINE = 'scale-down-deadline'

interface Step {
  readonly setWeight?: number
  readonly setCanaryScale?: { readonly replicas?: number }
  readonly pause?: { readonly duration?: string }
}

interface Rollout extends KubernetesObject {
  readonly spec: {
    readonly replicas?: number
    readonly paused?: boolean
    readonly template?: PodTemplate
    readonly workloadRef?: { readonly name: string }
    readonly rollbackWindow?: { readonly revisions: number }
    readonly strategy: {
      readonly canary?: {
        readonly steps?: readonly Step[]
        readonly stableService?: string
        readonly canaryService?: string
      }
      readonly blueGreen?: {
        readonly activeService: string
        readonly previewService?: string
        readonly autoPromotionEnabled?: boolean
      }
    }
  }
  readonly status?: Status
}

interface Status {
  abort?: boolean
  abortedAt?: string
  promoteFull?: boolean
  controllerPause?: boolean
  pauseConditions?: readonly { reason: string; startTime: string }[]
  currentPodHash?: string
  currentStepIndex?: number
  stableRS?: string
  observedGeneration?: string
  workloadObservedGeneration?: string
  phase?: string
  message?: string
  replicas?: number
  updatedReplicas?: number
  readyReplicas?: number
  availableReplicas?: number
  canary?: {
    readonly weights: Readonly<
      Record<'canary' | 'stable', { readonly weight: number; readonly podTemplateHash: string }>
    >
  }
  blueGreen?: unknown
}

const hashOf = (template: PodTemplate): string =>
  createHash('sha256').update(canonical(template)).digest('hex').slice(0, 10)

const SECONDS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 }
const millisecondsOf = (text: string): number => Number(text.slice(0, -1)) * (SECONDS[text.slice(-1)] ?? 0)

export class RolloutController {
  /** Milliseconds by which it is behind. */
  lag = 40
  /** So many of the next writes to the status it does not hear of, until something else happens. */
  overlooks = 0
  /** Milliseconds by which its clock is behind that of everybody else. */
  behind = 0
  /** Whether it runs at all. */
  isRunning = true
  readonly #cluster: MemoryCluster
  readonly #controllers: Controllers
  #pods = 0

  constructor(cluster: MemoryCluster, controllers: Controllers) {
    this.#cluster = cluster
    this.#controllers = controllers
    cluster.subscribe((now, before, writer) => {
      const isStatus = now.kind === 'Rollout' && now.metadata.generation === before?.metadata.generation
      if (isStatus && writer === 'greenlight' && this.overlooks > 0) {
        this.overlooks -= 1
        return
      }
      const isOurs = ['Rollout', 'Deployment'].includes(now.kind) || now.metadata.labels?.[HASH] !== undefined
      if (isOurs) this.#soon(this.lag)
    })
  }

  /** Goes on after it was stopped. */
  start(): void {
    this.isRunning = true
    this.#soon(this.lag)
  }

  #soon(ms: number): void {
    void this.#cluster.clock.sleep(ms).then(
      () => {
        if (!this.isRunning) return
        for (const rollout of this.#cluster.all<Rollout>(KIND)) this.#reconcile(rollout)
      },
      () => undefined
    )
  }

  podsOf(hash: string): readonly Pod[] {
    return this.#cluster
      .all<Pod>({ apiVersion: 'v1', kind: 'Pod' })
      .filter((pod) => pod.metadata.labels?.[HASH] === hash && !isEnding(pod))
  }

  #ready(hash: string): number {
    return this.podsOf(hash).filter(isReady).length
  }

  #template({ metadata, spec }: Rollout): { template: PodTemplate; generation?: string } | undefined {
    if (spec.workloadRef === undefined)
      return spec.template === undefined ? undefined : { template: spec.template }
    const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: metadata.namespace }
    const target = this.#cluster.read<Deployment>({ ...ref, name: spec.workloadRef.name })
    return target && { template: target.spec.template, generation: String(target.metadata.generation) }
  }

  #reconcile(rollout: Rollout): void {
    const found = this.#template(rollout)
    if (found === undefined) return
    const { template, generation } = found
    const hash = hashOf(template)
    this.#keepReplicaSet(rollout, hash, template)
    const status: Status = structuredClone(rollout.status ?? {})
    if (status.currentPodHash !== hash) {
      Object.assign(status, { currentPodHash: hash, currentStepIndex: 0, abort: false, promoteFull: false })
      this.#resume(status)
      delete status.abortedAt
    }
    // Whatever is to take everything at once cannot be aborted, as it takes every abort out again.
    const isFast = status.promoteFull === true || this.#isWithinWindow(rollout, status, hash)
    if (isFast) status.abort = false
    if (isFast) this.#resume(status)
    if (status.abort === true) {
      this.#resume(status)
      status.abortedAt ??= this.#now()
      status.currentStepIndex = 0
    }
    if (rollout.spec.strategy.blueGreen) this.#blueGreen(rollout, status, hash)
    else this.#canary(rollout, status, hash, isFast)
    for (const { metadata } of this.#replicaSetsOf(rollout)) {
      const other = metadata.labels?.[HASH] ?? ''
      if (other !== status.stableRS && (other !== hash || status.abort === true))
        this.#retire(rollout.metadata, other)
    }
    this.#count(rollout, status, hash)
    status.observedGeneration = String(rollout.metadata.generation)
    if (generation !== undefined) status.workloadObservedGeneration = generation
    this.#report(rollout, status, generation)
  }

  /** Whether the version is one to go back to without steps. */
  #isWithinWindow(rollout: Rollout, { stableRS }: Status, hash: string): boolean {
    const revisions = rollout.spec.rollbackWindow?.revisions ?? 0
    const all = this.#replicaSetsOf(rollout)
    const madeAt = (of?: string): number =>
      Date.parse(all.find(({ metadata }) => metadata.labels?.[HASH] === of)?.metadata.creationTimestamp ?? '')
    const [version, stable] = [madeAt(hash), madeAt(stableRS)]
    const between = all
      .map(({ metadata }) => Date.parse(metadata.creationTimestamp ?? ''))
      .filter((at) => version < at && at < stable)
    return version < stable && between.length < revisions
  }

  #time(): number {
    return this.#cluster.clock.now() - this.behind
  }

  #now(): string {
    return new Date(this.#time()).toISOString().replace(/\.\d+/, '')
  }

  #resume(status: Status): void {
    delete status.pauseConditions
    status.controllerPause = false
  }

  /** Whether the pause is over. @param duration of one that ends by itself */
  #paused(status: Status, reason: string, duration?: string): boolean {
    const [condition] = status.pauseConditions ?? []
    if (condition === undefined && status.controllerPause === true) {
      status.controllerPause = false
      return false
    }
    if (condition === undefined) {
      status.pauseConditions = [{ reason, startTime: this.#now() }]
      status.controllerPause = true
      if (duration !== undefined) this.#soon(millisecondsOf(duration) + 1000)
      return true
    }
    if (duration === undefined || this.#time() < Date.parse(condition.startTime) + millisecondsOf(duration))
      return true
    this.#resume(status)
    return false
  }

  #blueGreen({ metadata, spec }: Rollout, status: Status, hash: string): void {
    const { replicas = 1, strategy } = spec
    const {
      activeService,
      previewService,
      autoPromotionEnabled = true
    } = strategy.blueGreen ?? {
      activeService: ''
    }
    const namespace = metadata.namespace ?? ''
    const stable = status.stableRS ?? hash
    if (previewService !== undefined) this.#select(namespace, previewService, hash)
    this.#scale(metadata, hash, status.abort === true ? this.podsOf(hash).length : replicas)
    this.#scale(metadata, stable, replicas)
    const isFull = this.#ready(hash) >= replicas
    const isFirst = status.stableRS === undefined || status.stableRS === hash
    const goes =
      status.abort !== true &&
      isFull &&
      spec.paused !== true &&
      (isFirst ||
        status.promoteFull === true ||
        autoPromotionEnabled ||
        this.#isLeftover(metadata, hash) ||
        !this.#paused(status, 'BlueGreenPause'))
    const active = goes ? hash : stable
    this.#select(namespace, activeService, active)
    status.blueGreen = { activeSelector: active, previewSelector: hash }
    if (goes) this.#promote(status, hash)
  }

  #canary({ metadata, spec, status: seen }: Rollout, status: Status, hash: string, isFast: boolean): void {
    const { replicas = 1, strategy, paused } = spec
    const { steps = [], stableService, canaryService } = strategy.canary ?? {}
    const namespace = metadata.namespace ?? ''
    const stable = status.stableRS ?? hash
    const isFirst = status.stableRS === undefined || stable === hash
    if (isFirst) status.currentStepIndex = steps.length
    if (isFast) status.currentStepIndex = steps.length
    const index = status.currentStepIndex ?? 0
    const step = steps[index]
    const weight = status.abort === true ? 0 : weightAt(steps, index)
    const scaled = steps
      .slice(0, index + 1)
      .findLast(({ setCanaryScale, setWeight }) => (setCanaryScale ?? setWeight) !== undefined)
    const wanted = scaled?.setCanaryScale?.replicas ?? Math.ceil((replicas * weight) / 100)
    if (status.abort !== true) this.#scale(metadata, hash, isFirst || step === undefined ? replicas : wanted)
    if (!isFirst) this.#scale(metadata, stable, replicas)
    const isFull = this.#ready(hash) >= (isFirst || step === undefined ? replicas : wanted)
    const before = status.abort === true ? 0 : isFull ? weight : weightAt(steps, index - 1)
    if (stableService !== undefined) this.#select(namespace, stableService, stable)
    if (canaryService !== undefined) this.#select(namespace, canaryService, isFirst ? stable : hash)
    const kept = seen?.canary?.weights.canary
    // What is to take everything gets it with the stable Service, when all of its pods are there.
    const fast = kept?.podTemplateHash === hash ? kept.weight : 0
    const next = status.promoteFull === true && status.abort !== true ? fast : before
    const shared = isFirst || this.#ready(hash) === 0 ? 0 : Math.min(100, next)
    status.canary = {
      weights: {
        canary: { weight: shared, podTemplateHash: isFirst ? stable : hash },
        stable: { weight: 100 - shared, podTemplateHash: stable }
      }
    }
    if (status.abort === true || !isFull || paused === true) return
    if (step === undefined) this.#promote(status, hash)
    else if (step.pause === undefined || !this.#paused(status, 'CanaryPauseStep', step.pause.duration)) {
      status.currentStepIndex = index + 1
      this.#soon(this.lag)
    }
  }

  /** Pods of it are still there from a release before: then users are sent to them at once. */
  #isLeftover({ namespace = '', name }: KubernetesObject['metadata'], hash: string): boolean {
    const ref = { apiVersion: 'apps/v1', kind: 'ReplicaSet', namespace, name: `${name}-${hash}` }
    return this.#cluster.read(ref)?.metadata.annotations?.[DEADLINE] !== undefined
  }

  /** Its pods stay for half a minute. */
  #retire(metadata: KubernetesObject['metadata'], old: string): void {
    const { namespace = '', name } = metadata
    const ref = { apiVersion: 'apps/v1', kind: 'ReplicaSet', namespace, name: `${name}-${old}` }
    const live = this.#cluster.read<Stored>(ref)
    if (live === undefined || live.metadata.annotations?.[DEADLINE] !== undefined) return
    if (this.podsOf(old).length === 0) return
    const annotations = { ...live.metadata.annotations, [DEADLINE]: this.#now() }
    this.#cluster.replace({ ...live, metadata: { ...live.metadata, annotations } }, 'argo-rollouts')
    void this.#cluster.clock.sleep(SCALE_DOWN_DELAY).then(
      () => {
        const live = this.#cluster.read<Rollout>({
          ...KIND,
          namespace: metadata.namespace,
          name: metadata.name
        })
        const { stableRS, currentPodHash, abort } = live?.status ?? {}
        const isNeeded = old === stableRS || (old === currentPodHash && abort !== true)
        if (!isNeeded) this.#scale(metadata, old, 0)
        const kept = this.#cluster.read<Stored>(ref)
        if (kept === undefined) return
        const { [DEADLINE]: _, ...others } = kept.metadata.annotations ?? {}
        this.#cluster.replace(
          { ...kept, metadata: { ...kept.metadata, annotations: others } },
          'argo-rollouts'
        )
      },
      () => undefined
    )
  }

  #promote(status: Status, hash: string): void {
    status.stableRS = hash
    status.promoteFull = false
    this.#resume(status)
  }

  #count({ metadata }: Rollout, status: Status, hash: string): void {
    const all = this.#cluster
      .all<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace: metadata.namespace })
      .filter((pod) => pod.metadata.labels?.[HASH] !== undefined && !isEnding(pod))
    status.replicas = all.length
    status.updatedReplicas = this.podsOf(hash).length
    status.readyReplicas = status.availableReplicas = all.filter(isReady).length
  }

  #report(rollout: Rollout, status: Status, generation: string | undefined): void {
    const { spec, metadata } = rollout
    const [condition] = status.pauseConditions ?? []
    const [phase, message] =
      status.abort === true
        ? ['Degraded', `RolloutAborted: Rollout aborted update to ${status.currentPodHash ?? ''}`]
        : spec.paused === true
          ? ['Paused', 'manually paused']
          : condition !== undefined
            ? ['Paused', condition.reason]
            : this.#ready(status.currentPodHash ?? '') < (spec.replicas ?? 1)
              ? ['Progressing', 'more replicas need to be updated']
              : status.stableRS === status.currentPodHash
                ? ['Healthy', '']
                : ['Progressing', 'waiting for all steps to complete']
    Object.assign(status, { phase, message })
    const noted = generation === undefined ? {} : { [WORKLOAD_GENERATION]: generation }
    const live = this.#cluster.read<Rollout>(refOf(rollout))
    if (live === undefined) return
    // As a merge patch: what somebody has written meanwhile into a field that is not changed here stays.
    const merged: Record<string, unknown> = { ...live.status }
    for (const key of new Set([...Object.keys(status), ...Object.keys(rollout.status ?? {})]) as Set<
      keyof Status
    >)
      if (canonical(status[key]) !== canonical(rollout.status?.[key])) merged[key] = status[key]
    this.#cluster.setStatus(refOf(rollout), JSON.parse(JSON.stringify(merged)), {
      ...noted,
      ...(metadata.annotations?.[REVISION] === undefined ? { [REVISION]: '1' } : {})
    })
  }

  #select(namespace: string, name: string, hash: string): void {
    const ref = { apiVersion: 'v1', kind: 'Service', namespace, name }
    const service = this.#cluster.read<Stored>(ref)
    if (service === undefined) return
    const { selector } = service.spec as { readonly selector: Readonly<Record<string, string>> }
    if (selector[HASH] === hash) return
    const spec = { ...(service.spec as object), selector: { ...selector, [HASH]: hash } }
    this.#cluster.replace({ ...service, spec }, 'argo-rollouts')
  }

  #keepReplicaSet({ kind, metadata }: Rollout, hash: string, template: PodTemplate): void {
    const { namespace = '', name, uid = '' } = metadata
    const ref = { apiVersion: 'apps/v1', kind: 'ReplicaSet', namespace, name: `${name}-${hash}` }
    const all = this.#replicaSetsOf({ metadata })
    const latest = Math.max(0, ...all.map((one) => Number(one.metadata.annotations?.[REVISION] ?? 0)))
    const live = this.#cluster.read<Stored>(ref)
    if (live !== undefined && Number(live.metadata.annotations?.[REVISION]) === latest) return
    const annotations = { [REVISION]: String(latest + 1) }
    if (live !== undefined) {
      const kept = { ...live.metadata.annotations, ...annotations }
      this.#cluster.replace({ ...live, metadata: { ...live.metadata, annotations: kept } }, 'argo-rollouts')
      return
    }
    const labels = { ...template.metadata?.labels, [HASH]: hash }
    this.#cluster.create(
      {
        ...{ apiVersion: ref.apiVersion, kind: ref.kind },
        metadata: {
          ...{ name: ref.name, namespace, labels, annotations },
          ownerReferences: [{ kind, name, uid, controller: true }]
        },
        spec: { replicas: 0, template: { ...template, metadata: { ...template.metadata, labels } } }
      },
      'argo-rollouts'
    )
  }

  #replicaSetsOf({ metadata: { namespace, uid } }: Pick<Rollout, 'metadata'>): KubernetesObject[] {
    return this.#cluster
      .all({ apiVersion: 'apps/v1', kind: 'ReplicaSet', namespace })
      .filter((one) => one.metadata.ownerReferences?.some((owner) => owner.uid === uid))
  }

  #scale({ namespace = '', name }: KubernetesObject['metadata'], hash: string, replicas: number): void {
    const ref = { apiVersion: 'apps/v1', kind: 'ReplicaSet', namespace, name: `${name}-${hash}` }
    const replicaSet = this.#cluster.read<Stored>(ref)
    if (replicaSet === undefined) return
    const spec = replicaSet.spec as { readonly replicas: number; readonly template: PodTemplate }
    if (spec.replicas !== replicas)
      this.#cluster.replace({ ...replicaSet, spec: { ...spec, replicas } }, 'argo-rollouts')
    const pods = this.podsOf(hash)
    for (let at = pods.length; at < replicas; at += 1) this.#startPod(ref.name, namespace, spec.template)
    for (const pod of pods.slice(replicas)) this.#endPod(pod)
    const ready = this.#ready(hash)
    this.#cluster.setStatus(ref, { replicas: this.podsOf(hash).length, readyReplicas: ready })
  }

  #startPod(owner: string, namespace: string, template: PodTemplate): void {
    const pod = this.#cluster.create({
      ...{ apiVersion: 'v1', kind: 'Pod' },
      metadata: {
        ...{ name: `${owner}-${String((this.#pods += 1)).padStart(5, '0')}`, namespace },
        labels: { ...template.metadata?.labels },
        ownerReferences: [{ kind: 'ReplicaSet', name: owner, uid: `uid-${owner}` }]
      },
      spec: template.spec
    }) as Pod
    const { after, status } = this.#controllers.life(pod)
    this.#cluster.setStatus(refOf(pod), { phase: 'Pending' })
    void this.#cluster.clock.sleep(after).then(
      () => {
        const live = this.#cluster.read<Pod>(refOf(pod))
        if (live !== undefined && !isEnding(live)) this.#cluster.setStatus(refOf(pod), status)
      },
      () => undefined
    )
  }

  #endPod(pod: Pod): void {
    const deletionTimestamp = this.#now()
    this.#cluster.replace({ ...pod, metadata: { ...pod.metadata, deletionTimestamp } }, 'argo-rollouts')
    void this.#cluster.clock.sleep(2000).then(
      () => {
        this.#cluster.remove(refOf(pod))
      },
      () => undefined
    )
  }
}

const weightAt = (steps: readonly Step[], index: number): number =>
  index >= steps.length
    ? 100
    : (steps.slice(0, index + 1).findLast(({ setWeight }) => setWeight !== undefined)?.setWeight ?? 0)
