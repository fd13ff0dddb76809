import type { Fault } from '../base/errors.ts'
import { withCause } from '../domain/change-cause.ts'
import type { InPlace, Release } from '../domain/record.ts'
import { inSlot, slotLabel, type Placement } from '../domain/slots.ts'
import type { Inputs } from '../inputs/inputs.ts'
import { canonical } from '../kubernetes/canonical.ts'
import { wantedReplicas } from '../kubernetes/health.ts'
import { printPrevious } from '../inputs/previous.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import type { Deployment } from '../kubernetes/objects.ts'
import {
  DEFAULT_STRATEGY,
  forcedStrategy,
  rolloutOf,
  withRollout,
  type RolloutStrategy
} from '../kubernetes/rollout.ts'
import { withoutKeys } from '../kubernetes/selectors.ts'
import { HASH_LABEL } from '../kubernetes/workload.ts'
import { type Observed, versionOf } from '../observe/observed.ts'
import { beginRelease, type ReleaseOrigin } from './begin-release.ts'
import { entranceFaults, entranceOf } from './entrance.ts'
import { labelFaults, nothingToRelease, portFaults } from './faults.ts'
import { inPlaceFollowers } from './followers.ts'
import { inPlaceFaults } from './in-place.ts'
import { keepTraffic, trafficFaults } from './live-fields.ts'
import type { Prepared } from './prepare.ts'
import { givenFor, jobsOnRecord, type Given } from './release-jobs.ts'
import type { Previous } from './rollback.ts'
import { untoldReadiness } from './sharing.ts'
import { sourceOf, withNewImages, writtenIn } from './source.ts'

type Wanted = Inputs & { readonly strategy: InPlace }

/**
 * Turns inputs and what was observed into a release that replaces the pods of the Deployment that serves.
 * @returns faults instead, when the release could not work
 */
export function prepareInPlace(
  inputs: Wanted,
  observed: Observed,
  written: readonly Manifest[],
  origin: ReleaseOrigin
): Prepared | readonly Fault[] {
  const unusable = written.flatMap((manifest) => trafficFaults(manifest, observed))
  if (unusable.length > 0) return unusable
  const { name } = placementOf(observed)
  const given = givenFor(inputs, observed, written, { ...origin, name })
  const prepared = prepareUsable({ ...inputs, images: given.images }, observed, given, origin)
  if ('length' in prepared) return [...given.faults, ...prepared]
  if (given.faults.length > 0) return given.faults
  const own = writtenIn(observed, written, { name })
  const canary = withCause(prepared.canary, origin.release, own?.object)
  return { ...prepared, canary, jobs: given.jobs, written: own }
}

function prepareUsable(
  inputs: Wanted,
  observed: Observed,
  { manifests, jobs }: Given,
  origin: ReleaseOrigin
): Prepared | readonly Fault[] {
  const { canary, after, faults: wrong } = candidateOf(inputs, observed, manifests)
  const version = versionOf(observed.stable.slot, canary, '')
  const begun = { command: 'deploy', canary: version, strategy: inputs.strategy } as const
  const release = { ...beginInPlace(origin, observed, begun), ...jobsOnRecord(jobs) }
  const selector = release.selectors.stable
  const followers = inPlaceFollowers(observed, canary)
  const entrance = entranceOf(observed, [], canary)
  const faults = [
    ...wrong,
    ...nothingToRelease(inputs, manifests, observed),
    ...labelFaults(canary, selector, observed.service),
    ...entranceFaults(inputs.smokeTests, entrance, observed, canary, manifests),
    ...followers.faults,
    ...inPlaceFaults(inputs, observed, canary, selector)
  ]
  if (faults.length > 0) return faults
  return {
    canary,
    serving: observed.stable.deployment,
    entrance,
    release,
    steps: [],
    routes: [],
    warnings: [...warningsFor(inputs), ...untoldReadiness(observed.service)],
    manifests: keepTraffic(manifests, observed, selector, followers.selectors),
    ...(after === undefined ? {} : { after })
  }
}

