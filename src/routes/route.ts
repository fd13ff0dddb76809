import type { KubernetesObject } from '../kubernetes/objects.ts'
import type { PortRef } from '../kubernetes/ports.ts'
import { keyOf } from '../kubernetes/ref.ts'
import type { Right } from '../kubernetes/rights.ts'
import type { Labels } from '../kubernetes/selectors.ts'
import type { MetricsSource } from './metrics-source.ts'

/** Who is sent to the canary. Everybody else is sent to stable. */
export interface Split {
  /** Percentage of all requests (or connections) for the canary, 0 to 100. */
  readonly weight: number
  /** In addition, every request with this header goes to the canary. */
  readonly header?: HeaderMatch
  /** In addition, the canary gets copies of this percentage of stable's requests. Its answers to the copies are dropped. */
  readonly mirror?: number
}

export interface HeaderMatch {
  readonly name: string
  /** Matched exactly. */
  readonly value: string
}

/** What a step may ask of a route; every route can send all traffic to either version. */
export type Ability = 'weight' | 'header' | 'mirror'

/** Where a route can send traffic to. */
export interface Backends {
  readonly namespace: string
  /** The Service that users of the workload name. It selects stable, during a release too. */
  readonly apex: string
  /** The Services with a fixed selector, one for each slot. The one for stable may not exist. */
  readonly stable: string
  readonly canary: string
  /**
   * The apex's selector: before the release; with all traffic on stable; with all traffic on the canary; and, for
   * shares by number of pods, with both.
   */
  readonly selectors: {
    readonly before: Labels
    readonly stable: Labels
    readonly canary: Labels
    readonly both?: Labels
  }
  /**
   * Labels whose values differ between the versions and that none of the selectors above has, with the values on the
   * pods of each version.
   */
  readonly labels?: PodLabels
}

/** Labels of the pods of both versions, as far as they are known before a release. */
export interface PodLabels {
  readonly stable: Labels
  readonly canary: Labels
}

/** What is known of the Services before a release. */
export type OwnServices = Pick<Backends, 'namespace' | 'apex' | 'stable'>

/** The object that the user named, then whatever else the route consists of. */
export type RouteObjects = readonly [KubernetesObject, ...KubernetesObject[]]

/**
 * One kind of route, as pure functions from objects to objects. One file a kind, one contract suite for all kinds.
 *
 * A function changes only the entries that releases make; all other fields are returned unchanged. An object in the
 * result that was not given is created; a given object that is missing in the result is deleted; objects are written in
 * the order of the result. Applying a function to its own result changes nothing.
 */
export interface Route {
  /** As in the input `route`: `httproute` of `httproute/web`. */
  readonly kind: string
  /** What the user's object is. */
  readonly object: { readonly apiVersion: string; readonly kind: string }
  /**
   * Kinds of further objects that can be part of the route. All objects of these kinds in the namespace are given to
   * `members`.
   */
  readonly others: readonly { readonly apiVersion: string; readonly kind: string }[]
  /** What the credentials must be allowed to do with all of these in the namespace. */
  readonly needs: readonly Right[]
  readonly can: readonly Ability[]
  /** Whose metrics tell its versions apart; without it those of the application do. */
  readonly metrics?: MetricsSource
  /** Of what the weight is a share, e.g. `requests`. */
  readonly shareOf: 'requests' | 'connections'
  /** Whether its gateway sends to ports of the nodes, so that each Service behind it must have some. Without it, never. */
  readonly sendsToNodes?: (objects: RouteObjects, apex: KubernetesObject) => boolean
  /**
   * Milliseconds until every part of the gateway certainly knows what was written: new pods behind a Service that it
   * uses, or new shares. No object reports that. Without this field it takes milliseconds only.
   */
  readonly lag?: (objects: RouteObjects) => number
  /** Reasons of the events by which the controller refuses a route, for controllers that do not report it in a status. */
  readonly refusals?: readonly string[]
  /** Whether this is an object of this kind of route, where several share a Kubernetes kind. */
  readonly recognises?: (object: KubernetesObject) => boolean
  /** The port of the Service that it sends users to, where it names one. */
  readonly port?: (object: KubernetesObject, services: OwnServices) => PortRef | undefined
  /** The object and those of the others that this route consists of; without it the object alone. */
  readonly members?: (
    object: KubernetesObject,
    others: readonly KubernetesObject[],
    backends: Backends
  ) => RouteObjects
  /** Why this route cannot take part in a release with such steps, and what to change; undefined when it can. */
  problem(
    objects: RouteObjects,
    backends: Backends,
    splits: readonly Split[],
    pods?: PodLabels
  ): string | undefined
  /** Other users that the same steps move, and other facts about the route as it is that the user should know. */
  readonly remarks?: (
    object: KubernetesObject,
    others: readonly KubernetesObject[],
    backends: Backends,
    pods?: PodLabels
  ) => string[]
  /**
   * Changes that must be made, once the Service selects the canary's pods, before the route may lead to the Service
   * again. They are written while all traffic is on the canary's own Service, so that users notice nothing and the
   * gateway has its lag to learn them.
   */
  readonly follow?: (objects: RouteObjects, backends: Backends) => readonly KubernetesObject[]
  /** A manifest of an object that may belong to it, as it can be applied while stable serves. */
  readonly appliable?: (
    written: KubernetesObject,
    objects: RouteObjects,
    backends: Backends
  ) => KubernetesObject
  /** Sends the canary its share. */
  split(objects: RouteObjects, backends: Backends, split: Split): readonly KubernetesObject[]
  /** Removes every entry of the release and sends all traffic to `serving`. */
  settle(objects: RouteObjects, backends: Backends, serving: 'stable' | 'canary'): readonly KubernetesObject[]
  /** Percent of the traffic that goes to the canary; undefined when part of it goes to neither version. */
  weight(objects: RouteObjects, backends: Backends): number | undefined
  /** Why the route's controller has not accepted the objects as they are now; undefined when it has. */
  pending(objects: RouteObjects): string | undefined
}

/** What the route of this object consists of. */
export const objectsOf = (
  { members }: Route,
  object: KubernetesObject,
  others: readonly KubernetesObject[],
  backends: Backends
): RouteObjects => members?.(object, others, backends) ?? [object]

/** The objects with the current state of this one; a new one comes last. */
export const withObject = (objects: RouteObjects, now: KubernetesObject): RouteObjects =>
  objects.some((object) => keyOf(object) === keyOf(now))
    ? (objects.map((object) => (keyOf(object) === keyOf(now) ? now : object)) as unknown as RouteObjects)
    : [...objects, now]

export const withoutObject = (objects: RouteObjects, gone: KubernetesObject): RouteObjects =>
  objects.filter((object) => keyOf(object) !== keyOf(gone)) as unknown as RouteObjects

/**
 * On a route object while a release has entries in it: the previous content of the changed fields, as JSON. Removed by
 * `settle`. It is kept on the object and not in the record, so that the object can be restored without the record.
 */
export const BEFORE_ANNOTATION = 'greenlight.dev/before'
