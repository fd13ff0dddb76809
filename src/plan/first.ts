import type { Fault } from '../base/errors.ts'
import { withCause } from '../domain/change-cause.ts'
import type { Release } from '../domain/record.ts'
import { inSlot, SLOT_LABEL, selectingNobody, type Placement } from '../domain/slots.ts'
import { checkLineName, isBound, isComparison } from '../inputs/check-line.ts'
import type { Inputs } from '../inputs/inputs.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import type { Deployment, Service } from '../kubernetes/objects.ts'
import { leadsTo } from '../kubernetes/ports.ts'
import { printSelector, selects, templateLabels, withoutKeys, type Labels } from '../kubernetes/selectors.ts'
import { HASH_LABEL } from '../kubernetes/workload.ts'
import { versionOf, type Observed } from '../observe/observed.ts'
import { beginRelease, type ReleaseOrigin } from './begin-release.ts'
import { entranceOf, smokePortFaults } from './entrance.ts'
import { labelFaults } from './faults.ts'
import { followersOf, recorded } from './followers.ts'
import { keepTraffic, leastOf, servicesToBe, trafficFaults } from './live-fields.ts'
import type { Prepared } from './prepare.ts'
import { ALL_AT_ONCE } from './progressive.ts'
import { isService } from './first-place.ts'
import { givenFor, jobsOnRecord } from './release-jobs.ts'
import { sourceOf, withNewImages, writtenIn } from './source.ts'

/** The inputs without those that are about a version that serves already. */
export const inputsOfFirst = (inputs: Inputs): Inputs => ({
  ...inputs,
  checks: inputs.checks.filter(isBound),
  watchdog: undefined
})

/** What of the inputs means nothing at a first installation. */
function skipped({ strategy, checks, watchdog, probe }: Inputs): readonly string[] {
  const compared = checks.filter(isComparison).map(checkLineName)
  const why = 'at a first installation there is'
  return [
    ...(strategy === 'canary' ? [`the steps are skipped: ${why} nobody to share the traffic with`] : []),
    ...(compared.length > 0 ? [`${compared.join(', ')} skipped: ${why} no old version to compare with`] : []),
    ...(watchdog === undefined ? [] : [`no watchdog is started: ${why} no old version to go back to`]),
    ...(probe === undefined ? [] : [`the probe is skipped: ${why} one version alone`])
  ]
}

/**
 * Turns inputs and manifests into a first installation.
 * @param observed with the Service as it is, or as the manifests name it
 * @returns faults instead, when it could not work
 */
export function prepareFirst(
  inputs: Inputs,
  observed: Observed,
  given: readonly Manifest[],
  origin: ReleaseOrigin
): Prepared | readonly Fault[] {
  const unusable = given.flatMap((manifest) => trafficFaults(manifest, observed))
  if (unusable.length > 0) return unusable
  const { canary, written, jobs, manifests, faults: wrong } = candidateOf(inputs, observed, given, origin)
  const services = servicesToBe(observed, given)
  const [service = observed.service] = services
  const selectors = selectorsFor(service, given)
  const followers = followersOf(observed, canary, selectors)
  const entrance = entranceOf({ ...observed, service }, [], canary)
  const faults = [
    ...wrong,
    ...labelFaults(canary, selectors.canary, service),
    ...services.flatMap((one) => lostPorts(one, canary)),
    ...smokePortFaults(inputs.smokeTests, entrance, observed),
    ...followers.faults
  ]
  if (faults.length > 0) return faults
  return {
    canary,
    written,
    jobs,
    live: observed.slots.plain,
    serving: observed.stable.deployment,
    entrance,
    release: {
      ...beginFirst(observed, canary, selectors, origin),
      ...{ ...checksOf(inputs), ...recorded(followers), ...jobsOnRecord(jobs) }
    },
    steps: ALL_AT_ONCE,
    routes: [],
    warnings: [...skipped(inputs), ...untestedWays(observed, given, canary)],
    manifests: keepTraffic(manifests, whereScaled(observed, canary), selectors.stable, followers.selectors)
  }
}

