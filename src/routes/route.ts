import type { KubernetesObject } from '../kubernetes/objects.ts'
import type { PortRef } from '../kubernetes/ports.ts'
import type { Right } from '../kubernetes/rights.ts'
import type { Labels } from '../kubernetes/selectors.ts'
import type { MetricsSource } from './metrics-source.ts'

/** Who is sent to the canary. Everybody else is sent to stable. */
export interface Split {
  /** Percent of all requests (or connections), 0 to 100; at 100 there is nobody else. */
  readonly weight: number
  /** Besides, every request with this header. */
  readonly header?: HeaderMatch
  /** Besides, copies of so many percent of stable's requests; nobody sees what the canary answers to them. */
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
  /** The Service that the workload is known by. Outside a release it selects stable, in one it follows stable. */
  readonly apex: string
  /** The Services with a fixed selector, one a slot. Stable's may never have been made. */
  readonly stable: string
  readonly canary: string
  /** The apex's selector: before the release, and with all traffic on the one, the other, or both by number of pods. */
  readonly selectors: {
    readonly before: Labels
    readonly stable: Labels
    readonly canary: Labels
    readonly both?: Labels
  }
  /** Labels that change with the version and that no selector above has, as the pods of both have them. */
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
 * One kind of route, as pure functions from objects to objects. One file a kind, one contract suite for all.
 *
 * What a function changes is our entries alone: what it is given besides comes out as it went in. An object that is
 * in the result and was not given is created, one that is missing in it is deleted; the result is in the order in
 * which it is written. Each function can be applied again to its own result, which then stays the same.
 */
export interface Route {
  /** As in the input `route`: `httproute` of `httproute/web`. */
  readonly kind: string
  /** What the user's object is. */
  readonly object: { readonly apiVersion: string; readonly kind: string }
  /** Kinds of the other objects that may belong to it; all of the namespace are given to `members`. */
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
   * Milliseconds until every part of the gateway has surely learnt what was written: new pods behind a Service that it
   * sends traffic to, or another share. No object says when it has. Without it that is a matter of milliseconds.
   */
  readonly lag?: (objects: RouteObjects) => number
  /** Reasons of events by which its controller says that it cannot do what is written, where no status says so. */
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
  /** Who else is moved by the same steps, and what else somebody should know of the route as it is. */
  readonly remarks?: (
    object: KubernetesObject,
    others: readonly KubernetesObject[],
    backends: Backends,
    pods?: PodLabels
  ) => string[]
  /**
   * What has to follow the Service to the canary's pods before the route may lead to it again. It is applied while all
   * traffic is on the canary's own Service, so that nobody notices, and a gateway has the time of its lag to learn it.
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
  /** Takes every trace of the release out again, all traffic to stable or to the canary, which is then stable. */
  settle(objects: RouteObjects, backends: Backends, serving: 'stable' | 'canary'): readonly KubernetesObject[]
  /** Percent of the traffic that goes to the canary; undefined when part of it goes to neither version. */
  weight(objects: RouteObjects, backends: Backends): number | undefined
  /** What the route's controller says against the objects as they are, or has not done yet; undefined when it has taken them. */
  pending(objects: RouteObjects): string | undefined
}

/** What the route of this object consists of. */
export const objectsOf = (
  { members }: Route,
  object: KubernetesObject,
  others: readonly KubernetesObject[],
  backends: Backends
): RouteObjects => members?.(object, others, backends) ?? [object]

/**
 * On a route object while a release has entries in it: what those fields held before, as JSON. Taken off by `settle`.
 * Kept there rather than in the record so that whoever restores the object needs nothing else.
 */
export const BEFORE_ANNOTATION = 'greenlight.dev/before'
