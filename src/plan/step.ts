import { counted } from '../base/counted.ts'
import type { Job } from '../kubernetes/job.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import type { Deployment } from '../kubernetes/objects.ts'
import type { RolloutStrategy } from '../kubernetes/rollout.ts'
import type { Labels } from '../kubernetes/selectors.ts'
import type { Split } from '../routes/route.ts'
import { describeSplit } from '../routes/split.ts'

/** Which of a release's two versions is meant. */
export type Side = 'stable' | 'canary'

/** One thing to do. Strategies only say what; `execute` does it. Every step can be done again without harm. */
export type Step =
  /** Server-side apply of an object that is not ours to move. */
  | { readonly kind: 'apply'; readonly manifest: Manifest }
  /** Runs a Job of the release to its end, once. */
  | { readonly kind: 'run-job'; readonly job: Job; readonly moment: 'before' | 'after' }
  /** Bring the canary's Deployment up with this template and size; `live` as it was when that was planned. */
  | { readonly kind: 'start'; readonly deployment: Deployment; readonly live?: Deployment | undefined }
  | { readonly kind: 'await-ready' }
  /** A Job that puts stable back should this run die. */
  | { readonly kind: 'start-watchdog'; readonly image: string }
  | { readonly kind: 'await-watchdog' }
  | { readonly kind: 'stop-watchdog' }
  /** Smoke tests, and the checks while a load line gives the canary traffic. */
  | { readonly kind: 'smoke'; readonly port?: number | undefined }
  | { readonly kind: 'point-autoscaler'; readonly to: Side }
  /** Writes the record, and has the Service select stable alone, whatever comes up beside it. */
  | { readonly kind: 'begin' }
  /** The same where there is no stable: the Service selects nobody, and is created if it does not exist. */
  | { readonly kind: 'withhold' }
  /** And so it is put back: nobody is served. */
  | { readonly kind: 'withdraw' }
  /** The canary gets the pods for its share of stable's live size, and they come up. */
  | { readonly kind: 'resize'; readonly split: Split }
  /** The routes know the canary's Service, and send it nothing yet. */
  | { readonly kind: 'prepare-routes' }
  /** Traffic and record in one write; `step` counts the user's steps from 0. */
  | { readonly kind: 'shift'; readonly split: Split; readonly step: number }
  /** Checks and pods are watched; `duration` in milliseconds. */
  | { readonly kind: 'watch'; readonly name: string; readonly duration: number }
  /** The run ends here, and another one goes on. */
  | { readonly kind: 'wait'; readonly for: 'approval' | 'decision' }
  /** The canary becomes what the Service selects, and the routes are as they were. */
  /** `hopeless`: the canary keeps the traffic although it is unhealthy, since stable cannot take it back. */
  | { readonly kind: 'follow'; readonly hopeless?: true }
  /** All traffic on stable, on every route at once. */
  | { readonly kind: 'restore' }
  /** Waits until every route's controller has accepted what was written, so that no requests go to pods that are about to end. */
  | { readonly kind: 'await-routes' }
  /** Stable must be able to carry all traffic before it gets any back. */
  | { readonly kind: 'ensure-stable' }
  /** Events and last log lines of the canary's pods, while there are pods. */
  | { readonly kind: 'collect-evidence' }
  /** Time for proxies and clients to let go of pods that get no new traffic; `duration` in milliseconds. */
  | { readonly kind: 'drain'; readonly duration: number }
  | { readonly kind: 'scale-down'; readonly side: Side }
  /** Scales down what an earlier release has left running; it takes no part in this one. */
  | { readonly kind: 'retire'; readonly deployment: string }
  /** In place: the Deployment that serves gets this template; its controller replaces the pods. */
  | { readonly kind: 'replace'; readonly deployment: Deployment }
  /** In place: the new pods alone are behind the Service, and the record says so. */
  | { readonly kind: 'take-over' }
  /** In place: what runs is still what came up here; the Deployment gets its own strategy back. */
  | { readonly kind: 'confirm'; readonly after?: RolloutStrategy }
  /** In place: the Deployment gets the template back that it had. */
  | { readonly kind: 'undo' }
  /** In place: the old template serves alone again. */
  | { readonly kind: 'await-undone' }
  /** Record: the canary is stable now; `settle` as in the record, `keepFor` milliseconds for which the old version is kept. */
  | { readonly kind: 'finish'; readonly settle?: Labels; readonly keepFor?: number }
  /** Record: stable stays; the selector becomes what it was once only one version has pods. `nobody`: there is no stable. */
  | {
      readonly kind: 'settle'
      readonly selector: Labels
      readonly outcome: 'restored' | 'kept'
      readonly nobody?: true
    }

