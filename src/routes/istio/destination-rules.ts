import type { KubernetesObject } from '../../kubernetes/objects.ts'
import { isOurs, OURS } from '../../kubernetes/ours.ts'
import type { Labels } from '../../kubernetes/selectors.ts'
import type { Backends } from '../route.ts'

export interface Subset {
  readonly name: string
  readonly labels?: Labels
}

/** Fields of an Istio DestinationRule that are read here; all others are carried along. */
export interface DestinationRule extends KubernetesObject {
  readonly spec: { readonly host: string; readonly subsets?: readonly Subset[] }
}

/**
 * The rest of a host after the Service's name, when the host means that Service: nothing, or a part of its DNS name.
 * Undefined when it means another one.
 */
export function suffixOf(host: string, service: string, namespace: string): string | undefined {
  if (!host.startsWith(service)) return undefined
  const suffix = host.slice(service.length)
  const means =
    ['', `.${namespace}`, `.${namespace}.svc`].includes(suffix) || suffix.startsWith(`.${namespace}.svc.`)
  return means ? suffix : undefined
}

/** The DestinationRules for the apex. */
export const apexRules = (
  objects: readonly KubernetesObject[],
  { apex, namespace }: Backends
): readonly DestinationRule[] =>
  objects
    .filter((object): object is DestinationRule => object.kind === 'DestinationRule')
    .filter(({ spec }) => suffixOf(spec.host, apex, namespace) !== undefined)

export const copyName = ({ metadata }: DestinationRule): string => `${metadata.name}-canary`

/** Whether this is a DestinationRule that a release has made for its canary's Service. */
export const isCopy = (object: KubernetesObject, { canary, namespace }: Backends): boolean =>
  object.kind === 'DestinationRule' &&
  isOurs(object) &&
  suffixOf((object as DestinationRule).spec.host, canary, namespace) !== undefined

/**
 * The canary's Service is reached as the apex is: same connection pools, TLS and load balancing, and the same subsets
 * by name. Their labels are left out, since all pods behind that Service are the canary's.
 */
export function copyForCanary(
  rule: DestinationRule,
  live: KubernetesObject | undefined,
  { apex, canary, namespace }: Backends
): DestinationRule {
  const { apiVersion, kind, spec } = rule
  const host = `${canary}${suffixOf(spec.host, apex, namespace) ?? ''}`
  const subsets = spec.subsets?.map(({ labels: _, ...subset }) => subset)
  return {
    apiVersion,
    kind,
    metadata: live?.metadata ?? { name: copyName(rule), namespace, labels: OURS },
    spec: { ...spec, host, ...(subsets && { subsets }) }
  }
}
