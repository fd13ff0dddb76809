import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../../../src/base/clock.ts'
import { ClusterError } from '../../../src/base/errors.ts'
import { isOutage, LONGEST_OUTAGE } from '../../../src/kubernetes/outage.ts'
import type {
  Cluster,
  HttpAnswer,
  HttpRequest,
  JsonPatch,
  PatchOptions,
  Query,
  WriteOptions
} from '../../../src/kubernetes/cluster.ts'
import type { KubernetesObject } from '../../../src/kubernetes/objects.ts'
import type { Ref } from '../../../src/kubernetes/ref.ts'
import {
  asKept,
  matcher,
  merged,
  metadataOf,
  patched,
  refuseToChange,
  sameContent,
  type Stored
} from './stored.ts'
import { refuseWrong, unknownFields, withoutUnknown } from './validation.ts'
import { watchObjects } from './watch-objects.ts'

export type Verb =
  'get' | 'list' | 'watch' | 'create' | 'replace' | 'patch' | 'delete' | 'apply' | 'logs' | 'send' | 'forward'

/** One call of the port. */
export interface Call {
  readonly verb: Verb
  readonly kind: string
  readonly name: string
  readonly dryRun: boolean
}

/** What may happen to the calls of one process: other writes in between, lost answers, its own end. */
export interface Hooks {
  /** Whose writes these are, for whoever subscribes. */
  readonly writer?: string
  readonly before?: (call: Call) => unknown
  /** The call has been carried out; an error thrown here is an answer that was lost. */
  readonly after?: (call: Call) => unknown
  /** While it is so, no news come to watches that are open. */
  readonly isSilent?: () => boolean
}

const KINDS: ReadonlySet<string> = new Set([
  'v1 PersistentVolumeClaim',
  'argoproj.io/v1alpha1 AnalysisRun',
  'argoproj.io/v1alpha1 AnalysisTemplate',
  'argoproj.io/v1alpha1 Application',
  'argoproj.io/v1alpha1 ClusterAnalysisTemplate',
  'argoproj.io/v1alpha1 Rollout',
  'apps/v1 Deployment',
  'autoscaling.k8s.io/v1 VerticalPodAutoscaler',
  'policy/v1 PodDisruptionBudget',
  'apps/v1 ReplicaSet',
  'apps/v1 StatefulSet',
  'apps/v1 DaemonSet',
  'batch/v1 Job',
  'autoscaling/v2 HorizontalPodAutoscaler',
  'coordination.k8s.io/v1 Lease',
  'discovery.k8s.io/v1 EndpointSlice',
  'flagger.app/v1beta1 Canary',
  'flagger.app/v1beta1 MetricTemplate',
  'gateway.networking.k8s.io/v1 GRPCRoute',
  'gateway.networking.k8s.io/v1 HTTPRoute',
  'networking.istio.io/v1 DestinationRule',
  'networking.istio.io/v1 VirtualService',
  'networking.k8s.io/v1 Ingress',
  'projectcontour.io/v1 HTTPProxy',
  'serving.knative.dev/v1 Service',
  'traefik.io/v1alpha1 TraefikService',
  'v1 ConfigMap',
  'v1 Event',
  'v1 LimitRange',
  'v1 Pod',
  'v1 ResourceQuota',
  'v1 Secret',
  'v1 Service'
])

const REVIEWS: ReadonlySet<string> = new Set(['SelfSubjectRulesReview', 'SelfSubjectAccessReview'])
const ALL = [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }]

/** A permission that is asked for. */
export interface Reviewed {
  readonly verb: string
  readonly group: string
  readonly resource: string
  readonly subresource?: string
}

/** Milliseconds: a call on its way, its answer on the way back, news on its way to a watch. */
export const ON_THE_WAY = 2
/** Milliseconds between two attempts to connect a watch. */
export const WATCH_AGAIN = 500

