/** What is played: a world, the runs in it, and what goes wrong meanwhile. */
export interface Schedule {
  readonly world: World
  readonly acts: readonly Act[]
  /** The run at the end that nothing disturbs; but for a deploy it is followed by one. */
  readonly ending: 'deploy' | 'abort' | 'rollback' | 'post'
  /** By which calls that are to fail are chosen. */
  readonly dice: number
}

/** What runs before the first release. */
export interface World {
  readonly start: 'plain' | 'slots'
  readonly replicas: number
  readonly autoscaled: boolean
  /** Names of HTTPRoutes; none: the Service alone. */
  readonly routes: readonly string[]
  /** Whether users come by a second Service as well, which is released along. */
  readonly internal: boolean
  /** Milliseconds until a pod is ready, and by which the Deployment controller and the gateway are behind. */
  readonly startup: number
  readonly lag: number
  readonly gatewayLag: number
}

/** What becomes of the pods of a version; with `crashes` and `unready` some time after they were ready. */
export type Fate = 'good' | 'slow' | 'never ready' | 'crash at once' | 'crashes' | 'unready' | 'fails tests'

/** One run of the action. */
export interface Act {
  readonly command: 'deploy' | 'promote' | 'abort' | 'rollback'
  readonly inputs: Readonly<Record<string, string>>
  /** A deploy brings a new version, or the one before once more. */
  readonly version: 'new' | 'again'
  readonly fate: Fate
  /** Milliseconds after the runs before have ended; a rival's after the last one has begun. */
  readonly after: number
  readonly rival: boolean
  /** Whether the post step comes when something is left to do. */
  readonly post: boolean
  readonly faults: readonly Fault[]
}

/** The nth call of a process, or the nth that changes something, before or after it was carried out. */
export interface Moment {
  readonly of: 'call' | 'write'
  readonly nth: number
  readonly side: 'before' | 'after'
}

/** How a call fails; `lost`: it is carried out, but the answer does not arrive. */
export type Refusal = 409 | 429 | 500 | 503 | 'lost'

/** What happens to one process. Times in milliseconds, since its begin. */
export type ProcessFault =
  | { readonly kind: 'dies'; readonly moment: Moment }
  | { readonly kind: 'sleeps'; readonly moment: Moment; readonly ms: number }
  | { readonly kind: 'cancelled'; readonly at: number }
  | {
      readonly kind: 'errors'
      readonly at: number
      readonly ms: number
      readonly percent: number
      readonly status: Refusal
    }
  | { readonly kind: 'late news'; readonly at: number; readonly ms: number; readonly by: number }
  | { readonly kind: 'watches end'; readonly at: number }

/** What happens to the world, so long after the run has begun. */
export type WorldFault =
  | { readonly kind: 'no api'; readonly at: number; readonly ms: number }
  | { readonly kind: 'edit'; readonly at: number; readonly edit: Edit }
  | {
      readonly kind: 'pods crash'
      readonly at: number
      readonly of: 'stable' | 'canary'
      readonly count: number
    }
  | { readonly kind: 'controller lag'; readonly at: number; readonly ms: number; readonly by: number }

export type Fault = ProcessFault | WorldFault

/** What people and their tools do by hand. */
export type Edit =
  | { readonly what: 'label'; readonly kind: 'Service' | 'HTTPRoute' | 'Deployment' | 'Lease' }
  | { readonly what: 'add a port' | 'add a rule' }
  | { readonly what: 'apply the Service' | 'apply the routes' }
  | { readonly what: 'image of the canary' }
  | { readonly what: 'replicas'; readonly of: 'stable' | 'canary'; readonly count: number }
  | { readonly what: 'delete the lock' | 'take the lock' }
  /** Over what a release has written: an annotation of somebody's own making, or one that was right before. */
  | {
      readonly what: 'write a claim' | 'write an older record' | 'write the record of others'
      readonly on: Annotated
    }

export type Annotated = 'Service' | 'HTTPRoute'

export const isProcessFault = (fault: Fault): fault is ProcessFault =>
  fault.kind !== 'no api' &&
  fault.kind !== 'edit' &&
  fault.kind !== 'pods crash' &&
  fault.kind !== 'controller lag'
