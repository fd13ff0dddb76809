import { ReleaseFailed } from '../base/errors.ts'
import { RECORD_ANNOTATION } from '../domain/record.ts'
import { quote } from '../inputs/parsed.ts'
import type { KubernetesObject, Service } from '../kubernetes/objects.ts'
import { printSelector } from '../kubernetes/selectors.ts'
import type { Tree } from '../kubernetes/tree.ts'
import { FENCE_ANNOTATION, fenceOf } from '../lock/fence.ts'
import type { TrafficState } from './state.ts'
import type { Write } from './writes.ts'

/** What somebody else has done to the fields that the release owns. */
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
  const marks = fields.length > 0 ? [] : marksIn(undoing)
  const lost = object.metadata.annotations?.[RECORD_ANNOTATION] === undefined ? 'the record was removed' : ''
  if (fields.length === 0 && (marks.length > 0 || lost !== ''))
    return {
      manager: lastManager(object, marks, 'f:annotations'),
      change: lost || describeMark(object, marks)
    }
  const change = [whatBecame(object, fields), lost].filter(Boolean).join(' and ')
  return { manager: lastManager(object, fields), change }
}

/** Annotations of ours that somebody has changed, so that the write removes or rewrites them. */
const marksIn = ({ object, patch }: Write & { readonly kind: 'patch' }): readonly string[] =>
  [FENCE_ANNOTATION, RECORD_ANNOTATION].filter(
    (mark) =>
      object.metadata.annotations?.[mark] !== undefined &&
      patch.some(({ path }) => path === `/metadata/annotations/${mark.replace('/', '~1')}`)
  )

const describeMark = (object: KubernetesObject, [mark = '']: readonly string[]): string =>
  mark === FENCE_ANNOTATION
    ? `the annotation ${mark} became ${quote(fenceOf(object) ?? '')}`
    : `the record in the annotation ${mark} became another one`

function whatBecame(live: KubernetesObject, fields: readonly string[]): string {
  if (live.kind === 'Service') {
    const { selector } = (live as Service).spec
    return `the selector became ${printSelector(selector) || 'empty'}`
  }
  return `${fields.map((field) => `spec.${field}`).join(' and ')} became what moves traffic elsewhere`
}

/** Who wrote the fields last; when nobody owns them any more, who wrote anything last. */
function lastManager({ metadata }: KubernetesObject, fields: readonly string[], under = 'f:spec'): string {
  const others = (metadata.managedFields ?? []).filter(({ manager }) => manager !== 'greenlight')
  const writers = others.filter(({ fieldsV1 }) => {
    const owned = under === 'f:spec' ? fieldsV1?.[under] : fieldsV1?.['f:metadata']?.[under]
    return fields.some((field) => (owned as Tree | undefined)?.[`f:${field}`] !== undefined)
  })
  const latest = (writers.length > 0 ? writers : others)
    .sort((one, other) => (one.time ?? '').localeCompare(other.time ?? ''))
    .at(-1)
  return latest?.manager ?? 'unknown'
}

const MOST_FOREIGN_WRITES = 10

/**
 * Tells of a foreign write that was undone.
 * @throws ReleaseFailed when there have been too many
 */
export async function tellForeignWrite(
  state: TrafficState,
  { manager, change }: Change,
  seenAt: number
): Promise<void> {
  const { ports, place, title, foreignWrites } = state
  const restoredAfter = ports.clock.now() - seenAt
  await place.anchor?.noteStrayTraffic()
  foreignWrites.push({ object: title, manager, change, at: seenAt, restoredAfter })
  ports.log.warning(
    `somebody moved the traffic of ${title} while the release ran; it was put back after ${restoredAfter} ms`
  )
  ports.log.quote(`${manager}: ${change}`)
  if (foreignWrites.length >= MOST_FOREIGN_WRITES) {
    throw new ReleaseFailed(`${manager} resets the traffic of ${title} again and again`)
  }
}