const keyOf = ({ apiVersion, kind, namespace, name }: Ref): string =>
  `${apiVersion} ${kind} ${namespace ?? ''}/${name}`

export const refOf = ({ apiVersion, kind, metadata }: KubernetesObject): Ref => ({
  apiVersion,
  kind,
  namespace: metadata.namespace,
  name: metadata.name
})

/** A deleted object is given in its last state, with a deletionTimestamp; `writer` as in the hooks, else the field manager. */
export type Listener = (now: Stored, before: Stored | undefined, writer: string) => void

/** The objects of a cluster, frozen. Calls of these methods come from the control plane and take no time. */
export class MemoryCluster {
  readonly clock: Clock
  /** What pods answer to requests through the API server. */
  answer: (request: HttpRequest) => HttpAnswer = () => ({ status: 200, headers: {}, body: '' })
  /** Whether the rules of credentials can be listed; else each right is asked for by itself. */
  listsRules = true
  /** The rights that were asked for one by one. */
  readonly reviewed: Reviewed[] = []
  /** Permissions that are denied when asked for one by one. */
  isDenied: (right: Reviewed) => boolean = () => false
  /** What it has to say of a write that it accepts. */
  warns: (object: KubernetesObject) => readonly string[] = () => []
  readonly #objects = new Map<string, Stored>()
  readonly #applied = new Map<string, Stored>()
  readonly #listeners = new Set<Listener>()
  #version = 0
  /** Set while a process writes. */
  #writer: string | undefined

  constructor(clock: Clock) {
    this.clock = clock
  }

  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- as in the port: the caller says what kind it is
  read<T extends KubernetesObject>(ref: Ref): T | undefined {
    if (!KINDS.has(`${ref.apiVersion} ${ref.kind}`))
      throw new ClusterError(`the cluster has no kind ${ref.kind} in ${ref.apiVersion}`, 404)
    return this.#objects.get(keyOf(ref)) as T | undefined
  }

