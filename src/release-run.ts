import { initialStanding } from './analysis/judge.ts'
import type { Sampler } from './analysis/sampling.ts'
import type { Ports, ReleaseRun, Settings } from './execution/run-state.ts'
import { openTraffic } from './execution/traffic.ts'
import type { Lock } from './kubernetes/lease.ts'
import type { Deployment, Service } from './kubernetes/objects.ts'
import type { Release } from './record.ts'
import { routes } from './routes/index.ts'

interface Beginning {
  readonly service: Service
  /** What serves. */
  readonly stable: Deployment | undefined
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
  { service, stable, workload, release, port, begun, lock, sampler }: Beginning,
  ports: Ports,
  settings: Settings
): ReleaseRun {
  return {
    namespace: service.metadata.namespace ?? '',
    workload,
    settings,
    ports,
    route: routes.service,
    traffic: openTraffic(service, ports),
    lock,
    begun,
    stable: release.stable,
    canary: release.canary,
    serving: stable,
    initial: release,
    release,
    deployment: undefined,
    outdated: new Set(),
    port,
    pods: [],
    tested: new Set(),
    shiftedAt: undefined,
    sampler,
    standing: initialStanding,
    timeline: [],
    smokeTests: [],
    measurements: [],
    evidence: [],
    warnings: []
  }
}