function beginFirst(
  observed: Observed,
  canary: Deployment,
  selectors: Release['selectors'],
  origin: ReleaseOrigin
): Release {
  const begun = { command: 'deploy', canary: versionOf('plain', canary, ''), selectors } as const
  return { ...beginRelease(origin, { ...observed, routes: [] }, begun), first: true }
}

function checksOf({ checks }: Inputs): Pick<Release, 'checks'> {
  const bounds = checks.filter(isBound).map(checkLineName)
  return bounds.length === 0 ? {} : { checks: bounds }
}

/** The Deployment of the manifests with the images that the user names, with its config, and its Jobs. */
function candidateOf(
  inputs: Inputs,
  observed: Observed,
  given: readonly Manifest[],
  { release }: ReleaseOrigin
) {
  const written = writtenIn(observed, given, { name: observed.workload })
  const placement = placementOf(observed, written, leastOf(given, observed))
  const { manifests, jobs, images, faults } = givenFor(inputs, observed, given, { ...placement, release })
  const source = withNewImages(sourceOf(observed, manifests, placement), images)
  const canary = inSlot(source.renewed, placement, observed.slots.plain)
  return {
    canary: withCause(canary, release, written?.object),
    written,
    manifests,
    jobs,
    faults: [...faults, ...source.faults]
  }
}

/** Where the workload's own Deployment is what an autoscaler scales. */
export const whereScaled = (observed: Observed, own: Deployment | undefined): Observed =>
  own === undefined ? observed : { ...observed, stable: { ...observed.stable, deployment: own } }

/**
 * The Deployment as the manifest names it, in its own size, or in what its autoscaler would give it some time after all users
 * have come: charts leave the size to that.
 */
function placementOf(
  { workload, namespace }: Observed,
  written: Manifest | undefined,
  least: number
): Placement {
  const { replicas = 1 } = (written?.object as Deployment | undefined)?.spec ?? {}
  // One pod shows whether the version runs, and somebody has to serve.
  const size = Math.max(replicas, least, 1)
  return { name: workload, namespace, slot: 'plain', label: SLOT_LABEL, replicas: size }
}

/** The selector that the manifest gives the Service, which may be there with another one that selects nobody. */
export function selectorsFor(service: Service, given: readonly Manifest[]): Release['selectors'] {
  const manifest = given
    .map(({ object }) => object)
    .filter(isService)
    .find(({ metadata }) => metadata.name === service.metadata.name)
  const selector = authored((manifest ?? service).spec.selector)
  const closed = selectingNobody(selector)
  return { before: closed, stable: closed, canary: selector }
}

/** Without what a release may have added when the manifest was taken from the cluster. */
const authored = (selector: Labels = {}): Labels => withoutKeys(selector, SLOT_LABEL, HASH_LABEL)

/** Other Services that select the pods as soon as these are ready: they are not of this release, which leaves them as they are. */
function untestedWays(
  { otherServices, service, companions }: Observed,
  given: readonly Manifest[],
  { spec }: Deployment
): readonly string[] {
  const own = new Set([service, ...companions].map(({ metadata }) => metadata.name))
  const written = given.map(({ object }) => object).filter(isService)
  const others = new Map([...otherServices, ...written].map((one) => [one.metadata.name, one]))
  return [...others.values()]
    .filter(({ metadata }) => !own.has(metadata.name))
    .filter((one) => selects(one.spec.selector, templateLabels(spec.template)))
    .map(
      ({ metadata: { name }, spec: { selector } }) =>
        `service/${name} (${printSelector(selector)}) selects the pods as well: who comes through it reaches them as soon as they are ready, before they are tested. To hold it back too, give it a line in route: service/${name}`
    )
}

const lostPorts = ({ metadata, spec }: Service, canary: Deployment): Fault[] =>
  (spec.ports ?? [])
    .filter((port) => !leadsTo(port, canary))
    .map(({ port, targetPort = port }) => ({
      input: 'manifests',
      problem: `port ${port} of Service ${metadata.name} leads to the port named ${targetPort}, which no container of Deployment ${canary.metadata.name} has`,
      example: 'a container port with that name'
    }))
