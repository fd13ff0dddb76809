import { createHash } from 'node:crypto'
import { canonical } from '../../../src/kubernetes/canonical.ts'
import { isSettled } from '../../../src/kubernetes/health.ts'
import type { Deployment, KubernetesObject, PodTemplate } from '../../../src/kubernetes/objects.ts'
import type { HookType } from '../canaries.ts'
import { FlaggerGates } from './flagger-gates.ts'
import { refOf, type MemoryCluster } from './memory-cluster.ts'
import type { Stored } from './stored.ts'

interface Status {
  phase: string
  canaryWeight: number
  failedChecks: number
  iterations: number
  lastAppliedSpec?: string
  lastPromotedSpec?: string
  conditions?: readonly { type: string; reason: string; lastUpdateTime: string; message: string }[]
}

interface Analysis {
  readonly iterations?: number
  readonly threshold: number
  readonly stepWeight: number
  readonly maxWeight: number
  readonly webhooks?: readonly { readonly type: string; readonly name: string; readonly url: string }[]
}

interface Canary extends KubernetesObject {
  readonly spec: {
    readonly provider: string
    readonly suspend?: boolean
    readonly skipAnalysis?: boolean
    readonly analysis: Analysis
  }
  readonly status?: Partial<Status>
}

const CANARY = { apiVersion: 'flagger.app/v1beta1', kind: 'Canary', namespace: 'shop', name: 'web' }
const deployment = (name: string) => ({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name })
/** Milliseconds between two looks. */
const INTERVAL = 10_000
/** Milliseconds that a look spends between two of its writes. */
const BETWEEN = 60
const UNDER_WAY = ['Progressing', 'Waiting', 'WaitingPromotion', 'Promoting', 'Finalising']

/**
 * Flagger 1.44 for one Canary, in the order of its scheduler: nothing is seen between two looks; while it has Failed it notes
 * the template first, and finds out a moment later whether to begin with it; a template that was promoted last never begins
 * anything, and does not end what is under way; it tells in Events alone that it waits before a share.
 */
export class FlaggerController {
  readonly gates = new FlaggerGates()
  /** What its metrics come to: the sentence of a bad one. */
  bad: () => string | undefined = () => undefined
  /** As if its process had been stopped. */
  isStopped = false
  /** The share of the requests that its router gives to the target. */
  weight = 0
  readonly #cluster: MemoryCluster
  #events = 0

  constructor(cluster: MemoryCluster) {
    this.#cluster = cluster
    void this.#run()
  }