  /** Of every kind. */
  everything(): readonly Stored[] {
    return [...this.#objects.values()]
  }

  all<T extends KubernetesObject>(query: Query): T[] {
    return [...this.#objects.values()].filter(matcher(query)) as KubernetesObject[] as T[]
  }

  /** Calls back in the moment of each change. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  create(object: Stored, by = 'somebody', dryRun = false): Stored {
    if (REVIEWS.has(object.kind)) return this.#review(object)
    if (this.read(refOf(object)) !== undefined) throw conflict(object, 'exists already')
    return this.#keep({ ...object, status: {} }, undefined, by, dryRun)
  }

  /** As PUT does: everything but the status is as given, and a Lease that is gone is made anew. */
  replace(object: Stored, by = 'somebody', dryRun = false): Stored {
    if (object.kind === 'Lease' && this.read(refOf(object)) === undefined)
      return this.create(object, by, dryRun)
    const live = this.#known(refOf(object))
    const { resourceVersion = live.metadata.resourceVersion } = object.metadata
    if (resourceVersion !== live.metadata.resourceVersion) throw conflict(object, 'has been modified')
    refuseToChange(live, object)
    return this.#keep({ ...object, status: live.status }, live, by, dryRun)
  }

  patch(ref: Ref, patch: JsonPatch, by = 'somebody', dryRun = false): Stored {
    return this.replace(patched(this.#known(ref), patch), by, dryRun)
  }

  /** As a PATCH of `/status` does: everything but the status stays. */
  patchStatus(ref: Ref, patch: JsonPatch, by = 'somebody', dryRun = false): Stored {
    const live = this.#known(ref)
    const { status } = patched(live, patch)
    return this.#keep({ ...live, status }, live, by, dryRun, live.metadata.generation)
  }

  apply(object: Stored, by = 'somebody', dryRun = false): Stored {
    const key = keyOf(refOf(object))
    const live = this.#objects.get(key)
    const before = this.#applied.get(key)
    if (!dryRun) this.#applied.set(key, asKept(object))
    if (live === undefined) return this.create(object, by, dryRun)
    return this.replace(merged(live, object, before) as Stored, by, dryRun)
  }

  /** What a controller reports; no other part of the object is touched. */
  /** @param annotations that a controller changes with it, which makes no new generation then */
  setStatus(ref: Ref, status: unknown, annotations: Readonly<Record<string, string>> = {}): void {
    const live = this.#objects.get(keyOf(ref))
    if (live === undefined) return
    const all = { ...live.metadata.annotations, ...annotations }
    const metadata = Object.keys(all).length === 0 ? live.metadata : { ...live.metadata, annotations: all }
    this.#keep(
      { ...live, metadata, status },
      live,
      'kube-controller-manager',
      false,
      live.metadata.generation
    )
  }

  remove(ref: Ref, by = 'somebody'): void {
    const live = this.#objects.get(keyOf(ref))
    if (live === undefined) return
    this.#objects.delete(keyOf(ref))
    const deletionTimestamp = new Date(this.clock.now()).toISOString()
    this.#tell({ ...live, metadata: { ...live.metadata, deletionTimestamp } }, live, by)
  }

  /** The cluster, as one process sees it. */
  connect(hooks: Hooks = {}): Cluster {
    const call = async <T>(
      verb: Verb,
      { kind, name = '' }: Partial<Ref>,
      work: () => T,
      dryRun = false
    ): Promise<T> => {
      const made: Call = { verb, kind: kind ?? '', name, dryRun }
      await hooks.before?.(made)
      await this.clock.sleep(ON_THE_WAY)
      const answer = this.#as(hooks.writer, work)
      await hooks.after?.(made)
      await this.clock.sleep(ON_THE_WAY)
      return answer
    }
    const us = 'greenlight'
    return {
      get: <T extends KubernetesObject>(ref: Ref) => call('get', ref, () => this.read<T>(ref)),
      list: <T extends KubernetesObject>(query: Query) =>
        call('list', query, () => {
          const found = this.all<T>(query)
          return query.metadataOnly === true ? found.map((object) => metadataOf(object) as T) : found
        }),
      create: (object, options = {}) =>
        call('create', refOf(object), () => this.#judged('create', object, options), options.dryRun),
      replace: (object, options = {}) =>
        call('replace', refOf(object), () => this.#judged('replace', object, options), options.dryRun),
      patch: <T extends KubernetesObject>(
        ref: Ref,
        patch: JsonPatch,
        { dryRun = false, subresource }: PatchOptions = {}
      ) => {
        const write = (): Stored =>
          subresource === undefined
            ? this.patch(ref, patch, us, dryRun)
            : this.patchStatus(ref, patch, us, dryRun)
        return call('patch', ref, () => write() as KubernetesObject as T, dryRun)
      },
      apply: (object, options = {}) =>
        call('apply', refOf(object), () => this.#judged('apply', object, options), options.dryRun),
      remove: (object) =>
        call('delete', refOf(object), () => {
          const live = this.read(refOf(object))
          const { resourceVersion = live?.metadata.resourceVersion } = object.metadata
          if (live !== undefined && live.metadata.resourceVersion !== resourceVersion)
            throw conflict(object, 'has been modified')
          this.remove(refOf(object), us)
        }),
      watch: async (query, onChange, signal, known) => {
        const tell = onChange as (objects: readonly Stored[]) => void
        if (known !== undefined && !signal.aborted) tell([known])
        await this.#reach(() => call('watch', query, () => undefined), signal)
        await watchObjects(this, query, tell, signal, known, hooks.isSilent)
      },
      logs: ({ name }) => call('logs', { kind: 'Pod', name }, () => `the last words of ${name}`),
      send: (request) => call('send', { kind: 'Pod', name: request.path }, () => this.answer(request)),
      forward: ({ name }) =>
        call('forward', { kind: 'Pod', name }, () => {
          throw new ClusterError('pods of the in-memory cluster have no ports', 0)
        })
    }
  }

  /** The watch reconnects, for as long as the port promises. */
  async #reach(connect: () => Promise<undefined>, signal: AbortSignal): Promise<void> {
    const deadline = this.clock.now() + LONGEST_OUTAGE
    for (;;) {
      try {
        await connect()
        return
      } catch (error) {
        if (!isOutage(error) || signal.aborted || this.clock.now() > deadline) throw error
        await this.clock.sleep(WATCH_AGAIN, signal)
      }
    }
  }

  /** What a process sends is judged first. */
  #judged<T extends KubernetesObject>(
    verb: 'create' | 'replace' | 'apply',
    object: T,
    { dryRun = false, strict = false, onWarning }: WriteOptions
  ): T {
    if (!REVIEWS.has(object.kind)) refuseWrong(object, strict)
    const written = this[verb](withoutUnknown(object as Stored), 'greenlight', dryRun)
    for (const field of unknownFields(object)) onWarning?.(`unknown field "${field}"`)
    for (const warning of this.warns(object)) onWarning?.(warning)
    return written as KubernetesObject as T
  }

  #as<T>(writer: string | undefined, work: () => T): T {
    this.#writer = writer
    try {
      return work()
    } finally {
      this.#writer = undefined
    }
  }

  #review(object: Stored): Stored {
    const { resourceAttributes } = object.spec as { readonly resourceAttributes?: Reviewed }
    if (resourceAttributes === undefined)
      return { ...object, status: { resourceRules: this.listsRules ? ALL : [] } }
    this.reviewed.push(resourceAttributes)
    return { ...object, status: { allowed: !this.isDenied(resourceAttributes) } }
  }

  #known(ref: Ref): Stored {
    const live = this.read<Stored>(ref)
    if (live !== undefined) return live
    throw new ClusterError(`${ref.kind} ${ref.name} does not exist`, 404)
  }

  #keep(object: Stored, live: Stored | undefined, by: string, dryRun: boolean, generation?: number): Stored {
    const time = new Date(this.clock.now()).toISOString()
    const { managedFields = [], creationTimestamp = time, uid } = live?.metadata ?? {}
    const kept: Stored = asKept({
      ...object,
      metadata: { ...object.metadata, uid: uid ?? `uid-${this.#version + 1}`, creationTimestamp }
    })
    if (live !== undefined && sameContent(kept, live)) return live
    const others = managedFields.filter(({ manager }) => manager !== by)
    const stored: Stored = asKept({
      ...kept,
      metadata: {
        ...kept.metadata,
        generation: generation ?? nextGeneration(kept, live),
        resourceVersion: String((this.#version += dryRun ? 0 : 1)),
        managedFields: [...others, { manager: by, operation: 'Update', time }]
      }
    })
    if (dryRun) return stored
    this.#objects.set(keyOf(refOf(stored)), stored)
    this.#tell(stored, live, by)
    return stored
  }

  #tell(now: Stored, before: Stored | undefined, by: string): void {
    for (const listener of this.#listeners) listener(now, before, this.#writer ?? by)
  }
}

/** Deployments count their annotations, too: https://github.com/kubernetes/kubernetes/blob/master/pkg/registry/apps/deployment/strategy.go */
function nextGeneration({ kind, metadata, spec }: Stored, live: Stored | undefined): number {
  const { generation = 0, annotations = {} } = live?.metadata ?? {}
  const isSame =
    live !== undefined &&
    isDeepStrictEqual(spec, live.spec) &&
    (kind !== 'Deployment' || isDeepStrictEqual(metadata.annotations ?? {}, annotations))
  return generation + (isSame ? 0 : 1)
}

const conflict = ({ kind, metadata }: Stored, what: string): ClusterError =>
  new ClusterError(`${kind} ${metadata.name} ${what}`, 409)
