import { ReleaseFailed, RouteGone } from '../base/errors.ts'
import { NOT_COMPARED } from '../checks/compared-standing.ts'
import { initialStanding } from '../checks/judge.ts'
import type { Sampler } from '../checks/sampler.ts'
import { companionsIn } from '../domain/companions.ts'
import { backendsOf, splitOf, type Release } from '../domain/record.ts'
import type { TrafficStep } from '../inputs/step.ts'
import type { HorizontalPodAutoscaler } from '../kubernetes/limits.ts'
import type { Deployment, Pod, Service } from '../kubernetes/objects.ts'
import { type Entrance, NOWHERE } from '../kubernetes/ports.ts'
import { refOf } from '../kubernetes/ref.ts'
import type { Lock } from '../lock/lock.ts'
import { lagOf } from '../plan/drain.ts'
import { membersOf, type ObservedRoute } from '../observe/observed.ts'
import { readMembers, readRemaining } from '../observe/routes.ts'
import type { Place } from '../traffic/state.ts'
import { openTraffic, type Traffic } from '../traffic/traffic.ts'
import type { Follower, Journal, RouteWriter, Ports, ReleaseRun, Settings } from './release-run.ts'

export interface Beginning {
  readonly service: Service
  /** Services that may follow; the record says which do. */
  readonly companions?: readonly Service[]
  /** The routes of the release, in its order. */
  readonly routes: readonly ObservedRoute[]
  /** What serves; absent where a release is taken up from its record. */
  readonly stable?: Deployment
  readonly autoscaler?: HorizontalPodAutoscaler | undefined
  /** The canary and its ready pods, where a release that has waited goes on with them. */
  readonly deployment?: Deployment
  readonly pods?: readonly Pod[]
  readonly workload: string
  /** Absent where nothing is watched. */
  readonly steps?: readonly TrafficStep[]
  readonly release: Release
  /** Absent where nobody is asked anything. */
  readonly entrance?: Entrance
  /** Whether the record on the route is already this release's: then there is something to put back. */
  readonly begun: boolean
  /** Whether the Service was read after the lock was taken: then no other run can have written it since. */
  readonly readUnderLock?: boolean
  readonly lock: Lock
  /** See `ReleaseRun`. */
  readonly leastDrain?: number
  /** Absent when there are no checks. */
  readonly sampler?: Sampler | undefined
}

/** The state of a release before its first step. */
export function beginRun(beginning: Beginning, ports: Ports, settings: Settings): ReleaseRun {
  const { service, companions = [], routes, release, begun, lock } = beginning
  const held = heldBy(beginning)
  const traffic = openService(service, held, ports)
  const following = { ...held, anchor: traffic }
  return {
    namespace: service.metadata.namespace ?? '',
    workload: beginning.workload,
    settings,
    ports,
    lock,
    traffic,
    companions: openCompanions(companions, release, following, ports),
    routes: routes.map((route) => openRoute(route, release, following, ports)),
    steps: beginning.steps ?? [],
    leastDrain: beginning.leastDrain ?? 0,
    initial: release,
    entrance: beginning.entrance ?? NOWHERE,
    sampler: beginning.sampler,
    progress: {
      begun,
      recorded: begun,
      release,
      stable: release.stable,
      canary: release.canary,
      serving: beginning.stable,
      autoscaler: beginning.autoscaler,
      ...(beginning.deployment === undefined ? {} : { deployment: beginning.deployment }),
      applied: new Set(),
      pods: beginning.pods ?? [],
      tested: new Set(),
      behind: new Map(),
      standing: initialStanding,
      compared: NOT_COMPARED
    },
    journal: beginJournal(release)
  }
}

/** With the share that a release already has which this run takes up. */
const beginJournal = (release: Release): Journal => ({
  timeline: [],
  shifts:
    release.shiftedAt === undefined ? [] : [{ at: Date.parse(release.shiftedAt), split: splitOf(release) }],
  smokeTests: [],
  measurements: [],
  evidence: [],
  warnings: []
})

type Held = Pick<Place, 'holder' | 'confirm' | 'isOurs'>
type Following = Held & { readonly anchor: Traffic }

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
  following: Following,
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
    return [{ own, hasPorts, traffic: openTraffic({ ...following, objects: [service], read }, ports) }]
  })
}

function openRoute(
  { name, route, objects }: ObservedRoute,
  release: Release,
  following: Following,
  ports: Ports
): RouteWriter {
  const { namespace = '' } = objects[0].metadata
  const backends = backendsOf(release, namespace, following.anchor.name)
  const read = () => readMembers(name, backends, ports.cluster)
  return { route, traffic: openTraffic({ ...following, objects, read }, ports) }
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

/** Milliseconds that the routes of earlier releases need, which lead to the Service while Greenlight leaves. */
export async function formerDrain(
  release: Release,
  { metadata }: Service,
  { cluster }: Ports
): Promise<number> {
  const namespace = metadata.namespace ?? ''
  const { found } = await readRemaining(release.formerRoutes ?? [], namespace, cluster)
  return lagOf(found.map((route) => membersOf(route, backendsOf(release, namespace, metadata.name))))
}
