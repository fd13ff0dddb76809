import { canonical } from '../kubernetes/canonical.ts'
import type { JsonPatch } from '../kubernetes/cluster.ts'
import type { KubernetesObject, Service } from '../kubernetes/objects.ts'
import { printSelector } from '../kubernetes/selectors.ts'
import { RECORD_ANNOTATION } from '../record.ts'

/** What somebody else made of the fields that the release owns. */
export interface Change {
  /** Field manager that wrote last, as the API server names it. Untrusted text. */
  readonly manager: string
  readonly change: string
}

/**
 * What differs between the live object and what our own edit would make of it: undefined when nothing does.
 * Only the fields of the edit are compared; all others belong to whoever writes them.
 */
export function changeOf(live: KubernetesObject, edit: JsonPatch): Change | undefined {
  const differs = edit.some(
    (operation) =>
      'value' in operation &&
      !operation.path.endsWith('/resourceVersion') &&
      !holds(live, operation.path, operation.value)
  )
  if (!differs) return undefined
  const { selector } = (live as Service).spec
  const lost =
    live.metadata.annotations?.[RECORD_ANNOTATION] === undefined ? ' and the record was removed' : ''
  return {
    manager: lastManager(live),
    change: `the selector became ${printSelector(selector) || 'empty'}${lost}`
  }
}

/** What of a route decides who gets the traffic. */
export const trafficOf = (object: KubernetesObject): string => canonical((object as Service).spec.selector)

function holds(live: KubernetesObject, path: string, value: unknown): boolean {
  const keys = path
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
  const found = keys.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], live)
  return canonical(found) === canonical(value)
}

/** Who wrote the selector last; when nobody owns it any more, who wrote anything last. */
function lastManager({ metadata }: KubernetesObject): string {
  const others = (metadata.managedFields ?? []).filter(({ manager }) => manager !== 'greenlight')
  const writers = others.filter(({ fieldsV1 }) => fieldsV1?.['f:spec']?.['f:selector'] !== undefined)
  const latest = (writers.length > 0 ? writers : others)
    .sort((one, other) => (one.time ?? '').localeCompare(other.time ?? ''))
    .at(-1)
  return latest?.manager ?? 'unknown'
}
