import type { Analysis, EngineState } from '../engines/engine.ts'
import type { Check } from '../inputs/check.ts'
import type { Command } from '../inputs/inputs.ts'
import type { SmokeTest } from '../inputs/smoke-test.ts'
import type { Foretold } from './forecast.ts'
import type { Judgement } from './judgement.ts'
import type { Replayed } from './replay.ts'
import type { Split } from '../routes/route.ts'

/** How a run ended. `unchanged`: what would be released is what serves, or there was nothing to do. */
export type Result = 'promoted' | 'rolled-back' | 'aborted' | 'waiting' | 'unchanged' | 'planned' | 'failed'

/** One version of the workload, in the place where it runs. */
export interface Version {
  /** `blue`, `green`, or `plain` for a Deployment that has not been through a release yet. */
  readonly slot: string
  readonly deployment: string
  /** Images of the containers, one each, in order. */
  readonly images: readonly string[]
  /** `pod-template-hash` of its pods. */
  readonly hash: string
  readonly replicas: number
}

/** A version that has been released, or whose template is still there. */
export interface PastVersion extends Partial<Pick<Version, 'slot' | 'deployment' | 'hash'>> {
  /** Absent where no release is on record that brought it. */
  readonly release?: string
  readonly command?: 'deploy' | 'rollback' | 'leave'
  /** Whether that release came to its end: else the version was taken out. Absent where it is not known. */
  readonly served?: boolean
  /** Phase of its release, while that is not finished. */
  readonly phase?: 'running' | 'waiting' | 'left' | 'aborting' | 'promoting'
  /** The run of that release is gone. */
  readonly abandoned?: boolean
  /** When the release ended, or the template was made; RFC 3339. */
  readonly at: string
  readonly images: readonly string[]
  /** Of its ReplicaSet, as `kubectl rollout history` counts. */
  readonly revision?: number
  /** Whether its template still exists: without it nobody can go back to it. */
  readonly kept: boolean
  /** Whether what serves has this template. */
  readonly serves: boolean
  readonly run?: string
}

export interface TimelineEntry {
  readonly title: string
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly milliseconds: number
  /** `undecided`: it took as long as it may, and it could still not be told whether the new version is as good as stable. */
  readonly status: 'done' | 'undecided' | 'failed' | 'skipped'
  /** One line on what came out, e.g. `3 of 3 pods ready`. May hold text that others wrote. */
  readonly detail?: string
}

export interface SmokeResult {
  readonly test: SmokeTest
  /** Of its line among the smoke tests, from 1. */
  readonly number: number
  readonly passed: boolean
  /** Pods it was sent to; empty for commands and absolute URLs. */
  readonly pods: readonly string[]
  readonly milliseconds: number
  /** What came back: `200 in 12 ms`, or for a load line `600 sent, 3 failed`. Nothing of an answer or an output. */
  readonly detail: string
  /** What was answered or printed, for the log alone: it may hold secrets. Untrusted text. */
  readonly evidence?: string
}

/** `held`: there is a value, but it neither passes nor fails. */
export type Verdict = 'pass' | 'fail' | 'held' | 'no-data'

/** One value of a check: the evidence. */
export interface Measurement {
  readonly check: Check
  /** Milliseconds since the epoch. */
  readonly at: number
  /** In the check's base unit: fraction (0.95), seconds, requests per second, or as the query gives it. */
  readonly value?: number
  /** How many requests the value is based on, where that is known. */
  readonly requests?: number
  readonly verdict: Verdict
  /** For no-data: why there is none. For held: why it is not judged. Untrusted text. */
  readonly why?: string
  /** Name of the step it was taken in, e.g. `bake`. */
  readonly step: string
}

/** What is known of a pod that did not come up or misbehaved. All of it is untrusted text. */
export interface PodEvidence {
  readonly pod: string
  /** e.g. `ImagePullBackOff` */
  readonly reason: string
  readonly message: string
  readonly events: readonly string[]
  /** The last lines its containers printed. */
  readonly log: readonly string[]
}

/** A Job that the run has started, or waited for. */
export interface JobRun {
  /** e.g. `migrate-123-1` */
  readonly name: string
  readonly moment: 'before' | 'after'
  /** `running`: the run has ended before it. */
  readonly state: 'complete' | 'failed' | 'running'
  readonly milliseconds: number
}

/** A write by somebody else to the object that routes the traffic, while the release ran. */
export interface ForeignWrite {
  readonly object: string
  /** Field manager that wrote, as the API server names it. Untrusted text. */
  readonly manager: string
  readonly at: number
  /** What it did, e.g. `selector became app=web`. */
  readonly change: string
  /** Milliseconds until the traffic was put back; absent when it was left alone. */
  readonly restoredAfter?: number
}

