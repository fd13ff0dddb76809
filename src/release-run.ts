import { initialStanding } from './analysis/judge.ts'
import type { Sampler } from './analysis/sampling.ts'
import { ReleaseFailed } from './errors.ts'
import type { Lane, Ports, ReleaseRun, Settings } from './execution/run-state.ts'
import { openTraffic } from './execution/traffic.ts'
import type { Traffic } from './execution/traffic.ts'
import type { Lock } from './kubernetes/lease.ts'
import type { Deployment, HorizontalPodAutoscaler, Service } from './kubernetes/objects.ts'
import { readMembers, readRemaining } from './observe-routes.ts'
import { membersOf } from './observed.ts'
import type { ObservedRoute } from './observed.ts'
import type { Shift } from './outcome.ts'
import { backendsOf, splitOf } from './record.ts'
import type { Release } from './record.ts'
import { drainOf } from './strategies/drain.ts'

export interface Beginning {
  readonly service: Service
  /** Those of the release, in its order. */
  readonly routes: readonly ObservedRoute[]
  /** What serves. */
  readonly stable: Deployment | undefined
  readonly autoscaler?: HorizontalPodAutoscaler | undefined
  readonly workload: string
  readonly release: Release
  readonly port: number
  /** Whether the record on the route is already this release's: then there is something to put back. */
  readonly begun: boolean
  readonly lock: Lock
  readonly sampler: Sampler | undefined
}

/** The state of a release before its first step. */
export function beginRun(
  { service, routes, stable, autoscaler, workload, release, port, begun, lock, sampler }: Beginning,
  ports: Ports,
  settings: Settings
): ReleaseRun {
  const namespace = service.metadata.namespace ?? ''
  const traffic = openService(service, lock.holder, ports)
  return {
    namespace,
    workload,
    settings,
    ports,
    traffic,
    routes: routes.map((route) => openLane(route, release, lock.holder, traffic, ports)),
    lock,
    begun,
    stable: release.stable,
    canary: release.canary,
    serving: stable,
    initial: release,
    release,
    deployment: undefined,
    autoscaler,
    outdated: undefined,
    port,
    pods: [],
    tested: new Set(),
    behind: new Map(),
    shiftedAt: undefined,
    marks: undefined,
    sampler,
    standing: initialStanding,
    timeline: [],
    shifts: shiftsBefore(release),
    smokeTests: [],
    measurements: [],
    evidence: [],
    warnings: []
  }
}

/** Where a release stands that this run takes up. */
const shiftsBefore = (release: Release): Shift[] =>
  release.shiftedAt === undefined ? [] : [{ at: Date.parse(release.shiftedAt), split: splitOf(release) }]

/** The Service and whatever else routes its traffic. */
export const trafficsOf = ({ traffic, routes }: ReleaseRun): readonly Traffic[] => [
  traffic,
  ...routes.map((lane) => lane.traffic)
]

/** Milliseconds between the last request to a version and the end of its pods. */
export const drainIn = ({ routes }: ReleaseRun): number =>
  drainOf(routes.map(({ route, traffic }) => ({ route, objects: traffic.current() })))

function openService(service: Service, holder: string, ports: Ports): Traffic {
  const { apiVersion, kind, metadata } = service
  const { namespace, name } = metadata
  const read = async (): Promise<[Service]> => {
    const live = await ports.cluster.get<Service>({ apiVersion, kind, namespace, name })
    if (live !== undefined) return [live]
    throw new ReleaseFailed(
      `service/${name} in namespace ${namespace ?? ''} was deleted while the release ran`
    )
  }
  return openTraffic({ objects: [service], holder, read }, ports)
}

function openLane(
  { name, route, objects }: ObservedRoute,
  release: Release,
  holder: string,
  anchor: Traffic,
  ports: Ports
): Lane {
  const { namespace = '' } = objects[0].metadata
  const backends = backendsOf(release, namespace, anchor.name)
  const read = () => readMembers(name, backends, ports.cluster)
  return { route, traffic: openTraffic({ objects, holder, read, anchor }, ports) }
}

/** The routes of a release that is on record already; nobody comes by one that was deleted since. */
export async function routesOf(
  release: Release,
  { metadata }: Service,
  { cluster, log }: Ports
): Promise<readonly ObservedRoute[]> {
  const namespace = metadata.namespace ?? ''
  const { found, gone } = await readRemaining(release.routes ?? [], namespace, cluster)
  for (const problem of gone) log.warning(problem)
  return found.map((route) => membersOf(route, backendsOf(release, namespace, metadata.name)))
}
