import { ReleaseFailed, RouteGone } from '../base/errors.ts'
import { initialStanding } from '../checks/judge.ts'
import type { Sampler } from '../checks/sampler.ts'
import { companionsIn } from '../domain/companions.ts'
import type { Shift } from '../domain/outcome.ts'
import { backendsOf, splitOf, type Release } from '../domain/record.ts'
import type { HorizontalPodAutoscaler } from '../kubernetes/limits.ts'
import type { Deployment, Service } from '../kubernetes/objects.ts'
import type { Entrance } from '../kubernetes/ports.ts'
import { refOf } from '../kubernetes/ref.ts'
import type { Lock } from '../lock/lock.ts'
import { membersOf, type ObservedRoute } from '../observe/observed.ts'
import { readMembers, readRemaining } from '../observe/routes.ts'
import { drainOf } from '../plan/drain.ts'
import type { Place } from '../traffic/state.ts'
import { openTraffic, type Traffic } from '../traffic/traffic.ts'
import type { Follower, RouteWriter, Ports, ReleaseRun, Settings } from './release-run.ts'

export interface Beginning {
  readonly service: Service
  /** Services that may follow; the record says which do. */
  readonly companions?: readonly Service[]
  /** The routes of the release, in its order. */
  readonly routes: readonly ObservedRoute[]
  /** What serves. */
  readonly stable: Deployment | undefined
  readonly autoscaler?: HorizontalPodAutoscaler | undefined
  readonly workload: string
  readonly release: Release
  readonly entrance: Entrance
  /** Whether the record on the route is already this release's: then there is something to put back. */
  readonly begun: boolean
  /** Whether the Service was read after the lock was taken: then no other run can have written it since. */
  readonly readUnderLock?: boolean
  readonly lock: Lock
  readonly sampler: Sampler | undefined
}

/** The state of a release before its first step. */
export function beginRun(beginning: Beginning, ports: Ports, settings: Settings): ReleaseRun {
  const { service, companions = [], routes, stable, release, begun, lock, ...rest } = beginning
  const namespace = service.metadata.namespace ?? ''
  const held = heldBy(beginning)
  const traffic = openService(service, held, ports)
  return {
    ...nothingYet(),
    namespace,
    workload: rest.workload,
    settings,
    ports,
    traffic,
    companions: openCompanions(companions, release, held, traffic, ports),
    recorded: begun,
    routes: routes.map((route) => openLane(route, release, held, traffic, ports)),
    lock,
    begun,
    stable: release.stable,
    canary: release.canary,
    serving: stable,
    initial: release,
    release,
    autoscaler: rest.autoscaler,
    entrance: rest.entrance,
    sampler: rest.sampler,
    shifts: shiftsBefore(release)
  }
}

type Known = Pick<
  ReleaseRun,
  | 'namespace'
  | 'workload'
  | 'settings'
  | 'ports'
  | 'traffic'
  | 'companions'
  | 'recorded'
  | 'routes'
  | 'lock'
  | 'begun'
  | 'stable'
  | 'canary'
  | 'serving'
  | 'initial'
  | 'release'
  | 'autoscaler'
  | 'entrance'
  | 'sampler'
  | 'shifts'
>

/** What a run does not know at its beginning. */
const nothingYet = (): Omit<ReleaseRun, keyof Known> => ({
  deployment: undefined,
  ready: undefined,
  backAt: undefined,
  emptySince: undefined,
  gap: undefined,
  outdated: undefined,
  pods: [],
  tested: new Set(),
  behind: new Map(),
  shiftedAt: undefined,
  marks: undefined,
  watched: undefined,
  standing: initialStanding,
  timeline: [],
  smokeTests: [],
  measurements: [],
  evidence: [],
  warnings: []
})

/** The share that a release already has which this run takes up. */
const shiftsBefore = (release: Release): Shift[] =>
  release.shiftedAt === undefined ? [] : [{ at: Date.parse(release.shiftedAt), split: splitOf(release) }]

/** The Service and whatever else routes its traffic. */
export const trafficsOf = ({ traffic, companions, routes }: ReleaseRun): readonly Traffic[] => [
  traffic,
  ...companions.map((companion) => companion.traffic),
  ...routes.map((writer) => writer.traffic)
]

/** Milliseconds between the last request to a version and the end of its pods. */
export const drainIn = ({ routes }: ReleaseRun): number =>
  drainOf(routes.map(({ route, traffic }) => ({ route, objects: traffic.current() })))

type Held = Pick<Place, 'holder' | 'confirm' | 'isOurs'>

const heldBy = ({ lock, readUnderLock = false }: Beginning): Held => ({
  holder: lock.holder,
  confirm: () => lock.confirmUnbroken(),
  isOurs: readUnderLock
})

function openService(service: Service, held: Held, ports: Ports): Traffic {
  const { apiVersion, kind, metadata } = service
  const { namespace, name } = metadata
  const read = async (): Promise<[Service]> => {
    const live = await ports.cluster.get<Service>({ apiVersion, kind, namespace, name })
    if (live !== undefined) return [live]
    throw new ReleaseFailed(
      `service/${name} in namespace ${namespace ?? ''} was deleted while the release ran`
    )
  }
  return openTraffic({ ...held, objects: [service], read }, ports)
}

function openCompanions(
  services: readonly Service[],
  release: Release,
  held: Held,
  anchor: Traffic,
  ports: Ports
): readonly Follower[] {
  return companionsIn(release.companions).flatMap((own) => {
    const service = services.find(({ metadata }) => metadata.name === own.name)
    if (service === undefined) return []
    const read = async (): Promise<[Service]> => {
      const live = await ports.cluster.get<Service>(refOf(service))
      if (live !== undefined) return [live]
      throw new RouteGone(`service/${own.name} was deleted while the release ran`)
    }
    const hasPorts = (service.spec.ports ?? []).length > 0
    return [{ own, hasPorts, traffic: openTraffic({ ...held, objects: [service], read, anchor }, ports) }]
  })
}

function openLane(
  { name, route, objects }: ObservedRoute,
  release: Release,
  held: Held,
  anchor: Traffic,
  ports: Ports
): RouteWriter {
  const { namespace = '' } = objects[0].metadata
  const backends = backendsOf(release, namespace, anchor.name)
  const read = () => readMembers(name, backends, ports.cluster)
  return { route, traffic: openTraffic({ ...held, objects, read, anchor }, ports) }
}

/** The routes of a release on record. Those that were deleted since are left out: no users come through them. */
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
