import { ClusterError, refuse, RouteGone } from '../base/errors.ts'
import { printRoute, type RouteName } from '../inputs/route.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'
import { routeFor, routesOfKind } from '../routes/index.ts'
import type { Backends, Route, RouteObjects } from '../routes/route.ts'
import { membersOf, type FoundRoute } from './observed.ts'

/** @throws InputError that names every route that is not there or that we cannot move traffic on */
export async function readRoutes(
  names: readonly RouteName[],
  namespace: string,
  cluster: Cluster
): Promise<readonly FoundRoute[]> {
  const { found, gone } = await readRemaining(names, namespace, cluster)
  refuse(gone.map((problem) => ({ input: 'route', problem })))
  return found
}

async function readRoute(
  name: RouteName,
  namespace: string,
  cluster: Cluster
): Promise<FoundRoute | { problem: string }> {
  const [kindly] = routesOfKind(name.kind)
  if (kindly === undefined) return { problem: `${printRoute(name)} is not a route that traffic is moved on` }
  const object = await ifKindIsThere(cluster.get({ ...kindly.object, namespace, name: name.name }))
  if (object === undefined) return { problem: `${printRoute(name)} does not exist in namespace ${namespace}` }
  const route = routeFor(name.kind, object)
  if (route === undefined) {
    return {
      problem: `${printRoute(name)} in namespace ${namespace} is of no controller whose traffic can be moved`
    }
  }
  return { name, route, object, others: await readOthers(route, namespace, cluster) }
}

/** Undefined when the cluster does not know the kind: without its definition there are no objects of it. */
async function ifKindIsThere<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading
  } catch (error) {
    if (error instanceof ClusterError && error.status === 404) return undefined
    throw error
  }
}

const readOthers = async (
  { others }: Route,
  namespace: string,
  cluster: Cluster
): Promise<readonly KubernetesObject[]> =>
  (await Promise.all(others.map((kind) => ifKindIsThere(cluster.list({ ...kind, namespace }))))).flatMap(
    (found) => found ?? []
  )

/** Reads the objects of a known route anew. @throws RouteGone when the route was deleted */
export async function readMembers(
  name: RouteName,
  backends: Backends,
  cluster: Cluster
): Promise<RouteObjects> {
  const found = await readRoute(name, backends.namespace, cluster)
  if ('problem' in found) throw new RouteGone(found.problem)
  return membersOf(found, backends).objects
}

/** Reads these routes; `gone` says why for those that are not there any more. */
export async function readRemaining(
  names: readonly RouteName[],
  namespace: string,
  cluster: Cluster
): Promise<{ readonly found: readonly FoundRoute[]; readonly gone: readonly string[] }> {
  const read = await Promise.all(names.map((name) => readRoute(name, namespace, cluster)))
  return {
    found: read.filter((one): one is FoundRoute => 'route' in one),
    gone: read.flatMap((one) => ('problem' in one ? [one.problem] : []))
  }
}
