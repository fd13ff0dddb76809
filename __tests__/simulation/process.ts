import { Cancelled, ClusterError } from '../../src/base/errors.ts'
import type { Ports } from '../../src/execute/release-run.ts'
import type { Cluster } from '../../src/kubernetes/cluster.ts'
import type { Call } from '../support/memory/memory-cluster.ts'
import { openProcessFaults, type ProcessFaults } from './faults.ts'
import type { ProcessFault } from './schedule.ts'
import type { Stage } from './stage.ts'

/** One process of the action, with what happens to it. */
export interface Process {
  readonly name: string
  readonly ports: Ports
  readonly signal: AbortSignal
  /** Resolves when the process is gone; it may never be. */
  readonly died: Promise<'died'>
  readonly calls: () => number
}

/** Of one run; more is a run that asks without end. */
const MOST_CALLS = 5000

export const isWrite = ({ verb, kind, dryRun }: Call): boolean =>
  ['create', 'replace', 'patch', 'apply', 'delete'].includes(verb) &&
  !dryRun &&
  kind !== 'Lease' &&
  !kind.includes('Review')

/** @param dice by which calls that are to fail are chosen */
export function startProcess(
  stage: Stage,
  name: string,
  faults: readonly ProcessFault[] = [],
  dice = 0
): Process {
  const clock = stage.clock.process()
  const cancelled = new AbortController()
  const died = Promise.withResolvers<'died'>()
  const begun = stage.clock.now()
  const processFaults = openProcessFaults(faults, dice, begun, stage.clock)
  if (faults.some(({ kind }) => kind !== 'cancelled')) stage.attribution.hinder(name)
  let calls = 0
  const strike = (call: Call, side: 'before' | 'after'): void => {
    const blow = processFaults.strike(side, isWrite(call))
    if (blow === undefined) return
    stage.story.note(name, `(${blow.kind === 'dies' ? 'dies' : `sleeps for ${blow.ms / 1000} s`})`)
    clock.stop()
    stage.attribution.fallAsleep(name)
    if (blow.kind === 'dies') died.resolve('died')
    else
      void stage.clock.sleep(blow.ms).then(() => {
        clock.resume()
      })
  }
  const before = async (call: Call): Promise<void> => {
    if ((calls += 1) > MOST_CALLS) throw new Error('the run goes on asking the cluster without end')
    await clock.awake()
    strike(call, 'before')
    await clock.awake()
    await reach(stage, call)
    await clock.awake()
    if (call.verb === 'watch') return
    const refusal = processFaults.refusal(call.verb, isWrite(call), calls)
    if (refusal === undefined) return
    stage.attribution.refuse(name)
    throw refusal
  }
  const after = async (call: Call): Promise<void> => {
    await clock.awake()
    strike(call, 'after')
    await clock.awake()
    if (call.verb !== 'watch') processFaults.lose(isWrite(call), calls)
  }
  for (const fault of faults)
    if (fault.kind === 'cancelled')
      void stage.clock.sleep(fault.at).then(() => {
        stage.story.note(name, '(is cancelled)')
        cancelled.abort(new Cancelled('the run was cancelled (SIGINT)'))
      })
  const cluster = stage.cluster.connect({ writer: name, before, after })
  const told = (kind: string) => (text: string) => {
    stage.story.note(name, `(${kind}: ${text})`)
  }
  const none = (): void => undefined
  const log = {
    group: none,
    endGroup: none,
    line: none,
    quote: none,
    warning: told('warns'),
    error: told('says')
  }
  return {
    name,
    ports: { clock, cluster: withLateNews(cluster, stage, processFaults, () => clock.awake()), log },
    signal: cancelled.signal,
    died: died.promise,
    calls: () => calls
  }
}

/** The pauses after which a call is sent again, in milliseconds: the client gives up after these. */
const PATIENCE = 3750
/** A watch waits for a minute. */
const PATIENCE_OF_WATCH = 60_000

/** Nobody answers while the API server is gone. */
async function reach({ api, clock }: Stage, { verb }: Call): Promise<void> {
  const left = api.goneUntil - clock.now()
  if (left <= 0) return
  const patience = verb === 'watch' ? PATIENCE_OF_WATCH : PATIENCE
  await clock.sleep(Math.min(left, patience))
  if (left > patience) throw new ClusterError('cannot be reached, given up: connect ECONNREFUSED', 0)
}

/** News come when the process is awake, the API server is there, and not before they are due. */
function withLateNews(
  cluster: Cluster,
  stage: Stage,
  processFaults: ProcessFaults,
  awake: () => Promise<void>
): Cluster {
  return {
    ...cluster,
    watch: async (query, onChange, signal, known) => {
      const broken = Promise.withResolvers<undefined>()
      let turn = Promise.resolve()
      const deliver = async (objects: Parameters<typeof onChange>[0]): Promise<void> => {
        await stage.clock.sleep(Math.max(processFaults.newsLateBy(), stage.api.goneUntil - stage.clock.now()))
        await awake()
        if (!signal.aborted) onChange(objects)
      }
      const onNews: typeof onChange = (objects) => {
        if (known !== undefined && objects[0] === known) {
          onChange(objects)
          return
        }
        turn = turn.then(() => deliver(objects))
        turn.catch(broken.reject)
      }
      const ended = processFaults.watchesEnd().then(() => {
        throw new ClusterError('lost the connection for 60 s: read ECONNRESET', 0)
      })
      await Promise.race([cluster.watch(query, onNews, signal, known), broken.promise, ended])
    }
  }
}
