import type { Fault } from '../base/errors.ts'
import { sh } from '../base/shell.ts'
import { causedBy, CHANGE_CAUSE, isOurCause } from '../domain/change-cause.ts'
import { withoutMarks } from '../domain/marks.ts'
import type { Release } from '../domain/record.ts'
import { inSlot, SLOT_LABEL } from '../domain/slots.ts'
import type { RouteName } from '../inputs/route.ts'
import { wantedReplicas } from '../kubernetes/health.ts'
import type { Deployment, PodTemplate } from '../kubernetes/objects.ts'
import { withoutKeys, type Labels } from '../kubernetes/selectors.ts'
import { HASH_LABEL } from '../kubernetes/workload.ts'
import { rivalFaults } from '../observe/neighbours.ts'
import { inRelease, versionOf, type Observed } from '../observe/observed.ts'
import { EVERYBODY } from '../routes/split.ts'
import { followingAutoscaler } from './autoscaler.ts'
import { beginRelease, type ReleaseOrigin } from './begin-release.ts'
import { labelFaults, portFaults } from './faults.ts'
import { followersOf, recorded } from './followers.ts'
import { harmToOthers } from './harm.ts'
import { placementOf, selectorsOf } from './placement.ts'
import { reachedFaults } from './reached.ts'
import type { Step } from './step.ts'

/**
 * Where the users are when Greenlight leaves. `home`: on the plain Deployment. `away`: on a slot of it. `pair`: on one of two
 * Deployments that their team has made; there is no other place. `homeless`: on a slot, and the plain Deployment is gone.
 */
export type Stand = 'home' | 'away' | 'pair' | 'homeless'

export function standOf(observed: Observed): Stand {
  if (observed.stable.slot === 'plain') return 'home'
  if (placementOf(observed).label !== SLOT_LABEL) return 'pair'
  return observed.slots.plain === undefined ? 'homeless' : 'away'
}

/** Why Greenlight cannot leave now. A release by which it was leaving is no reason: that is ended first. */
export function leaveFaults(observed: Observed): readonly Fault[] {
  const left = inRelease(observed)?.record
  if (left?.command === 'leave') return []
  if (left !== undefined) return [underWayFault(left)]
  if (observed.first === true) return [notInstalledFault(observed)]
  const stand = standOf(observed)
  if (stand === 'homeless') return [homelessFault(observed)]
  return [...rivalFaults(observed), ...(stand === 'away' ? reachedFaults(observed) : [])]
}

const underWayFault = ({ id, phase, run = 'run unknown' }: Release): Fault => ({
  input: 'command',
  problem:
    phase === 'waiting'
      ? `release ${id} waits for approval, and nobody can leave in the middle of a release`
      : `release ${id} (${run}) has not ended, it is ${phase}, and nobody can leave in the middle of a release`,
  example:
    phase === 'waiting'
      ? 'command: promote or command: abort, and then command: leave'
      : 'wait for its end, or should its run be gone, command: abort; and then command: leave'
})

/** The way back would be a version that has never served, behind a Service that keeps everybody away. */
const notInstalledFault = ({ workload, namespace, service }: Observed): Fault => ({
  input: 'command',
  problem: `no version of ${workload} serves in namespace ${namespace}, because its first installation has failed, and service/${service.metadata.name} keeps everybody away from what stays of it`,
  example: `command: deploy, which installs it over that; or ${sh`kubectl -n ${namespace} delete service/${service.metadata.name}`} and kubectl apply of its manifest`
})

const homelessFault = ({ workload, namespace, stable }: Observed): Fault => ({
  input: 'command',
  problem: `there is no deployment/${workload} in namespace ${namespace} that could serve in the place of deployment/${stable.deployment.metadata.name}`,
  example: 'kubectl apply of its manifest with replicas: 0, and then command: leave'
})

export interface PreparedLeave {
  /** The plain Deployment, at the size of what serves and with its template. */
  readonly canary: Deployment
  readonly live: Deployment
  readonly release: Release
  /** Nobody is served: a pod comes up to show that it can be, and is ended again. */
  readonly isIdle: boolean
  /** The Service's selector as it was before the first release. */
  readonly settled: Labels
  readonly faults: readonly Fault[]
}

