import { ClusterError, messageOf } from '../../base/errors.ts'
import { isCall, type CallWrite, type Write } from '../../engines/engine.ts'
import { proxyPath, saidByProxy } from '../../kubernetes/reach.ts'
import type { DrivenRun } from './driven-run.ts'

/** Milliseconds for an answer: those who are called do no more than note something. */
const ANSWERED = 10_000

type Caller = Pick<DrivenRun, 'ports' | 'journal'>

/**
 * Calls a program in the cluster through the API server's proxy.
 * @throws ClusterError unless it says that it has done it, or the release goes on without
 */
export async function call({ ports, journal }: Caller, write: CallWrite): Promise<void> {
  try {
    await post(ports, write)
  } catch (error) {
    if (write.mayFail !== true) throw error
    const warning = `${titleOf(write)} was not answered: ${messageOf(error)}`
    journal.warnings.push(warning)
    ports.log.warning(warning)
  }
}

const titleOf = ({ to, path }: CallWrite): string =>
  `POST ${path} to service/${to.name} in namespace ${to.namespace}`

async function post({ cluster }: DrivenRun['ports'], write: CallWrite): Promise<void> {
  const answer = await cluster.send({
    method: 'POST',
    path: `${proxyPath(write.to)}${write.path}`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(write.body),
    timeout: ANSWERED
  })
  // What Flagger itself takes for a yes, and no redirect.
  if (answer.status >= 200 && answer.status <= 202) return
  const said = saidByProxy(answer) ?? `HTTP ${answer.status}`
  throw new ClusterError(`${titleOf(write)}: ${said}`, answer.status)
}

/** Those of the writes that are calls, whatever becomes of them. */
export async function tryCalls(run: DrivenRun, writes: readonly Write[]): Promise<void> {
  for (const write of writes) if (isCall(write)) await call(run, { ...write, mayFail: true })
}

/**
 * Everything that it takes for no release to find a yes or a no of another one. Before it begins that must be sure; at the
 * end it is tried, as it is by the next.
 */
export async function settle(run: DrivenRun, when: 'before' | 'after'): Promise<void> {
  const writes = run.engine.settle(run.progress.seen)
  if (when === 'after') await tryCalls(run, writes)
  else for (const write of writes) if (isCall(write)) await call(run, write)
}
