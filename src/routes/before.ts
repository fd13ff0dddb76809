import { canonical } from '../kubernetes/canonical.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'
import { BEFORE_ANNOTATION, type Backends, type HeaderMatch } from './route.ts'

/** What is kept of an object with rules: the weights of the apex's entries rule by rule, null for none, and the header that rules were copied for. */
export interface RulesBefore {
  readonly weights: readonly (readonly (number | null)[])[]
  readonly header?: HeaderMatch
}

/** What the annotation holds; undefined when it is not there, or when somebody has made something else of it. */
export function readBefore(object: KubernetesObject): unknown {
  try {
    return JSON.parse(object.metadata.annotations?.[BEFORE_ANNOTATION] ?? '') as unknown
  } catch {
    return undefined
  }
}

/** The weights of rules; undefined when they are not there, or when somebody has made something else of them. */
export function keptWeights(object: KubernetesObject): RulesBefore | undefined {
  const before = readBefore(object) as Partial<RulesBefore> | null | undefined
  const weights = before?.weights
  return Array.isArray(weights) && weights.every(Array.isArray) ? (before as RulesBefore) : undefined
}

/** The kept weights of each divided rule; undefined for all of them when the number of divided rules has changed since. */
export const weightsIn =
  <T>(before: RulesBefore | undefined, divided: readonly T[]) =>
  (rule: T): readonly (number | null)[] | undefined =>
    before?.weights.length === divided.length ? before.weights[divided.indexOf(rule)] : undefined

/** Why no release may begin on an object that sends requests to the canary's Service, and no release has written that. */
export function alreadySplit<T extends KubernetesObject & { readonly spec: unknown }>(
  live: T,
  outside: T,
  { apex, canary }: Backends
): string | undefined {
  if (live.metadata.annotations?.[BEFORE_ANNOTATION] !== undefined) return undefined
  if (canonical(live.spec) === canonical(outside.spec)) return undefined
  return `${live.kind.toLowerCase()}/${live.metadata.name} sends or mirrors requests to service/${canary} beside service/${apex} already, without a release: take those entries out, a release makes its own`
}

/** The object with this in the annotation; undefined takes it off. */
export function withBefore<T extends KubernetesObject>(object: T, before: unknown): T {
  const { [BEFORE_ANNOTATION]: _, ...others } = object.metadata.annotations ?? {}
  return withAnnotations(
    object,
    before === undefined ? others : { ...others, [BEFORE_ANNOTATION]: JSON.stringify(before) }
  )
}

/** An empty map is none, as the API server has it. */
export function withAnnotations<T extends KubernetesObject>(
  object: T,
  annotations: Readonly<Record<string, string>>
): T {
  const { annotations: _, ...metadata } = object.metadata
  const some = Object.keys(annotations).length > 0
  return { ...object, metadata: some ? { ...metadata, annotations } : metadata }
}
