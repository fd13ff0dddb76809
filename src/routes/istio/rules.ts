import type { KubernetesObject } from '../../kubernetes/objects.ts'
import { keptWeights, weightsIn, withBefore, type RulesBefore } from '../before.ts'
import type { HeaderMatch, Split } from '../route.ts'
import { divide, shareIn, stableIn, succeed, unite, type Target, type Targets } from './targets.ts'
import type { Destination, MeshVersions } from './versions.ts'

export interface Match {
  readonly headers?: Readonly<Record<string, unknown>>
  readonly withoutHeaders?: Readonly<Record<string, unknown>>
}

/** Fields of an Istio VirtualService that are read or written here; all others are carried along. */
export interface HttpRule {
  readonly name?: string
  readonly match?: readonly Match[]
  readonly route?: Targets
  readonly mirror?: Destination
  readonly mirrorPercentage?: { readonly value: number }
}

export interface VirtualService extends KubernetesObject {
  readonly spec: { readonly http?: readonly HttpRule[] }
}

/** Prefix of the names of rules that a header step adds. */
const OWN_RULE = 'greenlight-canary-'

export const rulesOf = ({ spec }: VirtualService): readonly HttpRule[] => spec.http ?? []
export const targetsOf = ({ route = [] }: HttpRule): Targets => route

/** Whether users come to the workload by this rule. */
export const isInUse = (rule: HttpRule, versions: MeshVersions): boolean =>
  stableIn(targetsOf(rule), versions).length > 0 && shareIn(targetsOf(rule), versions).whole > 0

export const isOwn = ({ name }: HttpRule): boolean => name?.startsWith(OWN_RULE) === true

/** The VirtualService as it is outside a release, with all traffic on stable. */
export function withoutRelease(live: VirtualService, versions: MeshVersions): VirtualService {
  const rules = rulesOf(live).filter((rule) => !isOwn(rule))
  const divided = rules.filter((rule) =>
    targetsOf(rule).some(({ destination }) => versions.isCanary(destination))
  )
  const known = weightsIn(keptWeights(live), divided)
  const united = rules.map((rule) => {
    if (rule.route === undefined) return rule
    const route = unite(rule.route, versions, known(rule))
    return withoutMirror({ ...rule, route }, versions)
  })
  return withRules(live, united, undefined)
}

function withoutMirror(rule: HttpRule, { isCanary }: MeshVersions): HttpRule {
  if (rule.mirror === undefined || !isCanary(rule.mirror)) return rule
  const { mirror: _, mirrorPercentage: __, ...rest } = rule
  return rest
}

/** `outside` is as outside a release. */
export function withRelease(outside: VirtualService, versions: MeshVersions, split: Split): VirtualService {
  const used = rulesOf(outside).filter((rule) => isInUse(rule, versions))
  const weights = used.map((rule) => stableIn(targetsOf(rule), versions).map(({ weight }) => weight ?? null))
  const rules = rulesOf(outside).flatMap((rule) => {
    const [target] = stableIn(targetsOf(rule), versions)
    if (target === undefined || !used.includes(rule)) return [rule]
    const canary = { ...target, destination: versions.canaryOf(target.destination) }
    const divided = { ...rule, route: divide(targetsOf(rule), versions, split.weight) }
    return [
      ...(split.header === undefined ? [] : [copyFor(rule, canary, split.header, used.indexOf(rule) + 1)]),
      split.mirror === undefined
        ? divided
        : { ...divided, mirror: canary.destination, mirrorPercentage: { value: split.mirror } }
    ]
  })
  return withRules(outside, rules, { weights })
}

/** The copy is placed right before its rule, so that earlier rules keep their precedence. */
function copyFor(
  rule: HttpRule,
  { weight: _, ...canary }: Target,
  { name, value }: HeaderMatch,
  number: number
): HttpRule {
  // Istio takes the names of headers in lower case only.
  const header = { [name.toLowerCase()]: { exact: value } }
  const matches = rule.match?.length ? rule.match : [{}]
  return {
    ...rule,
    name: `${OWN_RULE}${number}`,
    match: matches.map((match: Match) => ({ ...match, headers: { ...match.headers, ...header } })),
    route: [canary]
  }
}

/** The VirtualService as it is outside a release in which the canary's version has become stable. */
export function withSuccessors(live: VirtualService, versions: MeshVersions): VirtualService {
  // Weights of twin subsets stay.
  const outside = withoutRelease(live, { ...versions, isTwin: () => false })
  const rules = rulesOf(outside).map((rule) =>
    isInUse(rule, versions) ? { ...rule, route: succeed(targetsOf(rule), versions) } : rule
  )
  return withRules(outside, rules, undefined)
}

const withRules = (
  object: VirtualService,
  rules: readonly HttpRule[],
  before: RulesBefore | undefined
): VirtualService =>
  withBefore(
    object.spec.http === undefined ? object : { ...object, spec: { ...object.spec, http: rules } },
    before
  )
