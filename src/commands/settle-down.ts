import type { Release, Selector } from '../domain/record.ts'
import { beginRun } from '../execute/begin-run.ts'
import { execute } from '../execute/execute.ts'
import type { Ports, ReleaseRun, Settings } from '../execute/release-run.ts'
import { NOWHERE } from '../kubernetes/ports.ts'
import type { Lock } from '../lock/lease.ts'
import type { Observed } from '../observe/observed.ts'
import { planSettle } from '../plan/rollback.ts'

/** Ends a rollback to a plain Deployment whose run has died after the traffic had moved. */
export async function settleDown(
  { service, companions, workload }: Pick<Observed, 'service' | 'companions' | 'workload'>,
  release: Release,
  selector: Selector,
  ports: Ports,
  settings: Settings,
  lock: Lock
): Promise<ReleaseRun> {
  const beginning = {
    service,
    companions,
    routes: [],
    stable: undefined,
    workload,
    release,
    entrance: NOWHERE,
    begun: true,
    lock,
    sampler: undefined
  }
  const run = beginRun(beginning, ports, settings)
  await execute(planSettle(selector), run, lock.lost)
  return run
}
