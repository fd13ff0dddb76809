import type { Fault } from '../base/errors.ts'
import { withCause } from '../domain/change-cause.ts'
import type { Release } from '../domain/record.ts'
import { inSlot, type Placement, type SlotName } from '../domain/slots.ts'
import type { Inputs } from '../inputs/inputs.ts'
import type { TrafficStep } from '../inputs/step.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import type { Deployment } from '../kubernetes/objects.ts'
import type { Entrance } from '../kubernetes/ports.ts'
import type { RolloutStrategy } from '../kubernetes/rollout.ts'
import { untestedWays } from '../observe/find-service.ts'
import { versionOf, type Observed, type ObservedRoute } from '../observe/observed.ts'
import { asAsked, stepsOf } from './asked.ts'
import { followingAutoscaler } from './autoscaler.ts'
import { type ReleaseOrigin, beginRelease } from './begin-release.ts'
import { entranceFaults, entranceOf } from './entrance.ts'
import { labelFaults, nothingToRelease, slotFaults } from './faults.ts'
import { followersOf, recorded } from './followers.ts'
import { exposedBy, leftoverOf, type Leftover } from './leftover.ts'
import { keepTraffic, newAutoscaler, trafficFaults } from './live-fields.ts'
import { nodePortWarnings } from './node-ports.ts'
import { pairWarnings } from './pairs.ts'
import { placementOf, selectorsOf } from './placement.ts'
import { givenFor, jobsOnRecord, type ReleaseJobs } from './release-jobs.ts'
import { appliableOn, changingLabels, isSharedByPods, prepareRouting } from './routing.ts'
import { podsFor } from './sizing.ts'
import { sourceOf, withNewImages, writtenIn } from './source.ts'
import { servingElsewhere } from './unchanged.ts'

/** What a release is going to bring, before anything is written. */
export interface Prepared extends Leftover {
  readonly canary: Deployment
  /** Its manifest; undefined when the running Deployment is released with other images. */
  readonly written?: Manifest | undefined
  /** Its Deployment as it is, if there is one. */
  readonly live?: Deployment | undefined
  /** The serving version as it would look in the canary's place. If the canary looks the same, there is nothing to release. */
  readonly serving: Deployment
  readonly manifests: readonly Manifest[]
  readonly jobs?: ReleaseJobs
  readonly release: Release
  readonly steps: readonly TrafficStep[]
  readonly routes: readonly ObservedRoute[]
  readonly entrance: Entrance
  readonly warnings: readonly string[]
  /** In place: the Deployment's own strategy, where its pods are replaced by another one. */
  readonly after?: RolloutStrategy
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
  const given = givenFor(inputs, observed, manifests, { ...origin, name: placement.name })
  const prepared = prepareUsable({ ...inputs, images: given.images }, observed, given.manifests, origin)
  if ('length' in prepared) return [...given.faults, ...prepared]
  if (given.faults.length > 0) return given.faults
  const written = writtenIn(observed, manifests, placement)
  const warnings = [
    ...prepared.warnings,
    ...pairWarnings(observed, placement, written),
    ...nodePortWarnings(prepared.canary, observed.stable.deployment),
    ...untestedWays(observed.otherServices, prepared.canary)
  ]
  const canary = withCause(prepared.canary, origin.release, written?.object)
  const release = { ...prepared.release, ...jobsOnRecord(given.jobs) }
  const whole = withLeftover({ ...prepared, release }, observed, origin)
  return { ...whole, canary, jobs: given.jobs, warnings, written }
}

function prepareUsable(
  inputs: Inputs,
  observed: Observed,
  manifests: readonly Manifest[],
  origin: ReleaseOrigin
): Prepared | readonly Fault[] {
  const steps = stepsOf(inputs)
  const placement = withSize(placementOf(observed), steps, observed)
  const source = withNewImages(sourceOf(observed, manifests, placement), inputs.images)
  const canary = inSlot(source.renewed, placement, observed.slots[placement.slot])
  const selectors = selectorsOf(observed, placement, undefined, isSharedByPods(observed, steps))
  const followers = followersOf(observed, canary, selectors)
  const entrance = entranceOf(observed, observed.routes, canary)
  const autoscaler = followingAutoscaler(observed, placement.name) ?? newAutoscaler(manifests, observed)
  const version = versionOf(placement.slot, canary, '')
  const release: Release = {
    ...beginRelease(origin, observed, { command: 'deploy', canary: version, selectors, autoscaler }),
    ...asAsked(inputs, steps),
    ...recorded(followers),
    ...changingLabels(observed, canary, selectors)
  }
  const routing = prepareRouting(observed, release, steps, canary)
  const faults = [
    ...slotFaults(observed, placement.name),
    ...source.faults,
    ...nothingToRelease(inputs, manifests, observed),
    ...labelFaults(canary, selectors.canary, observed.service),
    ...entranceFaults(inputs.smokeTests, entrance, observed, canary, manifests),
    ...[followers, routing].flatMap((part) => part.faults)
  ]
  if (faults.length > 0) return faults
  const { routes, services, warnings } = routing
  const kept = keepTraffic(manifests, observed, selectors.stable, followers.selectors)
  const all = [...appliableOn(kept, routes, observed, release), ...services]
  const serving = servingElsewhere(observed)
  return { canary, serving, entrance, steps, routes, warnings, manifests: all, release }
}

/** Adds what already runs in the canary's place and beside it. */
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
