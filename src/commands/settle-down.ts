import { beginRun, formerDrain } from '../execute/begin-run.ts'
import { execute } from '../execute/execute.ts'
import type { ReleaseRun } from '../execute/release-run.ts'
import { drainIn } from '../execute/route-writers.ts'
import type { Lock } from '../lock/lock.ts'
import type { Recorded } from '../observe/observed.ts'
import { planSettle } from '../plan/rollback.ts'
import type { PostInvocation } from './invocation.ts'

/** Ends a rollback to a plain Deployment whose run died after it had moved the traffic. */
export async function settleDown(
  { service, companions, workload, record }: Recorded,
  lock: Lock,
  { ports, inputs }: PostInvocation
): Promise<ReleaseRun> {
  const leastDrain = await formerDrain(record, service, ports)
  const beginning = { service, companions, routes: [], workload, release: record, begun: true, lock }
  const run = beginRun({ ...beginning, leastDrain }, ports, inputs)
  await execute(planSettle(record.settle ?? {}, drainIn(run)), run, lock.lost)
  return run
}
