import { divide, tooCoarse, weightOf, type Sides } from '../backend-weights.ts'
import { alreadySplit } from '../before.ts'
import type { Backends, HeaderMatch, Split } from '../route.ts'
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

/** A rule, and how messages name it. */
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
  const headers = splits.flatMap(({ header }) => header ?? [])
  return (
    alreadySplit(live, outside, backends) ??
    mirrorProblem(name, live, splits) ??
    first(own, (one) => coarseness(one, sides, backends, splits)) ??
    first(own, (one) => fullList(one, sides, splits)) ??
    first(headers, (header) => headerProblem(rules, own, sides, header)) ??
    (headers.length === 0 ? undefined : overflow(name, rules, own))
  )
}

/** Controllers that do not know the mirror filter and answer every request to such a rule with 500. */
const WITHOUT_MIRROR: ReadonlySet<string> = new Set(['traefik.io/gateway-controller'])

/** These controllers report the route as accepted nevertheless, so that only users' errors would show the fault. */
function mirrorProblem(name: string, { status }: GatewayRoute, splits: readonly Split[]): string | undefined {
  if (splits.every(({ mirror }) => mirror === undefined)) return undefined
  const controller = status?.parents?.find(({ controllerName }) => WITHOUT_MIRROR.has(controllerName))
  return controller === undefined
    ? undefined
    : `${name} is served by ${controller.controllerName}, which cannot mirror on it and would answer every request with 500: a TraefikService can`
}

const first = <T>(all: readonly T[], problemOf: (one: T) => string | undefined): string | undefined =>
  all.map(problemOf).find((problem) => problem !== undefined)

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
  const coarse = tooCoarse(refsOf(rule), sides, splits, { apex: `service/${apex}`, all: 'of that rule' })
  return coarse && `${words} ${coarse}`
}

function fullList(
  { rule, words }: Named,
  sides: Sides<BackendRef>,
  splits: readonly Split[]
): string | undefined {
  const mirrored = splits.some(({ mirror }) => mirror !== undefined)
  if (divide(refsOf(rule), sides, 0).length > LIMITS.listOfRule)
    return `${words} has ${refsOf(rule).length} backendRefs; with the new version's there would be more than the ${LIMITS.listOfRule} that a rule may have`
  if (!mirrored) return undefined
  const { filters = [] } = rule
  return filters.length < LIMITS.listOfRule
    ? undefined
    : `${words} has ${filters.length} filters; there is no room for a mirror among the ${LIMITS.listOfRule} that a rule may have`
}

function headerProblem(
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
  return (
    matching &&
    `${matching.words} matches on the header ${header.name} itself: use another header for the step`
  )
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
