import type { KubernetesObject } from '../../kubernetes/objects.ts'
import { printSelector, type Labels } from '../../kubernetes/selectors.ts'
import { HASH_LABEL } from '../../kubernetes/workload.ts'
import { tooCoarse } from '../backend-weights.ts'
import { readBefore } from '../before.ts'
import type { Backends, PodLabels, Split } from '../route.ts'
import { apexRules, copyName, isCopy } from './destination-rules.ts'
import {
  isInUse,
  isOwn,
  rulesOf,
  targetsOf,
  withoutRelease,
  type HttpRule,
  type VirtualService
} from './rules.ts'
import { isEmptyFor } from './subset-labels.ts'
import { entriesOf, shareIn, sidesOf, stableIn, type Target } from './targets.ts'
import { meshVersions, type MeshVersions } from './versions.ts'

/** A rule, and how messages name it. */
interface Named {
  readonly rule: HttpRule
  readonly words: string
}

/** Why the VirtualService cannot be split like this; undefined when it can. */
export function virtualServiceProblem(
  objects: readonly [VirtualService, ...KubernetesObject[]],
  backends: Backends,
  splits: readonly Split[],
  pods?: PodLabels
): string | undefined {
  const [live] = objects
  const versions = meshVersions(objects, backends)
  const name = `virtualservice/${live.metadata.name}`
  const rules = namedRules(live, name)
  const own = namedRules(withoutRelease(live, versions), name).filter(({ rule }) => isInUse(rule, versions))
  if (own.length === 0) return notReferred(name, rules, backends)
  const found = [
    ...(readBefore(live) === undefined ? rules.map((one) => alreadySplit(one, versions)) : []),
    ...own.flatMap((one) => [
      subsetProblem(one, versions, backends),
      pods && emptiedSubset(one, versions, backends, pods),
      pods && sharedWithNobody(one, versions, backends, pods),
      coarseness(one, versions, backends, splits),
      headerProblem(one, splits),
      mirrorProblem(one, splits)
    ]),
    takenName(objects, backends)
  ]
  return found.find((problem) => problem !== undefined)
}

const namedRules = (object: VirtualService, name: string): readonly Named[] =>
  rulesOf(object)
    .filter((rule) => !isOwn(rule))
    .map((rule, at) => ({
      rule,
      words: `http rule ${at + 1}${rule.name === undefined ? '' : ` (${rule.name})`} of ${name}`
    }))

function notReferred(name: string, rules: readonly Named[], { apex }: Backends): string {
  const hosts = new Set(
    rules.flatMap(({ rule }) =>
      targetsOf(rule).map(({ destination: { host, subset } }) =>
        subset === undefined ? host : `${host} (subset ${subset})`
      )
    )
  )
  const found = hosts.size === 0 ? 'nowhere' : `to ${[...hosts].join(', ')}`
  return `no http rule of ${name} sends requests to the stable version behind host ${apex}, they go ${found}: name ${apex} as the destination's host in the rules that users of this workload come through`
}

/** Requests that already go to the canary's slot would reach a version that has not been tested yet. */
function alreadySplit({ rule, words }: Named, versions: MeshVersions): string | undefined {
  const targets = targetsOf(rule)
  if (stableIn(targets, versions).length === 0) return undefined
  const { canary } = shareIn(targets, versions)
  const entry = targets.find(({ destination }) => sidesOf(versions).isCanary({ destination, name: '' }))
  if (entry === undefined || (canary === 0 && versions.isTwin(entry.destination))) return undefined
  const { host, subset } = entry.destination
  return subset === undefined || versions.isCanary(entry.destination)
    ? `${words} has an entry for host ${host} already, without a release: take it out, a release makes its own`
    : `${words} sends requests to subset ${subset} of host ${host} already, where the new version comes to run before it is tested: give its weight to the version that serves`
}

function subsetProblem(
  { rule, words }: Named,
  versions: MeshVersions,
  { apex }: Backends
): string | undefined {
  const own = stableIn(targetsOf(rule), versions).map(({ destination }) => destination)
  const unknown = own.find(versions.unknownSubset)?.subset
  if (unknown !== undefined)
    return `${words} names subset ${unknown} of host ${apex}, which no DestinationRule of the namespace has: add it there`
  const narrow = own.find(versions.lacksSuccessor)?.subset
  return narrow === undefined
    ? undefined
    : `${words} names subset ${narrow} of host ${apex}, whose labels leave out the pods of the other version: take the label that tells the versions apart out of it, or add a subset for the other version to the DestinationRule`
}