  async #run(): Promise<void> {
    try {
      for (;;) {
        await this.#cluster.clock.sleep(INTERVAL)
        if (!this.isStopped) await this.#look()
      }
    } catch {
      // The clock has been stopped.
    }
  }

  async #look(): Promise<void> {
    const canary = this.#cluster.read<Canary>(CANARY)
    const target = this.#cluster.read<Deployment>(deployment('web'))
    if (canary === undefined || target === undefined || canary.spec.suspend === true) return
    const { phase = '', lastAppliedSpec, lastPromotedSpec } = canary.status ?? {}
    if (phase === '' || phase === 'Initializing') {
      await this.#initialise(target)
      return
    }
    const hash = hashOf(target.spec.template)
    if (!UNDER_WAY.includes(phase)) {
      if (phase === 'Failed') this.#sync({ phase, canaryWeight: canary.status?.canaryWeight ?? 0 }, hash)
      if (hash === lastPromotedSpec || hash === lastAppliedSpec) return
      await this.#cluster.clock.sleep(BETWEEN)
    }
    if (canary.spec.skipAnalysis !== true && !isReady(this.#primary())) {
      this.#tell('Warning', 'web-primary.shop not ready: waiting for rollout to finish')
      return
    }
    if (!UNDER_WAY.includes(phase) || phase === 'Waiting') await this.#begin(canary, target)
    else if (
      ['Progressing', 'WaitingPromotion'].includes(phase) &&
      hash !== lastPromotedSpec &&
      hash !== lastAppliedSpec
    ) {
      this.#tell('Normal', 'New revision detected! Restarting analysis for web.shop')
      this.weight = 0
      this.#sync({ phase: 'Progressing' }, hash)
    } else await this.#advance(canary, target, phase)
  }

  async #initialise(target: Deployment): Promise<void> {
    if (this.#primary() === undefined) {
      this.#setPhase('Initializing')
      this.#cluster.create({ ...asPrimary(target), spec: { ...asPrimary(target).spec } }, 'flagger')
      return
    }
    if (!isReady(this.#primary())) return
    this.#scale(target, 0)
    await this.#cluster.clock.sleep(BETWEEN)
    const hash = hashOf(target.spec.template)
    this.#sync({ phase: 'Initialized' }, hash, hash)
  }

  async #begin(canary: Canary, target: Deployment): Promise<void> {
    if (!this.#isConfirmed(canary, 'confirm-rollout')) {
      if (canary.status?.phase !== 'Waiting') {
        this.#setPhase('Waiting')
        this.#tell('Warning', 'Halt web.shop advancement waiting for approval confirm-rollout')
      }
      return
    }
    this.#tell('Normal', 'New revision detected! Scaling up web.shop')
    this.#scale(target, this.#primary()?.spec.replicas ?? 1)
    await this.#cluster.clock.sleep(BETWEEN)
    this.#sync({ phase: 'Progressing' }, hashOf(this.#target().spec.template))
  }

  async #advance(canary: Canary, target: Deployment, phase: string): Promise<void> {
    const { analysis, provider } = canary.spec
    const { failedChecks = 0, iterations = 0, canaryWeight = 0 } = canary.status ?? {}
    if (!isReady(target)) {
      this.#tell('Warning', 'canary deployment web.shop not ready: waiting for rollout to finish')
      return
    }
    if (canary.spec.skipAnalysis === true) {
      this.#promote()
      this.#scale(target, 0)
      this.#setPhase('Succeeded')
      return
    }
    const mayGoBack = phase === 'Progressing' || phase === 'WaitingPromotion'
    if (mayGoBack && this.#hooks(canary, 'rollback').some(() => this.gates.isOpen('rollback'))) {
      this.#tell('Warning', 'Rolling back web.shop manual webhook invoked')
      await this.#rollBack(target)
      return
    }
    if (phase === 'Promoting') {
      this.weight = 0
      this.#setPhase('Finalising')
      return
    }
    if (phase === 'Finalising') {
      this.#scale(target, 0)
      await this.#cluster.clock.sleep(BETWEEN)
      this.#setPhase('Succeeded')
      return
    }
    if (failedChecks >= analysis.threshold) {
      this.#tell('Warning', `Rolling back web.shop failed checks threshold reached ${failedChecks}`)
      await this.#rollBack(target)
      return
    }
    const bad = this.weight === 0 && iterations === 0 ? undefined : this.bad()
    if (bad !== undefined) {
      this.#tell('Warning', bad)
      this.#patch({ failedChecks: failedChecks + 1 })
    } else if (provider === 'kubernetes') await this.#iterate(canary, iterations)
    else await this.#share(canary, canaryWeight)
  }

  async #iterate(canary: Canary, done: number): Promise<void> {
    const { iterations = 10 } = canary.spec.analysis
    if (done < iterations) this.#patch({ iterations: done + 1 })
    else if (!this.#mayPromote(canary)) return
    else if (done === iterations) this.#patch({ iterations: done + 1 })
    else await this.#copy()
  }

  async #share(canary: Canary, weight: number): Promise<void> {
    const { stepWeight, maxWeight } = canary.spec.analysis
    const isAsked = canary.status?.phase === 'Progressing'
    if (isAsked && !this.#isConfirmed(canary, 'confirm-traffic-increase')) {
      this.#tell(
        'Warning',
        'Halt web.shop advancement waiting for traffic increase approval confirm-traffic-increase'
      )
      return
    }
    if (this.weight < maxWeight) {
      this.weight += stepWeight
      await this.#cluster.clock.sleep(BETWEEN)
      this.#patch({ canaryWeight: weight + stepWeight })
    } else if (this.#mayPromote(canary)) await this.#copy()
  }

  #mayPromote(canary: Canary): boolean {
    if (this.#isConfirmed(canary, 'confirm-promotion')) return true
    const { iterations = 0 } = canary.spec.analysis
    if (canary.status?.phase === 'WaitingPromotion') this.#patch({ iterations: iterations - 1 })
    else {
      this.#setPhase('WaitingPromotion', { iterations: iterations - 1 })
      this.#tell('Warning', 'Halt web.shop advancement waiting for promotion approval confirm-promotion')
    }
    return false
  }

  async #copy(): Promise<void> {
    this.#promote()
    await this.#cluster.clock.sleep(BETWEEN)
    this.#setPhase('Promoting')
  }

  #promote(): void {
    const primary = this.#primary()
    if (primary === undefined) return
    const { template } = asPrimary(this.#target()).spec
    this.#cluster.replace({ ...primary, spec: { ...primary.spec, template } }, 'flagger')
  }

  async #rollBack(target: Deployment): Promise<void> {
    this.weight = 0
    this.#tell('Warning', 'Canary failed! Scaling down web.shop')
    this.#scale(target, 0)
    await this.#cluster.clock.sleep(BETWEEN)
    this.#sync({ phase: 'Failed' }, hashOf(this.#target().spec.template))
  }

  #hooks({ spec }: Canary, type: HookType) {
    return (spec.analysis.webhooks ?? []).filter((hook) => hook.type === type)
  }

  #isConfirmed(canary: Canary, type: HookType): boolean {
    return this.#hooks(canary, type).every(
      ({ url }) => url.endsWith('/gate/approve') || (url.endsWith('/gate/check') && this.gates.isOpen('gate'))
    )
  }

  #target(): Deployment {
    const found = this.#cluster.read<Deployment>(deployment('web'))
    if (found === undefined) throw new Error('the target is gone')
    return found
  }

  #primary(): Deployment | undefined {
    return this.#cluster.read<Deployment>(deployment('web-primary'))
  }

  #scale({ metadata }: Deployment, replicas: number): void {
    this.#cluster.patch(
      refOf({ ...deployment(metadata.name), metadata }),
      [{ op: 'add', path: '/spec/replicas', value: replicas }],
      'flagger'
    )
  }

  /** Sets everything of its status anew, with the template that is wished for now. */
  #sync(given: Partial<Status> & { phase: string }, applied: string, promoted?: string): void {
    const { lastPromotedSpec } = this.#status()
    const kept = promoted ?? lastPromotedSpec
    this.#write({
      ...{ canaryWeight: 0, failedChecks: 0, iterations: 0 },
      ...given,
      lastAppliedSpec: applied,
      ...(kept === undefined ? {} : { lastPromotedSpec: kept })
    })
  }

  #setPhase(phase: string, more: Partial<Status> = {}): void {
    const live = this.#status()
    const keeps = ['Progressing', 'Waiting', 'Promoting'].includes(phase)
    const promoted = phase === 'Succeeded' ? { lastPromotedSpec: live.lastAppliedSpec ?? '' } : {}
    this.#write({
      ...live,
      phase,
      ...(keeps ? {} : { canaryWeight: 0, iterations: 0 }),
      ...promoted,
      ...more
    })
  }

  #patch(change: Partial<Status>): void {
    this.#write({ ...this.#status(), ...change })
  }

  #status(): Status {
    const live = this.#cluster.read<Canary>(CANARY)?.status
    return { phase: '', canaryWeight: 0, failedChecks: 0, iterations: 0, ...live }
  }

  #write(status: Status): void {
    const { conditions: [last] = [] } = this.#status()
    const lastUpdateTime = `${new Date(this.#cluster.clock.now()).toISOString().slice(0, 19)}Z`
    const condition = {
      type: 'Promoted',
      reason: status.phase,
      lastUpdateTime,
      message: MESSAGES[status.phase] ?? ''
    }
    const conditions = last?.reason === status.phase ? [last] : [condition]
    this.#cluster.setStatus(CANARY, { ...status, conditions, lastTransitionTime: lastUpdateTime })
  }

  #tell(type: string, message: string): void {
    this.#cluster.create({
      ...{ apiVersion: 'v1', kind: 'Event', type, message },
      metadata: { name: `web.${(this.#events += 1)}`, namespace: 'shop' },
      involvedObject: { kind: 'Canary', name: 'web', namespace: 'shop' },
      lastTimestamp: `${new Date(this.#cluster.clock.now()).toISOString().slice(0, 19)}Z`
    } as Stored)
  }
}

const MESSAGES: Readonly<Record<string, string>> = {
  Failed: 'Canary analysis failed, Deployment scaled to zero.'
}

const isReady = (one: Deployment | undefined): boolean =>
  one !== undefined && isSettled(one) && (one.status?.availableReplicas ?? 0) >= (one.spec.replicas ?? 1)

/** Of the content alone: Flagger knows no label of ReplicaSets. */
const hashOf = (template: PodTemplate): string =>
  createHash('sha256').update(canonical(template)).digest('hex').slice(0, 10)

let ids = 0

function asPrimary(target: Deployment): Deployment {
  const { template } = target.spec
  const labels = { ...template.metadata?.labels, app: 'web-primary' }
  const annotations = { ...template.metadata?.annotations, 'flagger-id': `id-${(ids += 1)}` }
  return {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment' },
    metadata: { name: 'web-primary', namespace: 'shop', labels: { app: 'web-primary' } },
    spec: {
      ...target.spec,
      selector: { matchLabels: { app: 'web-primary' } },
      template: { ...template, metadata: { ...template.metadata, labels, annotations } }
    }
  }
}
