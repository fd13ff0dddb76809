import type { ComparedStanding } from '../../checks/compared-standing.ts'
import type { Standing } from '../../checks/judge.ts'
import type { MeasuredStep, Sampler } from '../../checks/sampler.ts'
import type { DrivenRecord } from '../../domain/driven-record.ts'
import type { Engine, EngineState, PodsOf, Seen } from '../../engines/engine.ts'
import type { Inputs } from '../../inputs/inputs.ts'
import type { Pod } from '../../kubernetes/objects.ts'
import type { Entrance } from '../../kubernetes/ports.ts'
import type { Ref } from '../../kubernetes/ref.ts'
import type { Lock } from '../../lock/lock.ts'
import type { Journal, Ports, Settings } from '../release-run.ts'

/** What the steps leave for those after them. */
export interface DrivenProgress {
  /** Whether the record is on the Lease: if not, there is nothing to put back. */
  begun: boolean
  record: DrivenRecord
  seen: Seen
  state: EngineState
  /** Pods of the new version that came up, and the uids of those that passed the smoke tests. */
  pods: readonly Pod[]
  readonly tested: Set<string>
  /** `Engine.noted` before the wish was last written. */
  noted: string | undefined
  /** The place that the log has told last. */
  told?: string
  /** Whether users have been on the new version. */
  exposed: boolean
  /** What measurements are counted from: another one with every share. */
  watched: MeasuredStep | undefined
  standing: Standing
  /** The same for the comparison with the old version. */
  compared: ComparedStanding
}

/** One release by a controller while it is carried out. */
export interface DrivenRun {
  readonly namespace: string
  readonly workload: string
  readonly engine: Engine
  readonly settings: Settings & Pick<Inputs, 'gates'>
  /** When this run leaves what its controller can go on with; milliseconds since the epoch. */
  readonly leaveAt: number
  readonly ports: Ports
  readonly lock: Lock
  /** Which holds the record. */
  readonly lease: Ref
  readonly sampler: Sampler | undefined
  readonly entrance: Entrance
  /** Where the pods of the old version are, as far as that is known. */
  readonly old: PodsOf | undefined
  readonly service: string
  readonly progress: DrivenProgress
  readonly journal: Journal
}

export const objectTitle = ({ engine, workload }: Pick<DrivenRun, 'engine' | 'workload'>): string =>
  `${engine.kind}/${workload}`
