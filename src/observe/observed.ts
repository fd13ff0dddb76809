import { refuse } from '../base/errors.ts'
import type { Version } from '../domain/outcome.ts'
import { isUnfinished, type Release } from '../domain/record.ts'
import type { SlotName } from '../domain/slots.ts'
import { printRoute, type RouteName } from '../inputs/route.ts'
import { wantedReplicas } from '../kubernetes/health.ts'
import type { HorizontalPodAutoscaler } from '../kubernetes/limits.ts'
import type { Deployment, Pod, Service, KubernetesObject } from '../kubernetes/objects.ts'
import { objectsOf, type Backends, type Route, type RouteObjects } from '../routes/route.ts'
import type { Slots } from './find-service.ts'

/** What a release has to know of the cluster, read once. */
export interface Observed {
  readonly namespace: string
  readonly workload: string
  readonly service: Service
  /** Other Services of the workload, which follow it in a release. */
  readonly companions: readonly Service[]
  /** All other Services of the namespace. */
  readonly otherServices: readonly Service[]
  /** Those of the other Services that send users to pods of the workload, or may. */
  readonly neighbours: readonly Neighbour[]
  readonly record: Release | undefined
  /** No version serves yet: `stable` stands for nobody. */
  readonly first?: true
  /** What carries the traffic besides the Service. */
  readonly routes: readonly FoundRoute[]
  /** Why routes that the user named are not among these, a sentence each. */
  readonly goneRoutes?: readonly string[]
  readonly slots: Slots
  /** Deployments that have the name of a slot, but are not the workload's. */
  readonly foreign: readonly Deployment[]
  readonly stable: {
    readonly slot: SlotName
    readonly deployment: Deployment
    readonly hash: string
    readonly pods: readonly Pod[]
  }
  /** The autoscaler of the Deployment that serves; else one of another slot. */
  readonly autoscaler: HorizontalPodAutoscaler | undefined
  /** Names of all Deployments in the namespace whose size belongs to an autoscaler. */
  readonly autoscaled: readonly string[]
}

/** After a first release there is a record. */
export type Recorded = Observed & { readonly record: Release }

/** What is observed in the middle of a release; undefined when there is none, or it has ended. */
export const inRelease = (observed: Observed): Recorded | undefined =>
  observed.record !== undefined && isUnfinished(observed.record)
    ? { ...observed, record: observed.record }
    : undefined

/** A Service beside that of the release, with the ready pods that its users come to. */
export interface Neighbour {
  readonly service: Service
  readonly pods: readonly Pod[]
}

/** A route that the user named, with the other objects in the namespace that may belong to it. */
export interface FoundRoute {
  readonly name: RouteName
  readonly route: Route
  readonly object: KubernetesObject
  readonly others: readonly KubernetesObject[]
}

/** A route with the objects that belong to it. */
export interface ObservedRoute {
  readonly name: RouteName
  readonly title: string
  readonly route: Route
  readonly objects: RouteObjects
}

/** Finds the objects that belong to a route. */
export const membersOf = (
  { name, route, object, others }: FoundRoute,
  backends: Backends
): ObservedRoute => ({
  name,
  title: printRoute(name),
  route,
  objects: objectsOf(route, object, others, backends)
})

/** @throws InputError that names every route that is not there or that we cannot move traffic on */
export function requireRoutes({ goneRoutes = [] }: Observed): void {
  refuse(goneRoutes.map((problem) => ({ input: 'route', problem })))
}

/** The version that runs in a Deployment. */
export const versionOf = (slot: SlotName, deployment: Deployment, hash: string): Version => ({
  slot,
  deployment: deployment.metadata.name,
  images: deployment.spec.template.spec.containers.map(({ image }) => image ?? ''),
  hash,
  replicas: wantedReplicas(deployment)
})

/** What will serve when a release that was left is ended: its canary if that has passed, else stable. */
export function whenEnded(observed: Observed, { phase, canary }: Release): Observed {
  const slot = canary.slot as SlotName
  const deployment = observed.slots[slot]
  if (phase !== 'promoting' || deployment === undefined) return observed
  return { ...observed, stable: { slot, deployment, hash: canary.hash, pods: [] } }
}