interface Candidate {
  readonly canary: Deployment
  readonly after?: RolloutStrategy
  readonly faults: readonly Fault[]
}

/** The Deployment that serves as it is to be, with the images that the user names. */
function candidateOf(inputs: Wanted, observed: Observed, manifests: readonly Manifest[]): Candidate {
  const { stable } = observed
  const placement = placementOf(observed)
  const { renewed, faults } = withNewImages(sourceOf(observed, manifests, placement), inputs.images)
  const replaced = replacing(inputs.strategy, inSlot(renewed, placement, stable.deployment), stable)
  return { ...replaced, faults }
}

const warningsFor = ({ previous, strategy }: Inputs): readonly string[] =>
  previous !== 'scale-down'
    ? [
        `previous: ${printPrevious(previous)} means nothing with strategy ${strategy}: no pod of the old version is left that could be kept`
      ]
    : []

/** The number of pods stays the live one, which an autoscaler or a person has set. */
const placementOf = ({ namespace, service, stable: { slot, deployment } }: Observed): Placement => ({
  name: deployment.metadata.name,
  namespace,
  slot,
  label: slotLabel(service.spec.selector ?? {}, deployment, slot),
  replicas: wantedReplicas(deployment)
})

/** With the strategy that the release replaces pods by; a manifest that names none leaves the Deployment's own. */
function replacing(
  strategy: InPlace,
  wanted: Deployment,
  { deployment }: Observed['stable']
): { readonly canary: Deployment; readonly after?: RolloutStrategy } {
  const rollout = rolloutOf(wanted)
  const own = rollout.strategy ?? rolloutOf(deployment).strategy ?? DEFAULT_STRATEGY
  const forced = forcedStrategy(strategy, own)
  const canary = withRollout(wanted, { ...rollout, strategy: forced })
  return canonical(forced) === canonical(own) ? { canary } : { canary, after: own }
}

/** The selector does not change in the release, so all four are the same. */
function beginInPlace(
  origin: ReleaseOrigin,
  observed: Observed,
  { command, canary, strategy }: Pick<Release, 'command' | 'canary'> & { readonly strategy: InPlace }
): Release {
  const { service, stable } = observed
  const live = service.spec.selector ?? {}
  // A rollback that died has left a plain Deployment selected by the hash of a template that is about to change.
  const selector = stable.slot === 'plain' ? withoutKeys(live, HASH_LABEL) : live
  const selectors = { before: selector, stable: selector, canary: selector }
  const begun = beginRelease(origin, { ...observed, routes: [] }, { command, canary, selectors })
  return { ...begun, strategy, rollout: rolloutOf(stable.deployment) }
}

export interface PreparedReturn {
  readonly canary: Deployment
  readonly release: Release
  readonly after?: RolloutStrategy
  readonly faults: readonly Fault[]
}

/** Turns a template that the Deployment had before into a release in place. */
export function prepareReturn(
  observed: Observed,
  { version, live, replicaSet, inPlace }: Previous & { readonly inPlace: InPlace },
  origin: ReleaseOrigin
): PreparedReturn {
  const source = { ...live, spec: { ...live.spec, template: replicaSet.spec.template } }
  const { canary, after } = replacing(inPlace, inSlot(source, placementOf(observed), live), observed.stable)
  const release = beginInPlace(origin, observed, {
    command: 'rollback',
    canary: { ...version, replicas: wantedReplicas(live) },
    strategy: inPlace
  })
  const { service } = observed
  const faults = [
    ...labelFaults(canary, release.selectors.stable, service),
    ...portFaults([service, ...observed.companions], canary, observed),
    ...inPlaceFollowers(observed, canary).faults
  ]
  return {
    canary: withCause(canary, origin.release),
    release,
    faults,
    ...(after === undefined ? {} : { after })
  }
}
