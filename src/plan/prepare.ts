import type { Fault } from '../base/errors.ts'
import type { Release, Selector } from '../domain/record.ts'
import {
  inSlot,
  otherSlot,
  SLOT_LABEL,
  slotDeploymentName,
  slotLabel,
  type Placement,
  type SlotName
} from '../domain/slots.ts'
import { withImages } from '../inputs/image.ts'
import type { Inputs } from '../inputs/inputs.ts'
import type { TrafficStep } from '../inputs/step.ts'
import { wantedReplicas } from '../kubernetes/health.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import type { Deployment } from '../kubernetes/objects.ts'
import type { Entrance } from '../kubernetes/ports.ts'
import type { RolloutStrategy } from '../kubernetes/rollout.ts'
import { withoutKeys } from '../kubernetes/selectors.ts'
import { HASH_LABEL } from '../kubernetes/workload.ts'
import { versionOf, type Observed, type ObservedRoute } from '../observe/observed.ts'
import { asAsked, stepsOf } from './asked.ts'
import { followingAutoscaler } from './autoscaler.ts'
import { withConfig } from './config.ts'
import { entranceFaults, entranceOf } from './entrance.ts'
import { imageFaults, labelFaults, nothingToRelease, slotFaults } from './faults.ts'
import { followersOf, recorded } from './followers.ts'
import { exposedBy, leftoverOf, type Leftover } from './leftover.ts'
import { isSlotOf, keepTraffic, newAutoscaler, trafficFaults } from './live-fields.ts'
import { pairWarnings } from './pairs.ts'
import { appliableOn, changingLabels, isSharedByPods, prepareRouting } from './routing.ts'
import { podsFor } from './sizing.ts'

/** Who releases, and from where. */
export interface ReleaseOrigin {
  /** `<run id>-<attempt>` */
  readonly release: string
  /** Of the lock: tells two jobs of one run apart. */
  readonly holder: string
  readonly run?: string
  readonly actor?: string
  readonly sha?: string
  /** Milliseconds since the epoch. */
  readonly startedAt: number
}

/** What a release is going to bring, before anything is written. */
export interface Prepared extends Leftover {
  readonly canary: Deployment
  /** The manifest that it is made of; undefined: of what runs. */
  readonly written?: Manifest | undefined
  /** Its Deployment as it is, if there is one. */
  readonly live?: Deployment | undefined
  readonly manifests: readonly Manifest[]
  readonly release: Release
  readonly steps: readonly TrafficStep[]
  readonly routes: readonly ObservedRoute[]
  readonly entrance: Entrance
  readonly warnings: readonly string[]
  /** In place: the Deployment's own strategy, where its pods are replaced by another one. */
  readonly after?: RolloutStrategy
}

type Selectors = Release['selectors']

/** Where the canary goes. */
export function placementOf({ namespace, workload, service, stable }: Observed): Placement {
  const slot = otherSlot(stable.slot)
  const label = slotLabel(service.spec.selector ?? {}, stable.deployment, stable.slot)
  // A workload at 0 replicas is released as well: one pod shows whether the new version runs.
  const replicas = Math.max(wantedReplicas(stable.deployment), 1)
  return { name: slotDeploymentName(workload, slot), namespace, slot, label, replicas }
}

/** The Service's selector, as it is and with all traffic on the one or the other. */
export function selectorsOf(
  { service, stable }: Observed,
  canary: Placement,
  canaryHash?: string,
  shared = false
): Selectors {
  const live = service.spec.selector ?? {}
  // A rollback that died has left a plain Deployment selected by the hash of its template.
  const before = stable.slot === 'plain' ? withoutKeys(live, HASH_LABEL) : live
  const base = withoutKeys(before, canary.label, SLOT_LABEL, HASH_LABEL)
  const plain = (hash: string): Selector =>
    hash === '' ? { ...base, [SLOT_LABEL]: 'plain' } : { ...base, [HASH_LABEL]: hash }
  return {
    before,
    stable: stable.slot === 'plain' ? plain(stable.hash) : { ...base, [canary.label]: stable.slot },
    canary: canary.slot === 'plain' ? plain(canaryHash ?? '') : { ...base, [canary.label]: canary.slot },
    ...(shared ? { both: base } : {})
  }
}

/**
 * Turns inputs and what was observed into a release.
 * @returns faults instead, when the release could not work
 */
export function prepare(
  inputs: Inputs,
  observed: Observed,
  manifests: readonly Manifest[],
  origin: ReleaseOrigin
): Prepared | readonly Fault[] {
  const unusable = manifests.flatMap((manifest) => trafficFaults(manifest, observed))
  if (unusable.length > 0) return unusable
  const placement = placementOf(observed)
  const config = withConfig(observed, manifests, sourceOf(observed, manifests, placement))
  const prepared = prepareUsable(inputs, observed, config.manifests, origin)
  if ('length' in prepared) return [...config.faults, ...prepared]
  if (config.faults.length > 0) return config.faults
  const written = writtenIn(observed, manifests, placement)
  const warnings = [...prepared.warnings, ...pairWarnings(observed, placement, written)]
  return { ...withLeftover(prepared, observed, origin), warnings, written }
}