/** A moment at which the canary's users changed. */
export interface Shift {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly split: Split
  /** In place: from this moment on pods are replaced, one after the other or all at once. */
  readonly gradual?: boolean
  /** What the shift came to by the pods that are behind the Service, in percent, where pods share connections out. */
  readonly achieved?: number
  /** The canary's part of the answers that came through the entry, in percent, and of how many. */
  readonly observed?: { readonly share: number; readonly requests: number }
}

/** What a release would make of one object. */
export interface ObjectChange {
  /** e.g. `Deployment web-green`; untrusted text, as the diff is. */
  readonly object: string
  /** `unknown`: the credentials may not read it. */
  readonly state: 'new' | 'changed' | 'same' | 'unknown'
  /** Unified, from what is live to what the API server would keep. */
  readonly diff: readonly string[]
  /** For `unknown`: which right is missing. */
  readonly why?: string
}

/** What a release would do. */
export interface Preview {
  /** In order, to its end. */
  readonly steps: readonly string[]
  readonly changes: readonly ObjectChange[]
}

/** A controller that releases the workload. All texts may hold words of others. */
export interface DrivenBy {
  /** As people call it. */
  readonly title: string
  /** e.g. `rollout/web` */
  readonly object: string
  readonly state: EngineState
  /** What it does with a new version, in order. */
  readonly steps: readonly string[]
  readonly analyses: readonly Analysis[]
}

/** The one value that every report is rendered from. */
export interface Outcome {
  readonly command: Command
  readonly result: Result
  /** One sentence; empty when there is nothing to explain. May hold text that others wrote. */
  readonly reason: string
  readonly release: string
  readonly runUrl?: string
  readonly namespace: string
  readonly workload: string
  /** e.g. `service/web`; several are separated by commas. */
  readonly route: string
  /** What gets the traffic now. */
  readonly serving?: Version
  /** How many of its pods are ready, where they were counted. With none, nobody serves. */
  readonly ready?: number
  /** Whether the run of an unfinished release is alive; only where that was checked. */
  readonly runner?: 'alive' | 'gone' | 'unknown'
  /** The version that the run tried to release, or has removed. */
  readonly canary?: Version
  /** What served before the run. */
  readonly previous?: Version
  /** Until when a version that does not serve any more is kept running; milliseconds since the epoch. */
  readonly keptUntil?: number
  /** Percent of the traffic on the canary. */
  readonly weight: number
  /** Of what the weights are shares. */
  readonly shareOf: 'requests' | 'connections'
  /** In order; one that an earlier run has made comes first. Empty when no traffic was moved. */
  readonly shifts: readonly Shift[]
  readonly failedCheck?: string
  readonly startedAt: number
  readonly finishedAt: number
  /** From the failure's cause until the traffic, or in place all pods, were back; absent if no user was on the canary or nobody waited. */
  readonly restoreSeconds?: number
  /** In place: the previous template is back, but not all of its pods are ready yet. */
  readonly returning?: boolean
  /** For how long there were no pods at most, because all of them were replaced at once. */
  readonly gapSeconds?: number
  /** It is about a first installation: before it, and should it fail, nobody is served. */
  readonly first?: true
  /** It failed, and no user was ever on the canary. */
  readonly unexposed?: boolean
  readonly timeline: readonly TimelineEntry[]
  readonly smokeTests: readonly SmokeResult[]
  readonly measurements: readonly Measurement[]
  /** What the comparison of both versions has come to; only where one was asked for. */
  readonly judgement?: Judgement
  /** It could not be told in time whether the new version is as good as stable. */
  readonly undecided?: boolean
  /** What that comparison can find; of a plan, and of a release that has begun. */
  readonly forecast?: Foretold
  /** How the checks would have judged a version that is fine; only where that was asked for. */
  readonly replay?: Replayed
  /** In order; absent without any. */
  readonly jobs?: readonly JobRun[]
  /** The version serves, and this Job that was to run after it has not come to its end. */
  readonly failedJob?: string
  readonly evidence: readonly PodEvidence[]
  readonly foreignWrites: readonly ForeignWrite[]
  readonly warnings: readonly string[]
  /** Only of a plan. */
  readonly plan?: Preview
  /** What can be gone back to, newest first; only when that was asked for. */
  readonly versions?: readonly PastVersion[]
  /** Absent of a Deployment, which no controller releases. */
  readonly driven?: DrivenBy
  /** The run has left while the controller goes on: nobody follows it. */
  readonly left?: true
  /** It failed after something had been changed. */
  readonly touched?: boolean
  /** The traffic is where it belongs, but the post step still has to clean up. */
  readonly unsettled?: boolean
  /** The commit of the release that this run began, went on with or took back, as far as it is known. */
  readonly commit?: string
  /** Next things to do, one line each. */
  readonly next: readonly string[]
}
