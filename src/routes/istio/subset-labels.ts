import type { KubernetesObject } from '../../kubernetes/objects.ts'
import { printSelector, type Labels } from '../../kubernetes/selectors.ts'
import { isTree } from '../../kubernetes/tree.ts'
import { readBefore, withBefore } from '../before.ts'
import type { Backends, PodLabels } from '../route.ts'
import { apexRules, suffixOf, type DestinationRule, type Subset } from './destination-rules.ts'

/**
 * Subsets whose labels change with the version, e.g. `version: v2.1.3`. During a release they are not used, since the
 * canary is reached by its own Service. After a promotion they must find the canary's pods behind the apex.
 *
 * They get their new labels while the route still leads to the canary's Service, so that every proxy knows the labels
 * before the route leads to the apex again. The old labels are kept in an annotation until then, for the case that
 * stable is put back.
 */
export function relabelled(
  rule: DestinationRule,
  names: ReadonlySet<string>,
  labels: PodLabels
): DestinationRule {
  const { subsets = [] } = rule.spec
  const moved = subsets.filter(
    (subset) => names.has(subset.name) && hasVersion(subset.labels ?? {}, labels.stable)
  )
  if (moved.length === 0) return rule
  const before = {
    ...Object.fromEntries(moved.map(({ name, labels: own }) => [name, own])),
    ...subsetsBefore(rule)
  }
  const renewed = subsets.map((subset) =>
    moved.includes(subset) ? { ...subset, labels: withVersion(subset.labels ?? {}, labels.canary) } : subset
  )
  return withSubsets(withBefore(rule, { subsets: before }), renewed)
}

/** The rule with the labels from before `relabelled`. */
export function labelledAsBefore(rule: DestinationRule): DestinationRule {
  const before = subsetsBefore(rule)
  if (before === undefined) return rule
  const subsets = (rule.spec.subsets ?? []).map((subset) => {
    const labels = before[subset.name]
    return labels === undefined ? subset : { ...subset, labels }
  })
  return withSubsets(withBefore(rule, undefined), subsets)
}

/** Keeps the new labels and drops the old ones from the annotation. */
export const labelledForGood = (rule: DestinationRule): DestinationRule =>
  subsetsBefore(rule) === undefined ? rule : withBefore(rule, undefined)

/**
 * A manifest of such a rule as it may be applied while stable serves. The manifest may already have the canary's
 * labels, which no serving pod has: stable's labels are applied instead, and a promotion brings the new ones.
 */
export function labelledAsLive(
  written: KubernetesObject,
  live: readonly KubernetesObject[],
  backends: Backends
): KubernetesObject {
  const { labels } = backends
  const [rule] = apexRules([written], backends)
  const [own] = apexRules(live, backends).filter(({ metadata }) => metadata.name === written.metadata.name)
  if (labels === undefined || rule === undefined || own === undefined) return written
  const serving = (own.spec.subsets ?? []).filter((subset) => hasVersion(subset.labels ?? {}, labels.stable))
  const subsets = rule.spec.subsets?.map((subset) => {
    const now = serving.find(({ name }) => name === subset.name)
    return now !== undefined && isEmptyFor(subset.labels ?? {}, labels.stable)
      ? { ...subset, labels: withVersion(subset.labels ?? {}, labels.stable) }
      : subset
  })
  return subsets === undefined ? written : withSubsets(rule, subsets)
}

/** Whether the subset selects by labels of the version, and by the values of this version. */
function hasVersion(subset: Labels, version: Labels): boolean {
  const own = Object.entries(subset).filter(([key]) => version[key] !== undefined)
  return own.length > 0 && own.every(([key, value]) => version[key] === value)
}

const withVersion = (subset: Labels, version: Labels): Labels =>
  Object.fromEntries(Object.entries(subset).map(([key, value]) => [key, version[key] ?? value]))

const withSubsets = (rule: DestinationRule, subsets: readonly Subset[]): DestinationRule => ({
  ...rule,
  spec: { ...rule.spec, subsets }
})

function subsetsBefore(rule: DestinationRule): Readonly<Record<string, Labels>> | undefined {
  const before = readBefore(rule)
  const subsets = isTree(before) ? before.subsets : undefined
  return isTree(subsets) && Object.values(subsets).every(isLabels)
    ? (subsets as Record<string, Labels>)
    : undefined
}

const isLabels = (value: unknown): value is Labels =>
  isTree(value) && Object.values(value).every((label) => typeof label === 'string')

/** Names of the apex's subsets that an object refers to, wherever in its spec. */
export function subsetNames(object: KubernetesObject, { apex, namespace }: Backends): ReadonlySet<string> {
  const found = (value: unknown): readonly string[] => {
    if (Array.isArray(value)) return value.flatMap(found)
    if (!isTree(value)) return []
    const { host, subset } = value
    const own =
      typeof host === 'string' && typeof subset === 'string' && suffixOf(host, apex, namespace) !== undefined
    return own ? [subset] : Object.values(value).flatMap(found)
  }
  return new Set(found((object as KubernetesObject & { readonly spec?: unknown }).spec))
}

/** Whether pods with these labels cannot be in the subset. */
export const isEmptyFor = (subset: Labels, pods: Labels): boolean =>
  Object.entries(subset).some(([key, value]) => pods[key] !== undefined && pods[key] !== value)

/** What somebody should know of the subsets that a VirtualService and its neighbours refer to. */
export function subsetRemarks(
  object: KubernetesObject,
  others: readonly KubernetesObject[],
  backends: Backends,
  pods: PodLabels = { stable: {}, canary: {} }
): string[] {
  const { apex, labels } = backends
  const subsets = apexRules(others, backends).flatMap(({ spec }) => spec.subsets ?? [])
  const named = (by: KubernetesObject): readonly Subset[] => {
    const names = subsetNames(by, backends)
    return subsets.filter(({ name }) => names.has(name))
  }
  const title = `virtualservice/${object.metadata.name}`
  const empty = named(object).filter(
    ({ labels: own = {} }) => isEmptyFor(own, pods.stable) && isEmptyFor(own, pods.canary)
  )
  const isMoved = ({ labels: own = {} }: Subset): boolean =>
    labels !== undefined && hasVersion(own, labels.stable)
  const beside = others.filter(
    (other) =>
      other.kind === 'VirtualService' &&
      other.metadata.name !== object.metadata.name &&
      named(other).some(isMoved)
  )
  return [
    ...empty.map(
      ({ name, labels: own = {} }) =>
        `subset ${name} of host ${apex} (${printSelector(own)}), which ${title} names, has pods of neither version: it is left as it is, and who is sent there gets no answer`
    ),
    ...beside.map(
      ({ metadata }) =>
        `virtualservice/${metadata.name} leads to a subset of host ${apex} whose labels change with the version: its users find no pods for a moment when the Service moves to the new version. To have it follow, give it a line in route: virtualservice/${metadata.name}`
    )
  ]
}
