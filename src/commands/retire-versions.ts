import type { Version } from '../domain/outcome.ts'
import { beginRun, routesOf } from '../execute/begin-run.ts'
import { execute } from '../execute/execute.ts'
import type { ReleaseRun } from '../execute/release-run.ts'
import { drainIn } from '../execute/route-writers.ts'
import type { Lock } from '../lock/lock.ts'
import type { Recorded } from '../observe/observed.ts'
import { planRetirement } from '../plan/retirement.ts'
import type { PostInvocation } from './invocation.ts'

/** Scales versions down that get no traffic, after a drain: users may have been on them until a moment ago. */
export async function retireVersions(
  versions: readonly Version[],
  { service, stable, workload, record }: Recorded,
  lock: Lock,
  { ports, inputs, signal }: PostInvocation
): Promise<readonly ReleaseRun[]> {
  const routes = await routesOf(record, service, ports)
  const beginning = { service, routes, stable: stable.deployment, workload, begun: true, lock }
  const runs = versions.map((canary) =>
    beginRun({ ...beginning, release: { ...record, canary } }, ports, inputs)
  )
  for (const [at, run] of runs.entries()) {
    const drain = at === 0 ? drainIn(run) : 0
    await execute(planRetirement(drain), run, AbortSignal.any([signal, lock.lost]))
  }
  return runs
}