/** Names of the Deployments that a release is about. */
export type Names = Readonly<Record<Side, string>>

type Of<Kind extends Step['kind']> = Extract<Step, { kind: Kind }>
type Title<Kind extends Step['kind']> = (step: Of<Kind>, names: Names) => string

const titles: { readonly [Kind in Step['kind']]: Title<Kind> } = {
  apply: ({ manifest }) => `Apply ${manifest.object.kind} ${manifest.object.metadata.name}`,
  'run-job': ({ job }) => `Run job/${job.metadata.name}`,
  start: ({ deployment }, { canary }) =>
    `Start ${canary} with ${counted(deployment.spec.replicas ?? 1, 'pod')}`,
  'await-ready': (_, { canary }) => `Wait until ${canary} is ready`,
  'start-watchdog': () => 'Start the watchdog',
  'await-watchdog': () => 'Wait for the watchdog to start',
  'stop-watchdog': () => 'Remove the watchdog',
  smoke: ({ port }, { canary }) => `Smoke tests on ${canary}${port === undefined ? '' : `, port ${port}`}`,
  'point-autoscaler': ({ to }, names) => `Point the autoscaler to ${names[to]}`,
  begin: (_, { stable }) => `All traffic on ${stable}`,
  withhold: (_, { canary }) => `Service without endpoints until ${canary} has passed`,
  withdraw: () => 'Service without endpoints: nobody is served',
  resize: ({ split }, { canary }) => `Size ${canary} for ${describeSplit(split)}`,
  'prepare-routes': (_, { canary }) => `Make the routes ready for ${canary}`,
  shift: ({ split }, { canary }) => `Move ${describeSplit(split)} to ${canary}`,
  watch: ({ name }, { canary }) =>
    name === 'bake' ? `Bake: watch ${canary} under all traffic` : `${name}: watch ${canary}`,
  wait: (step) => (step.for === 'approval' ? 'Wait for approval' : 'Wait for a decision'),
  follow: (_, { canary }) => `Switch the Service to ${canary}`,
  restore: (_, { stable }) => `All traffic on ${stable}`,
  'await-routes': () => 'Wait for the gateway to accept the route',
  'ensure-stable': (_, { stable }) => `Check that ${stable} has enough ready pods`,
  'collect-evidence': (_, { canary }) => `Collect events and logs of ${canary}`,
  drain: () => 'Drain: let connections end',
  'scale-down': ({ side }, names) => `Scale ${names[side]} down`,
  retire: ({ deployment }) => `Scale ${deployment} down, which runs without traffic`,
  replace: (_, { canary }) => `Replace the pods of ${canary}`,
  'take-over': (_, { canary }) => `All traffic on the new pods of ${canary}`,
  confirm: (_, { canary }) => `Check that ${canary} still runs what was released`,
  undo: (_, { stable }) => `Give ${stable} its previous template back`,
  'await-undone': (_, { stable }) => `Wait until ${stable} runs its previous template again`,
  finish: (_, { canary }) => `Record the result: ${canary} is live`,
  settle: ({ outcome, nobody }, { stable, canary }) =>
    nobody === true
      ? `Record the result: ${canary} is not installed`
      : `Record the result: ${outcome === 'restored' ? stable : canary} stays live`
}

/** What a person reads while it is done, and in the timeline afterwards. */
export const describe = (step: Step, names: Names): string =>
  (titles[step.kind] as Title<Step['kind']>)(step, names)