/** After the release the subset selects among the new version's pods, so it must not require labels that they lack. */
function emptiedSubset(
  { rule, words }: Named,
  versions: MeshVersions,
  backends: Backends,
  pods: PodLabels
): string | undefined {
  const { apex } = backends
  for (const { destination } of stableIn(targetsOf(rule), versions)) {
    const labels = versions.labelsOf(versions.successorOf(destination))
    const hashed = labels[HASH_LABEL]
    if (hashed !== undefined)
      return `${words} names subset ${destination.subset ?? ''} of host ${apex} by ${HASH_LABEL}: ${hashed}, a label that every version has another value of: after the release nobody would serve in it; leave that label out of the subset`
    // If the label changes with the version, the release changes it in the subset too.
    const lost = Object.entries(labels).find(
      ([key, value]) => pods.canary[key] !== value && backends.labels?.canary[key] === undefined
    )
    if (lost === undefined || !hasAll(pods.stable, versions.labelsOf(destination))) continue
    const [key, value] = lost
    return `${words} names subset ${destination.subset ?? ''} of host ${apex}, whose label ${key}: ${value} the pods of the new version do not have (${key}: ${pods.canary[key] ?? 'none'}): after the release nobody would serve in it; leave that label out of the subset, or out of what changes with the version`
  }
  return undefined
}

/**
 * If a rule shares requests between a subset with pods and one without, the release cannot tell where the requests for
 * the empty one belong.
 */
function sharedWithNobody(
  { rule, words }: Named,
  versions: MeshVersions,
  { apex }: Backends,
  pods: PodLabels
): string | undefined {
  const targets = targetsOf(rule)
  const used = entriesOf(stableIn(targets, versions)).filter(({ weight = 0 }) => weight > 0)
  const isEmpty = ({ destination }: Target): boolean =>
    isEmptyFor(versions.labelsOf(destination), pods.stable)
  const empty = used.find(isEmpty)
  if (empty === undefined || used.every(isEmpty)) return undefined
  const { subset = '' } = empty.destination
  const labels = printSelector(versions.labelsOf(empty.destination))
  return `${words} sends a part of its requests to subset ${subset} of host ${apex} (${labels}), in which the version that serves has no pods: give its weight to a subset that it has pods in`
}

const hasAll = (labels: Labels, wanted: Labels): boolean =>
  Object.entries(wanted).every(([key, value]) => labels[key] === value)

function coarseness(
  { rule, words }: Named,
  versions: MeshVersions,
  { apex }: Backends,
  splits: readonly Split[]
): string | undefined {
  const told = { apex: `host ${apex}`, all: 'of that rule' }
  const coarse = tooCoarse(entriesOf(targetsOf(rule)), sidesOf(versions), splits, told)
  return coarse && `${words} ${coarse}`
}

function headerProblem({ rule, words }: Named, splits: readonly Split[]): string | undefined {
  const names = splits.flatMap(({ header }) => header?.name.toLowerCase() ?? [])
  const matched = (rule.match ?? []).flatMap(({ headers = {}, withoutHeaders = {} }) =>
    Object.keys({ ...headers, ...withoutHeaders }).map((name) => name.toLowerCase())
  )
  const both = names.find((name) => matched.includes(name))
  return both && `${words} matches on the header ${both} itself: use another header for the step`
}

function mirrorProblem({ rule, words }: Named, splits: readonly Split[]): string | undefined {
  if (splits.every(({ mirror }) => mirror === undefined)) return undefined
  const field = ['mirror', 'mirrors', 'mirrorPercentage', 'mirrorPercent', 'mirror_percent'].find(
    (key) => key in rule
  )
  return (
    field &&
    `${words} has a ${field} of its own, and a rule can have one only: take it out, or leave out the mirror step`
  )
}

function takenName(objects: readonly KubernetesObject[], backends: Backends): string | undefined {
  const names = apexRules(objects, backends).map(copyName)
  const taken = objects.find(
    (object) =>
      object.kind === 'DestinationRule' && names.includes(object.metadata.name) && !isCopy(object, backends)
  )
  return (
    taken &&
    `destinationrule/${taken.metadata.name} exists, and a release makes one of that name for the new version: rename it`
  )
}
