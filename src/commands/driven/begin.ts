import { NOT_COMPARED } from '../../checks/compared-standing.ts'
import type { Sampler } from '../../checks/sampler.ts'
import type { DrivenRecord } from '../../domain/driven-record.ts'
import type { DrivenRun } from '../../execute/driven/driven-run.ts'
import { takenOver } from '../../execute/driven/handed-on.ts'
import type { Lock } from '../../lock/lock.ts'
import type { Driven } from '../../observe/driven.ts'
import { enteredBy } from './entered.ts'
import type { DrivenInvocation } from './invocation.ts'
import { drivenLease } from './with-lock.ts'

interface Beginning {
  readonly driven: Driven
  readonly record: DrivenRecord
  readonly lock: Lock
  readonly sampler?: Sampler | undefined
  /** Whether the record is on the Lease already. */
  readonly begun: boolean
}

/** The state of a release by a controller before its first step. */
export async function beginDriven(
  { driven, record, lock, sampler, begun }: Beginning,
  { inputs, origin, ports, target }: Pick<DrivenInvocation, 'inputs' | 'origin' | 'ports' | 'target'>
): Promise<DrivenRun> {
  const { namespace, workload, engine, seen, state } = driven
  return {
    ...{ namespace, workload, engine, settings: inputs, ports, lock },
    leaveAt: origin.startedAt + inputs.leaveAfter,
    lease: drivenLease(target),
    sampler,
    ...(await enteredBy(driven, ports)),
    old: state.stable === record.stable.hash ? engine.pods(seen, 'old') : undefined,
    progress: {
      ...{ begun, record, seen, state },
      noted: seen.noted,
      pods: [],
      ...takenOver(record, inputs.checks),
      exposed: 'weight' in state && state.weight.now > 0 && state.wished !== state.stable,
      watched: undefined,
      compared: NOT_COMPARED
    },
    journal: {
      ...{ timeline: [], shifts: [], smokeTests: [], measurements: [], evidence: [], warnings: [] }
    }
  }
}
