import type { Manifest } from './kubernetes/manifests.ts'
import type { Deployment } from './kubernetes/objects.ts'
import type { Selector } from './record.ts'

/** Which of a release's two versions is meant. */
export type Side = 'stable' | 'canary'

/** One thing to do. Strategies only say what; `execute` does it. Every step can be done again without harm. */
export type Step =
  /** Server-side apply of an object that is not ours to move. */
  | { readonly kind: 'apply'; readonly manifest: Manifest }
  /** Bring the canary's Deployment up with this template and size. */
  | { readonly kind: 'start'; readonly deployment: Deployment }
  | { readonly kind: 'await-ready' }
  /** Smoke tests, and the checks while a load line gives the canary traffic. */
  | { readonly kind: 'smoke' }
  | { readonly kind: 'point-autoscaler'; readonly to: Side }
  /** Traffic and record in one write. */
  | { readonly kind: 'shift'; readonly weight: 0 | 100 }
  /** Checks go on; `duration` in milliseconds. */
  | { readonly kind: 'bake'; readonly duration: number }
  /** Stable must be able to carry all traffic before it gets any back. */
  | { readonly kind: 'ensure-stable' }
  /** Events and last log lines of the canary's pods, while there are pods. */
  | { readonly kind: 'collect-evidence' }
  /** Time for proxies and clients to let go of pods that get no new traffic; `duration` in milliseconds. */
  | { readonly kind: 'drain'; readonly duration: number }
  | { readonly kind: 'scale-down'; readonly side: Side }
  /** Record: the canary is stable now; `settle` as in the record. */
  | { readonly kind: 'finish'; readonly settle?: Selector }
  /** Record: stable stays; the selector becomes what it was once only one version has pods. */
  | { readonly kind: 'settle'; readonly selector: Selector; readonly outcome: 'restored' | 'kept' }

/** Names of the Deployments that a release is about. */
export type Names = Readonly<Record<Side, string>>

/** What a person reads while it is done, and in the timeline afterwards. */
export function describe(step: Step, names: Names): string {
  switch (step.kind) {
    case 'apply':
      return `Apply ${step.manifest.object.kind} ${step.manifest.object.metadata.name}`
    case 'start':
      return `Start ${names.canary} with ${step.deployment.spec.replicas ?? 1} pods`
    case 'await-ready':
      return `Wait until ${names.canary} is ready`
    case 'smoke':
      return `Smoke tests on ${names.canary}`
    case 'point-autoscaler':
      return `Point the autoscaler to ${names[step.to]}`
    case 'shift':
      return step.weight === 100 ? `Move all traffic to ${names.canary}` : `All traffic on ${names.stable}`
    case 'bake':
      return `Bake: watch ${names.canary} under all traffic`
    case 'ensure-stable':
      return `Make sure that ${names.stable} can carry the traffic`
    case 'collect-evidence':
      return `Collect events and logs of ${names.canary}`
    case 'drain':
      return 'Drain: let connections end'
    case 'scale-down':
      return `Scale ${names[step.side]} down`
    case 'finish':
      return `Record that ${names.canary} is stable`
    case 'settle':
      return `Record that ${step.outcome === 'restored' ? names.stable : names.canary} stays`
  }
}
