import type { Fault } from '../base/errors.ts'
import type { JsonPatch } from '../kubernetes/json-patch.ts'
import type { KubernetesObject, PodTemplate } from '../kubernetes/objects.ts'
import type { Ref } from '../kubernetes/ref.ts'
import type { Labels } from '../kubernetes/selectors.ts'
import type { Listener } from '../kubernetes/reach.ts'
import type { Tree } from '../kubernetes/tree.ts'

/** An object that a controller releases, and what belongs to it, as they were read together. */
export interface Seen {
  readonly object: KubernetesObject
  /** What the object takes its template from, where that is an object of its own and exists. */
  readonly target?: KubernetesObject | undefined
  /** What runs what serves, where that is an object of its own and exists. */
  readonly serving?: KubernetesObject | undefined
  /** What belongs to it, of the kinds of `Engine.made`. */
  readonly made?: readonly KubernetesObject[]
  /** `Engine.noted` in the moment before the wish was last written, where that is known. */
  readonly noted?: string | undefined
}

/** A template that the controller keeps, with the pods of it. */
export interface EngineVersion {
  readonly hash: string
  readonly images: readonly string[]
  /** As the controller counts releases. */
  readonly revision?: number
  /** When it was first there; RFC 3339. */
  readonly at: string
  readonly replicas: number
  readonly ready: number
  /** To be wished for again, as somebody has once; absent where it cannot be read. */
  readonly template?: PodTemplate
}

/** Measurements that the controller takes by itself. All texts are those of others. */
export interface Analysis {
  readonly name: string
  /** When it runs, e.g. `in step 3`. */
  readonly when: string
  readonly phase: string
  readonly message: string
  readonly metrics: readonly {
    readonly name: string
    readonly phase: string
    readonly message: string
    /** Oldest first; the controller keeps the last few. */
    readonly measurements: readonly { readonly value: string; readonly phase: string }[]
  }[]
}

/**
 * What somebody wants to run, and how: the specs of the object, and of what that takes its template from. How many pods
 * there are is no part of it: that belongs to people and autoscalers.
 */
export interface Wish {
  readonly object: Tree
  readonly target?: Tree
}

/** Its patch tests what was seen, so that it meets nothing that came since. */
export interface PatchWrite {
  readonly ref: Ref
  readonly patch: JsonPatch
  readonly subresource?: 'status'
}

/** A POST to a program in the cluster that the controller asks. */
export interface CallWrite {
  readonly to: Listener
  readonly path: string
  readonly body: Readonly<Record<string, string>>
  /** The release goes on without it; that it was not answered is told. */
  readonly mayFail?: true
}

/** One write that moves the controller. */
export type Write = PatchWrite | CallWrite

export const isCall = (write: Write): write is CallWrite => 'to' in write

/** Percent of the traffic for the new version: as it is, and as the controller wants it in this place. */
export interface Weight {
  readonly now: number
  readonly wanted: number
}

/** How far a release has come. */
export interface Place {
  readonly weight: Weight
  /** From 1; absent where the object names no steps. */
  readonly step?: number
  readonly of?: number
}

/**
 * What a release waits for. `pause`: its author wants a yes here. `inconclusive`: an analysis of the controller has come
 * to nothing. `held`: a person has paused the whole object.
 */
export type Gate = 'pause' | 'inconclusive' | 'held'

/** What the controller is at. All texts may hold words of others. */
export type Activity =
  /** The controller has not seen the last change: its status is about an earlier wish. Lasting, it is not running. */
  | { readonly at: 'unseen'; readonly what: string }
  /** What is wished for serves. */
  | { readonly at: 'rest' }
  /** @property until when the controller is to go on by itself, in milliseconds since the epoch by its own clock */
  | ({ readonly at: 'moving'; readonly what: string; readonly until?: number } & Place)
  | ({
      readonly at: 'gate'
      readonly gate: Gate
      readonly what: string
      /** Whether its pods are there and users are not on them. */
      readonly testable: boolean
    } & Place)
  /**
   * @property aborted the controller has put the old version back, or is about to; else it goes on trying
   * @property asked somebody has told it to: nothing that it has measured speaks against the version
   */
  | ({
      readonly at: 'failed'
      readonly why: string
      readonly aborted: boolean
      readonly asked?: true
    } & Place)

export type EngineState = Activity & {
  /** Hash of the template that served last; empty before a first release has ended. */
  readonly stable: string
  /** Hash of the template that is wished for, as far as the controller has seen it. */
  readonly wished: string
}

/** What is wrong in an object, and where. */
export interface LintFault extends Fault {
  readonly place?: {
    readonly kind: string
    readonly name: string
    /** As in `spec.strategy.canary.steps[2]`. */
    readonly path: string
  }
}

/** A share of the users that the new version gets on its way, as the object says. */
export interface Share {
  /** Percent. */
  readonly weight: number
  /** Of its steps the one that brings it, from 1. */
  readonly step: number
  /** How long it lasts by what is known before, in milliseconds. */
  readonly duration: number
  /** Whether it waits for a yes. */
  readonly waits: boolean
}

/** The version that is released, and the one that is replaced. */
export type Side = 'new' | 'old'

/** Where the pods of a version are found. */
export interface PodsOf {
  readonly labels: Labels
  /**
   * Their owner: labels alone may be those of another workload as well. Its `spec.replicas` is how many are wanted. All pods
   * of a Deployment are meant, once it has replaced those of an earlier template.
   */
  readonly owner: { readonly kind: 'ReplicaSet' | 'Deployment'; readonly name: string }
}
