import type { KubernetesObject, Service } from '../kubernetes/objects.ts'
import { printSelector } from '../kubernetes/selectors.ts'
import { RECORD_ANNOTATION } from '../record.ts'
import type { Write } from './writes.ts'

/** What somebody else made of the fields that the release owns. */
export interface Change {
  /** Field manager that wrote last, as the API server names it. Untrusted text. */
  readonly manager: string
  readonly change: string
}

/** Tells what others have done from the write that would undo it. */
export function changeFrom(undoing: Write): Change {
  const { object, kind } = undoing
  const name = `${object.kind} ${object.metadata.name}`
  if (kind === 'create') return { manager: 'unknown', change: `${name} was deleted` }
  if (kind === 'delete') return { manager: lastManager(object, []), change: `${name} came back` }
  const fields = undoing.patch.flatMap(({ path }) => /^\/spec\/([^/]+)/.exec(path)?.[1] ?? [])
  const lost =
    object.metadata.annotations?.[RECORD_ANNOTATION] === undefined ? ' and the record was removed' : ''
  return { manager: lastManager(object, fields), change: `${whatBecame(object, fields)}${lost}` }
}

function whatBecame(live: KubernetesObject, fields: readonly string[]): string {
  if (live.kind === 'Service' || fields.length === 0) {
    const { selector } = (live as Service).spec
    return `the selector became ${printSelector(selector) || 'empty'}`
  }
  return `${fields.map((field) => `spec.${field}`).join(' and ')} became what moves traffic elsewhere`
}

/** Who wrote the fields last; when nobody owns them any more, who wrote anything last. */
function lastManager({ metadata, kind }: KubernetesObject, fields: readonly string[]): string {
  const others = (metadata.managedFields ?? []).filter(({ manager }) => manager !== 'greenlight')
  const keys = (kind === 'Service' ? ['selector'] : fields).map((field) => `f:${field}`)
  const writers = others.filter(({ fieldsV1 }) =>
    keys.some((key) => fieldsV1?.['f:spec']?.[key] !== undefined)
  )
  const latest = (writers.length > 0 ? writers : others)
    .sort((one, other) => (one.time ?? '').localeCompare(other.time ?? ''))
    .at(-1)
  return latest?.manager ?? 'unknown'
}
