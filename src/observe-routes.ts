import { InputError } from './errors.ts'
import { printRoute } from './grammar/route.ts'
import type { RouteName } from './grammar/route.ts'
import type { Cluster } from './kubernetes/cluster.ts'
import type { KubernetesObject } from './kubernetes/objects.ts'
import { membersOf } from './observed.ts'
import type { FoundRoute } from './observed.ts'
import { routeFor, routesOfKind } from './routes/index.ts'
import type { Backends, Route, RouteObjects } from './routes/route.ts'

/** @throws InputError that names every route that is not there or that we cannot move traffic on */
export async function readRoutes(
  names: readonly RouteName[],
  namespace: string,
  cluster: Cluster
): Promise<readonly FoundRoute[]> {
  const read = await Promise.all(names.map((name) => readRoute(name, namespace, cluster)))
  const faults = read.flatMap((found) => ('problem' in found ? [{ input: 'route', ...found }] : []))
  if (faults.length > 0) throw new InputError(faults)
  return read.filter((found): found is FoundRoute => 'route' in found)
}

async function readRoute(
  name: RouteName,
  namespace: string,
  cluster: Cluster
): Promise<FoundRoute | { problem: string }> {
  const [kindly] = routesOfKind(name.kind)
  if (kindly === undefined) return { problem: `${printRoute(name)} is not a route that traffic is moved on` }
  const object = await cluster.get({ ...kindly.object, namespace, name: name.name })
  if (object === undefined) return { problem: `${printRoute(name)} does not exist in namespace ${namespace}` }
  const route = routeFor(name.kind, object)
  if (route === undefined) {
    return {
      problem: `${printRoute(name)} in namespace ${namespace} is of no controller whose traffic can be moved`
    }
  }
  return { name, route, object, others: await readOthers(route, namespace, cluster) }
}

const readOthers = async (
  { others }: Route,
  namespace: string,
  cluster: Cluster
): Promise<readonly KubernetesObject[]> =>
  (await Promise.all(others.map((kind) => cluster.list({ ...kind, namespace })))).flat()

/** Reads a route that was there before anew. @throws InputError when it is not there any more */
export async function readMembers(
  name: RouteName,
  backends: Backends,
  cluster: Cluster
): Promise<RouteObjects> {
  const [found] = await readRoutes([name], backends.namespace, cluster)
  if (found === undefined) throw new InputError([{ input: 'route', problem: `${printRoute(name)} is gone` }])
  return membersOf(found, backends).objects
}
