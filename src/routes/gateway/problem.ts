import { canonical } from '../../kubernetes/canonical.ts'
import { divide, missingFineness, weightOf, type Sides } from '../backend-weights.ts'
import { BEFORE_ANNOTATION, type Backends, type HeaderMatch, type Split } from '../route.ts'
import {
  isForHeader,
  refsOf,
  rulesOf,
  sidesOf,
  withoutRelease,
  type BackendRef,
  type GatewayRoute,
  type Rule
} from './rules.ts'

/** What the API server takes. */
const LIMITS = { rules: 16, matches: 128, listOfRule: 16, headers: 16 }

/** A rule with the words that it is found by. */
interface Named {
  readonly rule: Rule
  readonly words: string
}

/** Why the route cannot be split like this; undefined when it can. */
export function gatewayProblem(
  live: GatewayRoute,
  backends: Backends,
  splits: readonly Split[]
): string | undefined {
  const sides = sidesOf(backends)
  const name = `${live.kind.toLowerCase()}/${live.metadata.name}`
  const outside = withoutRelease(live, sides)
  const rules = rulesOf(outside).map((rule, at) => ({
    rule,
    words: `rule ${at + 1}${rule.name === undefined ? '' : ` (${rule.name})`} of ${name}`
  }))
  const own = rules.filter(({ rule }) => refsOf(rule).some(sides.isApex))
  if (!own.some(({ rule }) => refsOf(rule).some((ref) => sides.isApex(ref) && weightOf(ref) > 0)))
    return notReferred(name, rules, backends, own.length > 0)
  if (live.metadata.annotations?.[BEFORE_ANNOTATION] === undefined && differs(live, outside))
    return `${name} sends or mirrors requests to service/${backends.canary} beside service/${backends.apex} already, without a release: take those entries out, a release makes its own`
  return (
    mirrorProblem(name, live, splits) ??
    first(own, (one) => coarseness(one, sides, backends, splits)) ??
    first(own, (one) => fullList(one, sides, splits)) ??
    first(headersOf(splits), (header) => headerProblem(name, rules, own, sides, header))
  )
}

/** Controllers that take a mirror for an unknown filter, and answer every request to the rule with 500. */
const WITHOUT_MIRROR: ReadonlySet<string> = new Set(['traefik.io/gateway-controller'])

/** Such a controller reports the route as accepted all the same, so that nothing would show it but the users. */
function mirrorProblem(name: string, { status }: GatewayRoute, splits: readonly Split[]): string | undefined {
  if (splits.every(({ mirror }) => mirror === undefined)) return undefined
  const controller = status?.parents?.find(({ controllerName }) => WITHOUT_MIRROR.has(controllerName))
  return controller === undefined
    ? undefined
    : `${name} is served by ${controller.controllerName}, which cannot mirror on it and would answer every request with 500: a TraefikService can`
}

const differs = (one: GatewayRoute, other: GatewayRoute): boolean =>
  canonical(one.spec) !== canonical(other.spec)

const first = <T>(all: readonly T[], problemOf: (one: T) => string | undefined): string | undefined =>
  all.map(problemOf).find((problem) => problem !== undefined)

const headersOf = (splits: readonly Split[]): HeaderMatch[] =>
  splits.flatMap(({ header }) => (header === undefined ? [] : [header]))

/** @param isNamed whether the Service is there, and gets nothing */
function notReferred(name: string, rules: readonly Named[], { apex }: Backends, isNamed: boolean): string {
  const others = new Set(
    rules.flatMap(({ rule }) =>
      refsOf(rule)
        .filter((ref) => weightOf(ref) > 0)
        .map(
          ({ kind = 'Service', namespace, name: other }) =>
            `${kind.toLowerCase()}/${other}${namespace === undefined ? '' : ` of namespace ${namespace}`}`
        )
    )
  )
  const found = others.size === 0 ? 'nowhere' : `to ${[...others].join(', ')}`
  const next = isNamed
    ? `service/${apex} has a weight of 0 there: give it one`
    : `name service/${apex} in the backendRefs of the rules that users of this workload come through`
  return `no rule of ${name} sends requests to service/${apex}, they go ${found}: ${next}`
}

function coarseness(
  { rule, words }: Named,
  sides: Sides<BackendRef>,
  { apex }: Backends,
  splits: readonly Split[]
): string | undefined {
  const missing = missingFineness(
    refsOf(rule),
    sides,
    splits.map(({ weight }) => weight)
  )
  if (missing === undefined) return undefined
  const { percent, weight, factor } = missing
  return `${words} gives service/${apex} a weight of ${weight} beside others, which is too coarse to take ${percent} % of it: multiply all weights of that rule by ${factor}`
}

function fullList(
  { rule, words }: Named,
  sides: Sides<BackendRef>,
  splits: readonly Split[]
): string | undefined {
  const mirrored = splits.some(({ mirror }) => mirror !== undefined)
  if (divide(refsOf(rule), sides, 0).length > LIMITS.listOfRule)
    return `${words} has ${refsOf(rule).length} backendRefs; with the canary's there would be more than the ${LIMITS.listOfRule} that a rule may have`
  if (!mirrored) return undefined
  const { filters = [] } = rule
  return filters.length < LIMITS.listOfRule
    ? undefined
    : `${words} has ${filters.length} filters; there is no room for a mirror among the ${LIMITS.listOfRule} that a rule may have`
}

function headerProblem(
  name: string,
  rules: readonly Named[],
  own: readonly Named[],
  sides: Sides<BackendRef>,
  header: HeaderMatch
): string | undefined {
  const taken = rules.find(({ rule }) => isForHeader(rule, sides, header))
  if (taken !== undefined)
    return `${taken.words} sends this value of header ${header.name} to service/${sides.canary} already: leave that to the release, or use another header`
  const matching = own.find(({ rule }) =>
    matchesOf(rule).some((headers) => headers.includes(header.name.toLowerCase()))
  )
  if (matching !== undefined)
    return `${matching.words} matches on the header ${header.name} itself: use another header for the step`
  return overflow(name, rules, own)
}

/** Header names of each match, which the API takes without regard to case. */
const matchesOf = ({ matches = [] }: Rule): string[][] =>
  matches.map(({ headers = [] }) => headers.map(({ name }) => name.toLowerCase()))

function overflow(name: string, rules: readonly Named[], own: readonly Named[]): string | undefined {
  const tooMany = (count: number, what: string, limit: number): string =>
    `a header step needs a copy of each rule of ${name} that sends requests to the workload: that makes ${count} ${what}, and the Gateway API allows ${limit}; merge rules, or put those of other workloads into a route of their own`
  if (rules.length + own.length > LIMITS.rules)
    return tooMany(rules.length + own.length, 'rules', LIMITS.rules)
  const matches = [...rules, ...own].reduce((sum, { rule }) => sum + (rule.matches?.length ?? 1), 0)
  if (matches > LIMITS.matches) return tooMany(matches, 'matches', LIMITS.matches)
  const full = own.find(({ rule }) => matchesOf(rule).some((headers) => headers.length >= LIMITS.headers))
  return (
    full && `${full.words} has a match with ${LIMITS.headers} headers, and there is no room for another one`
  )
}
