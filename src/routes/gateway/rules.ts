import { canonical } from '../../kubernetes/canonical.ts'
import type { Condition, KubernetesObject } from '../../kubernetes/objects.ts'
import { apexWeights, divide, unite, type Sides, type Weighted } from '../backend-weights.ts'
import { keptWeights, weightsIn, withBefore, type RulesBefore } from '../before.ts'
import type { Backends, HeaderMatch, Split } from '../route.ts'

/** Fields of Gateway API routes that are read or written here; all others are carried along. */
export interface BackendRef extends Weighted {
  readonly group?: string
  readonly kind?: string
  readonly namespace?: string
}

export interface Filter {
  readonly type: string
  readonly requestMirror?: { readonly backendRef: BackendRef; readonly percent?: number }
}

export interface Match {
  readonly path?: { readonly type?: string; readonly value?: string }
  readonly headers?: readonly { readonly type?: string; readonly name: string; readonly value: string }[]
}

export interface Rule {
  readonly name?: string
  readonly matches?: readonly Match[]
  readonly filters?: readonly Filter[]
  readonly backendRefs?: readonly BackendRef[]
}

export interface GatewayRoute extends KubernetesObject {
  readonly spec: { readonly parentRefs?: readonly ParentRef[]; readonly rules?: readonly Rule[] }
  readonly status?: { readonly parents?: readonly ParentStatus[] }
}

/** What one controller says of the route at one of its gateways. */
export interface ParentStatus {
  readonly parentRef: ParentRef
  readonly controllerName: string
  readonly conditions?: readonly (Condition & { readonly observedGeneration?: number })[]
}

export interface ParentRef {
  readonly group?: string
  readonly kind?: string
  readonly namespace?: string
  readonly name: string
  readonly sectionName?: string
  readonly port?: number
}

const isService = ({ group = '', kind = 'Service' }: BackendRef): boolean =>
  group === '' && kind === 'Service'

export function sidesOf({ namespace, apex, canary }: Backends): Sides<BackendRef> {
  const refersTo =
    (name: string) =>
    (ref: BackendRef): boolean =>
      isService(ref) && ref.name === name && (ref.namespace ?? namespace) === namespace
  return { isApex: refersTo(apex), isCanary: refersTo(canary), canary }
}

export const rulesOf = (route: GatewayRoute): readonly Rule[] => route.spec.rules ?? []

export const refsOf = ({ backendRefs = [] }: Rule): readonly BackendRef[] => backendRefs

export const mirrorsTo = ({ isCanary }: Sides<BackendRef>, { requestMirror }: Filter): boolean =>
  requestMirror !== undefined && isCanary(requestMirror.backendRef)

/** Whether the rule is there for the requests with this header: each of its matches asks for it after all else, and only the canary answers. */
export const isForHeader = (rule: Rule, { isCanary }: Sides<BackendRef>, header: HeaderMatch): boolean =>
  refsOf(rule).length > 0 &&
  refsOf(rule).every(isCanary) &&
  (rule.matches ?? []).length > 0 &&
  (rule.matches ?? []).every(({ headers = [] }) => {
    const last = headers.at(-1)
    return last?.name === header.name && last.value === header.value && (last.type ?? 'Exact') === 'Exact'
  })

const isDivided = (rule: Rule, { isApex, isCanary }: Sides<BackendRef>): boolean =>
  refsOf(rule).some(isApex) && refsOf(rule).some(isCanary)

/** The route as it is outside a release. */
export function withoutRelease(route: GatewayRoute, sides: Sides<BackendRef>): GatewayRoute {
  const before = keptWeights(route)
  const own = withoutCopies(rulesOf(route), sides, before)
  const divided = own.filter((rule) => isDivided(rule, sides))
  const known = weightsIn(before, divided)
  const rules = own.map((rule) =>
    refsOf(rule).some(sides.isApex)
      ? withoutMirror({ ...rule, backendRefs: unite(refsOf(rule), sides, known(rule)) }, sides)
      : rule
  )
  return withRules(route, rules, undefined)
}

/**
 * Removes the rules of header steps. Without the annotation these are: a rule that sends to the canary alone, right
 * before a divided rule with the same matches but for one header.
 */
const withoutCopies = (
  rules: readonly Rule[],
  sides: Sides<BackendRef>,
  before: RulesBefore | undefined
): readonly Rule[] =>
  rules.filter((rule, at) => {
    if (before !== undefined) return before.header === undefined || !isForHeader(rule, sides, before.header)
    const last = rule.matches?.[0]?.headers?.at(-1)
    const next = rules[at + 1]
    if (last === undefined || next === undefined || !isDivided(next, sides)) return true
    if (!isForHeader(rule, sides, last)) return true
    return canonical(rule.matches?.map(withoutLastHeader)) !== canonical(next.matches ?? [{}])
  })

function withoutLastHeader({ headers = [], ...match }: Match): Match {
  return headers.length > 1 ? { ...match, headers: headers.slice(0, -1) } : match
}

function withoutMirror(rule: Rule, sides: Sides<BackendRef>): Rule {
  const { filters, ...rest } = rule
  const others = filters?.filter((filter) => !mirrorsTo(sides, filter))
  if (others === undefined || others.length === filters?.length) return rule
  return others.length === 0 ? rest : { ...rest, filters: others }
}

/** `route` is as outside a release. */
export function withRelease(
  route: GatewayRoute,
  sides: Sides<BackendRef>,
  { weight, header, mirror }: Split
): GatewayRoute {
  const weights = apexWeights(rulesOf(route).map(refsOf), sides)
  const everything: Match = route.kind === 'HTTPRoute' ? { path: { type: 'PathPrefix', value: '/' } } : {}
  const rules = rulesOf(route).flatMap((rule) => {
    const apex = refsOf(rule).find(sides.isApex)
    if (apex === undefined) return [rule]
    const divided = { ...rule, backendRefs: divide(refsOf(rule), sides, weight) }
    return [
      ...(header === undefined
        ? []
        : [copyFor(rule, header, { ...apex, name: sides.canary, weight: 1 }, everything)]),
      mirror === undefined ? divided : withMirror(divided, { ...apex, name: sides.canary }, mirror)
    ]
  })
  return withRules(route, rules, { weights, ...(header && { header }) })
}

/** Without the rule's name, which only one may have. */
function copyFor(rule: Rule, { name, value }: HeaderMatch, canary: BackendRef, everything: Match): Rule {
  const { name: _, ...rest } = rule
  const matches = rule.matches?.length ? rule.matches : [everything]
  return {
    ...rest,
    matches: matches.map((match) => ({
      ...match,
      headers: [...(match.headers ?? []), { type: 'Exact', name, value }]
    })),
    backendRefs: [canary]
  }
}

const withMirror = (rule: Rule, { group, kind, name, port }: BackendRef, percent: number): Rule => ({
  ...rule,
  filters: [
    ...(rule.filters ?? []),
    {
      type: 'RequestMirror',
      requestMirror: {
        backendRef: {
          ...(group !== undefined && { group }),
          ...(kind !== undefined && { kind }),
          name,
          ...(port !== undefined && { port })
        },
        percent
      }
    }
  ]
})

function withRules(
  route: GatewayRoute,
  rules: readonly Rule[],
  before: RulesBefore | undefined
): GatewayRoute {
  const spec = route.spec.rules === undefined ? route.spec : { ...route.spec, rules }
  return withBefore({ ...route, spec }, before)
}
