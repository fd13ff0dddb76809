import { formatDuration } from '../base/duration.ts'
import { TakenOver } from '../base/errors.ts'
import { companionSelectors, type Companion } from '../domain/companions.ts'
import { backendsOf, type Release } from '../domain/record.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'
import { drainOf } from '../plan/drain.ts'
import { type Backends, type Split, withObject } from '../routes/route.ts'
import { serviceRoute } from '../routes/service.ts'
import type { Traffic } from '../traffic/traffic.ts'
import { awaitCondition } from './await-condition.ts'
import type { RouteWriter, ReleaseRun } from './release-run.ts'

/** The routes that traffic is moved on. */
export const routeWritersOf = ({ routes, traffic }: ReleaseRun): readonly RouteWriter[] =>
  routes.length > 0 ? routes : [{ route: serviceRoute, traffic }]

/** The Service and whatever else routes its traffic. */
export const trafficsOf = ({ traffic, companions, routes }: ReleaseRun): readonly Traffic[] => [
  traffic,
  ...companions.map((companion) => companion.traffic),
  ...routes.map((writer) => writer.traffic)
]

/**
 * Reads anew what routes the traffic, before it is put back. One route that cannot be read must not keep the others from
 * being put back.
 * @throws TakenOver when another run may have written one of them
 */
export async function refreshTraffic(run: ReleaseRun): Promise<void> {
  const readings = await Promise.allSettled(trafficsOf(run).map((traffic) => traffic.refresh()))
  for (const reading of readings)
    if (reading.status === 'rejected' && reading.reason instanceof TakenOver) throw reading.reason
}

/** Milliseconds between the last request to a version and the end of its pods. */
export const drainIn = ({ routes, leastDrain }: ReleaseRun): number =>
  Math.max(leastDrain, drainOf(routes.map(({ route, traffic }) => ({ route, objects: traffic.current() }))))

export const backendsIn = (run: ReleaseRun, release: Release = run.progress.release): Backends =>
  backendsOf(release, run.namespace, run.traffic.name)

/** Writes record and selector of the Service: the canary's share, or stable alone while routes move the traffic. */
export async function writeService(run: ReleaseRun, release: Release, split: Split): Promise<void> {
  const backends = backendsIn(run, release)
  const first = run.traffic.write((objects) => serviceRoute.split(objects, backends, split), release)
  if (!run.progress.recorded) await first
  run.progress.recorded = true
  const others = run.companions.map(({ own, traffic }) => {
    const theirs = backendsFor(own, backends)
    return traffic.write((objects) => serviceRoute.split(objects, theirs, split), undefined)
  })
  await Promise.all([first, ...others])
}

/** The backends for a Service that follows, which has a selector of its own. */
export const backendsFor = ({ before }: Companion, backends: Backends): Backends => ({
  ...backends,
  selectors: companionSelectors(before, backends.selectors)
})

/** Writes all routes at the same time. */
export async function splitRoutes(run: ReleaseRun, split: Split): Promise<void> {
  const { release } = run.progress
  const backends = backendsIn(run)
  await Promise.all(
    run.routes.map(({ route, traffic }) =>
      traffic.write((objects) => route.split(objects, backends, split), release)
    )
  )
}

/** Writes what has to follow the Service to the canary's pods before the routes lead to it again. */
export async function followOnRoutes(run: ReleaseRun, release: Release): Promise<void> {
  const backends = backendsIn(run)
  await Promise.all(
    run.routes.flatMap(({ route: { follow }, traffic }) =>
      follow === undefined ? [] : [traffic.write((objects) => follow(objects, backends), release)]
    )
  )
}

/** Takes the release out of the routes without a trace. */
export async function settleRoutes(run: ReleaseRun, serving: 'stable' | 'canary'): Promise<void> {
  const backends = backendsIn(run)
  await Promise.all(
    run.routes.map(({ route, traffic }) =>
      traffic.write((objects) => route.settle(objects, backends, serving), undefined)
    )
  )
}

/**
 * The largest share that one of the routes, or the Service that they lead to, gives the canary; undefined when one sends
 * traffic to neither version, or somebody has made the Service select both.
 */
export function weightNow(run: ReleaseRun): number | undefined {
  const backends = backendsIn(run)
  const all = [{ route: serviceRoute, traffic: run.traffic }, ...run.routes]
  const weights = [
    ...all.map(({ route, traffic }) => route.weight(traffic.current(), backends)),
    ...run.companions.map(({ own, traffic }) =>
      serviceRoute.weight(traffic.current(), backendsFor(own, backends))
    )
  ]
  return weights.includes(undefined) ? undefined : Math.max(...weights.map((weight) => weight ?? 0))
}

/** Milliseconds for a gateway's controller to accept a route; most do at once. */
const TIMEOUT = 30_000

/**
 * Waits until the controller of every route says that it has accepted the route as it is now.
 * @throws ReleaseFailed with what a controller says instead
 */
export async function awaitRoutes(run: ReleaseRun, signal: AbortSignal): Promise<string> {
  await Promise.all(run.routes.map((writer) => awaitRoute(writer, run, signal)))
  const titles = run.routes.map(({ traffic }) => traffic.title)
  return titles.length === 0 ? 'no routes' : `${titles.join(', ')} accepted`
}

async function awaitRoute(
  { route, traffic }: RouteWriter,
  run: ReleaseRun,
  signal: AbortSignal
): Promise<void> {
  const [main] = traffic.current()
  let pending = route.pending(traffic.current())
  if (pending === undefined) return
  const { apiVersion, kind, metadata } = main
  const taken = ([live]: readonly KubernetesObject[]): true | undefined => {
    // No users come through a route that was deleted.
    if (live === undefined) return true
    if ((live.metadata.generation ?? 0) < (metadata.generation ?? 0)) return undefined
    pending = route.pending(withObject(traffic.current(), live))
    return pending === undefined ? true : undefined
  }
  await awaitCondition(
    {
      query: { apiVersion, kind, namespace: metadata.namespace, fields: `metadata.name=${metadata.name}` },
      known: main,
      reached: taken,
      limit: {
        timeout: TIMEOUT,
        late: () => `${traffic.title}: ${formatDuration(TIMEOUT)} after it was written: ${pending ?? ''}`
      }
    },
    run.ports,
    signal
  )
}
