import type { ComparedStanding } from '../checks/compared-standing.ts'
import type { Standing } from '../checks/judge.ts'
import type { MeasuredStep, Sampler } from '../checks/sampler.ts'
import type { Companion } from '../domain/companions.ts'
import type {
  JobRun,
  Measurement,
  PodEvidence,
  Shift,
  SmokeResult,
  TimelineEntry,
  Version
} from '../domain/outcome.ts'
import type { Foretold } from '../domain/forecast.ts'
import type { Judgement } from '../domain/judgement.ts'
import type { Release } from '../domain/record.ts'
import type { Inputs } from '../inputs/inputs.ts'
import type { TrafficStep } from '../inputs/step.ts'
import type { ClusterPorts } from '../kubernetes/cluster.ts'
import type { HorizontalPodAutoscaler } from '../kubernetes/limits.ts'
import type { Deployment, Pod } from '../kubernetes/objects.ts'
import type { Entrance } from '../kubernetes/ports.ts'
import type { Lock } from '../lock/lock.ts'
import type { Route } from '../routes/route.ts'
import type { Entry } from '../smoke/entry.ts'
import type { Traffic } from '../traffic/traffic.ts'
import type { Marks } from './observe-share.ts'

export interface Ports extends ClusterPorts {
  /** Absent without the input `probe`. */
  readonly entry?: Entry
}

export type Settings = Pick<
  Inputs,
  | 'smokeTests'
  | 'checks'
  | 'checkInterval'
  | 'failureLimit'
  | 'onNoData'
  | 'noDataTimeout'
  | 'warmUp'
  | 'onInconclusive'
  | 'bake'
  | 'leaveAfter'
  | 'timeout'
>

/** A route that the release moves traffic on. */
export interface RouteWriter {
  readonly route: Route
  readonly traffic: Traffic
}

/** Another Service of the workload, which follows the one with the record. */
export interface Follower {
  readonly own: Companion
  readonly traffic: Traffic
  readonly hasPorts: boolean
}

/** What steps leave for those after them. Only the steps change it. */
export interface Progress {
  /** Whether a traffic write has been sent: if not, there is nothing to put back. */
  begun: boolean
  /** Whether the record is on the Service: it says which others follow, so that any run can put them back. */
  recorded: boolean
  /** The record as it is on the Service, or will be in a moment. */
  release: Release
  /** The two versions in the roles they have until the end of the run, whatever the record calls them. */
  stable: Version
  canary: Version
  /** The Deployment that serves as stable; undefined when an unfinished release is taken up. */
  serving: Deployment | undefined
  /** The autoscaler of the version that serves, as far as it is known. */
  autoscaler: HorizontalPodAutoscaler | undefined
  /** How many pods of stable are ready, as it was last counted. */
  ready?: number | undefined
  /** The canary's Deployment as the API server has it. */
  deployment?: Deployment
  /** Templates that ran in the canary's Deployment before the new one; undefined until that is written. */
  outdated?: ReadonlySet<string>
  /** What of the manifests was applied besides the workload, `ingress/web`. */
  readonly applied: Set<string>
  /** Pods that came up, and the uids of those that passed the smoke tests. */
  pods: readonly Pod[]
  readonly tested: Set<string>
  /** By Service, the uids of the pods behind it, and since when all of them have been, in milliseconds since the epoch. */
  readonly behind: Map<string, { readonly uids: ReadonlySet<string>; readonly since: number }>
  /** Milliseconds since the epoch at which the last traffic write was answered. */
  shiftedAt?: number
  /** In place: milliseconds since the epoch at which stable's pods were ready again, and no others were left. */
  backAt?: number
  /** In place, while all pods are replaced at once: since when there may be none, in milliseconds since the epoch. */
  emptySince?: number | undefined
  /** For how long there may have been no pods, in milliseconds. */
  gap?: number
  /** What tells the versions apart at the entry; undefined before that was asked, `none` when nothing does. */
  marks?: Marks | 'none'
  /** The step that was watched last: its checks go on while the next one is prepared. */
  watched?: MeasuredStep
  /** Failures are counted over the whole release, not per step. */
  standing: Standing
  /** The same for the comparison with stable. */
  compared: ComparedStanding
}

/** What is told of a release afterwards. What was added last may be replaced once more is known of it. */
export interface Journal {
  readonly timeline: TimelineEntry[]
  readonly shifts: Shift[]
  readonly smokeTests: SmokeResult[]
  readonly measurements: Measurement[]
  /** By name, in the order of their start. */
  jobs?: readonly JobRun[]
  readonly evidence: PodEvidence[]
  readonly warnings: string[]
  /** What the last look at both versions has come to. */
  judgement?: Judgement
  /** The last step took as long as it may, and it could not be told whether the new version is as good as stable. */
  undecided?: boolean
  /** What was to be expected of that before the release began. */
  forecast?: Foretold
}

/** One release while it is carried out. */
export interface ReleaseRun {
  readonly namespace: string
  readonly workload: string
  readonly settings: Settings
  readonly ports: Ports
  readonly lock: Lock
  /** The Service, which holds the record. */
  readonly traffic: Traffic
  /** Services that follow the one with the record. */
  readonly companions: readonly Follower[]
  /** The routes that traffic is moved on; if empty, that is the Service itself. */
  readonly routes: readonly RouteWriter[]
  /** Those of the user's, whichever of them this run does itself; none in place. */
  readonly steps: readonly TrafficStep[]
  /** Milliseconds that gateways need at least which lead to the Service without taking part. */
  readonly leastDrain: number
  /** The record as the run began it: its roles and selectors stay. */
  readonly initial: Release
  /** The ports by which users reach the pods; unknown while a release is only undone. */
  readonly entrance: Entrance
  /** Absent when there are no checks. */
  readonly sampler: Sampler | undefined
  readonly progress: Progress
  readonly journal: Journal
}