function prepareUsable(
  inputs: Inputs,
  observed: Observed,
  manifests: readonly Manifest[],
  origin: ReleaseOrigin
): Prepared | readonly Fault[] {
  const steps = stepsOf(inputs)
  const placement = withSize(placementOf(observed), steps, observed)
  const source = sourceOf(observed, manifests, placement)
  const { spec, unmatched } = withImages(source.spec.template.spec, inputs.images)
  const renewed = { ...source, spec: { ...source.spec, template: { ...source.spec.template, spec } } }
  const canary = inSlot(renewed, placement, observed.slots[placement.slot])
  const selectors = selectorsOf(observed, placement, undefined, isSharedByPods(observed, steps))
  const followers = followersOf(observed, canary, selectors)
  const others = manifests.filter(({ object }) => !isSlotOf(observed, object))
  const entrance = entranceOf(observed, observed.routes, canary)
  const autoscaler = followingAutoscaler(observed, placement.name) ?? newAutoscaler(others, observed)
  const version = versionOf(placement.slot, canary, '')
  const record = beginRelease('deploy', observed, version, selectors, autoscaler, origin)
  const release: Release = {
    ...record,
    ...asAsked(inputs, steps),
    ...recorded(followers),
    ...changingLabels(observed, canary, selectors)
  }
  const routing = prepareRouting(observed, release, steps, canary)
  const faults = [
    ...slotFaults(observed, placement.name),
    ...imageFaults(unmatched, source),
    ...nothingToRelease(inputs, manifests, observed),
    ...labelFaults(canary, selectors.canary, observed.service),
    ...entranceFaults(inputs.smokeTests, entrance, observed, canary, manifests),
    ...[followers, routing].flatMap((part) => part.faults)
  ]
  if (faults.length > 0) return faults
  const { routes, services, warnings } = routing
  const kept = keepTraffic(others, observed, selectors.stable, followers.selectors)
  const all = [...appliableOn(kept, routes, observed, release), ...services]
  return { canary, entrance, steps, routes, warnings, manifests: all, release }
}

/** With what is there already in the place where the canary goes, and beside it. */
function withLeftover(prepared: Prepared, observed: Observed, { startedAt }: ReleaseOrigin): Prepared {
  const { release } = prepared
  const { slot, deployment } = release.canary
  const leftover = leftoverOf(observed, deployment, startedAt)
  const live = observed.slots[slot as SlotName]
  return { ...prepared, live, release: { ...release, ...exposedBy(leftover) }, ...leftover }
}

/** Big enough for its first share. */
function withSize(placement: Placement, steps: readonly TrafficStep[], { routes }: Observed): Placement {
  const { split } = steps[0] ?? { split: { weight: 100 } }
  const shareOf = routes.length > 0 ? 'requests' : 'connections'
  return { ...placement, replicas: podsFor(split, placement.replicas, shareOf) }
}

/** The record with which a release begins. */
export function beginRelease(
  command: Release['command'],
  { stable, record, routes }: Pick<Observed, 'stable' | 'record' | 'routes'>,
  canary: Release['canary'],
  selectors: Selectors,
  autoscaler: string | undefined,
  { release, holder, run, actor, sha, startedAt }: ReleaseOrigin
): Release {
  return {
    version: 1,
    id: release,
    holder,
    command,
    ...(run === undefined ? {} : { run }),
    ...(actor === undefined ? {} : { actor }),
    ...(sha === undefined ? {} : { sha }),
    phase: 'running',
    weight: 0,
    ...(routes.length === 0 ? {} : { routes: routes.map(({ name }) => name) }),
    startedAt: new Date(startedAt).toISOString(),
    stable: versionOf(stable.slot, stable.deployment, stable.hash),
    canary,
    ...(record?.previous === undefined ? {} : { previous: record.previous }),
    selectors,
    ...(autoscaler === undefined ? {} : { autoscaler }),
    history: record?.history ?? []
  }
}

/** The manifest of the Deployment, whichever of the workload's names it has. */
export function writtenIn(
  observed: Observed,
  manifests: readonly Manifest[],
  { name }: Pick<Placement, 'name'>
): Manifest | undefined {
  const names = [name, observed.workload, observed.stable.deployment.metadata.name]
  const deployments = manifests.filter(({ object }) => isSlotOf(observed, object))
  const found = names.flatMap(
    (wanted) => deployments.find(({ object }) => object.metadata.name === wanted) ?? []
  )
  return found[0]
}

/** The manifest's Deployment; without one what serves now. */
export const sourceOf = (
  observed: Observed,
  manifests: readonly Manifest[],
  placement: Pick<Placement, 'name'>
): Deployment =>
  (writtenIn(observed, manifests, placement)?.object as Deployment | undefined) ?? observed.stable.deployment
