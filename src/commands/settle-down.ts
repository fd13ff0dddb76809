import { beginRun, formerDrain } from '../execute/begin-run.ts'
import { execute } from '../execute/execute.ts'
import type { ReleaseRun } from '../execute/release-run.ts'
import { drainIn } from '../execute/route-writers.ts'
import type { Lock } from '../lock/lock.ts'
import type { Recorded } from '../observe/observed.ts'
import { keptRunning } from '../plan/retirement.ts'
import { planSettle } from '../plan/rollback.ts'
import type { PostInvocation } from './invocation.ts'

/** Ends a rollback to a plain Deployment whose run died after it had moved the traffic. */
export async function settleDown(
  observed: Recorded,
  lock: Lock,
  { ports, inputs }: Pick<PostInvocation, 'ports' | 'inputs'>
): Promise<ReleaseRun> {
  const { service, companions, workload, record } = observed
  const leastDrain = await formerDrain(record, service, ports)
  const beginning = { service, companions, routes: [], workload, release: record, begun: true, lock }
  const run = beginRun({ ...beginning, leastDrain }, ports, inputs)
  const others = keptRunning(observed).map(({ deployment }) => deployment)
  const leftovers = others.filter((name) => name !== record.canary.deployment)
  await execute(planSettle(record.settle ?? {}, { drain: drainIn(run), leftovers }), run, lock.lost)
  return run
}