/**
 * Turns the way back to the plain Deployment into a release of the version that serves.
 * @param template what serves, with the config that it is to read there
 * @param routes those that releases have moved traffic on: they lead to the Service by now, which is all that is switched
 */
export function prepareLeave(
  observed: Observed,
  live: Deployment,
  template: PodTemplate,
  { origin, routes }: { readonly origin: ReleaseOrigin; readonly routes: readonly RouteName[] }
): PreparedLeave {
  const placement = { ...placementOf(observed), slot: 'plain', name: live.metadata.name } as const
  const serving = asPlain(observed.stable.deployment, template)
  const canary = inSlot(serving, placement, withoutOurCause(live))
  const selectors = selectorsOf(observed, placement, '', true)
  const settled = withoutKeys(selectors.canary, SLOT_LABEL, HASH_LABEL)
  const followers = followersOf(observed, canary, selectors)
  const begun = beginRelease(
    origin,
    { ...observed, routes: [] },
    {
      command: 'leave',
      canary: versionOf('plain', canary, ''),
      selectors,
      autoscaler: followingAutoscaler(observed, live.metadata.name)
    }
  )
  const release: Release = {
    ...begun,
    ...recorded(followers),
    ...(routes.length === 0 ? {} : { formerRoutes: routes })
  }
  const faults = [
    ...labelFaults(canary, settled, observed.service),
    ...portFaults([observed.service, ...observed.companions], canary, observed),
    ...followers.faults,
    ...harmToOthers(observed, { canary, release })
  ]
  const isIdle = wantedReplicas(observed.stable.deployment) === 0
  return { canary, live, release, isIdle, settled, faults }
}

/** An earlier release in its place may have said what it was; that is another revision. */
function withoutOurCause(live: Deployment): Deployment {
  const cause = live.metadata.annotations?.[CHANGE_CAUSE]
  return cause !== undefined && isOurCause(cause) ? causedBy(live, undefined) : live
}

/** What serves, without what says in which slot. */
function asPlain({ metadata, spec, ...rest }: Deployment, template: PodTemplate): Deployment {
  const marks = { labels: withoutMarks(metadata.labels), annotations: withoutMarks(metadata.annotations) }
  const labels = withoutMarks(template.metadata?.labels)
  return {
    ...rest,
    metadata: { ...metadata, ...marks },
    spec: { ...spec, template: { ...template, metadata: { ...template.metadata, labels } } }
  }
}

/** How long gateways need, in milliseconds. */
interface Lags {
  /** To learn of the new pods behind the Service. */
  readonly learn: number
  /** Between the last request to the old pods and their end. */
  readonly drain: number
}

/**
 * As a rollback to the plain Deployment, of the version that serves. Where a gateway may not know the new pods at once, both
 * Deployments serve together first: it would have nobody else to send users to.
 */
export const planLeave = (
  { canary, live, isIdle, settled, release }: PreparedLeave,
  { learn, drain }: Lags
): readonly Step[] => [
  { kind: 'begin' },
  { kind: 'start', deployment: canary, live },
  { kind: 'await-ready' },
  { kind: 'resize', split: EVERYBODY },
  ...(learn > 0
    ? [
        { kind: 'shift', split: { weight: 50 }, step: 0 } as const,
        { kind: 'watch', name: 'until gateways know the pods', duration: learn } as const,
        { kind: 'resize', split: EVERYBODY } as const
      ]
    : []),
  // With half of the users it would be scaled down.
  ...(release.autoscaler === undefined ? [] : [{ kind: 'point-autoscaler', to: 'canary' } as const]),
  { kind: 'shift', split: EVERYBODY, step: 0 },
  { kind: 'finish', settle: settled },
  { kind: 'drain', duration: drain },
  { kind: 'scale-down', side: 'stable' },
  { kind: 'settle', selector: settled, outcome: 'kept' },
  ...(isIdle ? [{ kind: 'scale-down', side: 'canary' } as const] : [])
]
