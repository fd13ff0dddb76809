import { RECORD_ANNOTATION } from '../domain/record.ts'
import { canonical } from '../kubernetes/canonical.ts'
import type { JsonPatch } from '../kubernetes/cluster.ts'
import type { KubernetesObject, Service } from '../kubernetes/objects.ts'
import { keyOf } from '../kubernetes/ref.ts'
import { FENCE_ANNOTATION, fenceOf } from '../lock/fence.ts'
import type { RouteObjects } from '../routes/route.ts'
import { changes } from './changes.ts'

/** One write that brings a live object closer to what it should be. What has no version yet is to be created. */
export type Write =
  | { readonly kind: 'create'; readonly object: KubernetesObject }
  | { readonly kind: 'patch'; readonly object: KubernetesObject; readonly patch: JsonPatch }
  | { readonly kind: 'delete'; readonly object: KubernetesObject }

/** What record the objects are to have. */
export interface Stamp {
  /** Undefined: none of the objects keeps a record. */
  readonly record: string | undefined
  /** Whether the first object gets the record even if nothing else in it changes. */
  readonly always: boolean
  /** Whether a claim stays: the record is that of the run it guards against, so that the record does not stop that run. */
  readonly keepsClaim?: boolean
}

/**
 * The writes that turn the live objects into the wanted ones, in order. Traffic and record of an object are one write.
 */
export function writesOf(
  live: RouteObjects,
  wanted: readonly KubernetesObject[],
  stamp: Stamp
): readonly Write[] {
  const kept = new Set(wanted.map(keyOf))
  const deleted = live.filter((object) => !kept.has(keyOf(object)))
  return [
    ...wanted.flatMap((object) => writeOf(live, object, stamp)),
    ...deleted.map((object) => ({ kind: 'delete', object }) as const)
  ]
}

function writeOf(live: RouteObjects, wanted: KubernetesObject, stamp: Stamp): readonly Write[] {
  const before = live.find((object) => keyOf(object) === keyOf(wanted))
  if (before === undefined) return [{ kind: 'create', object: stamped(wanted, stamp) }]
  const isMain = keyOf(live[0]) === keyOf(wanted)
  const touched =
    (stamp.always && isMain) ||
    before.metadata.annotations?.[RECORD_ANNOTATION] !== undefined ||
    fenceOf(before) !== undefined ||
    changes(before, wanted).length > 0
  if (before.metadata.resourceVersion === undefined)
    return [{ kind: 'create', object: stamped(wanted, stamp) }]
  const patch = touched ? changes(before, stamped(wanted, stamp)) : []
  return patch.length === 0 ? [] : [{ kind: 'patch', object: before, patch }]
}

function stamped(object: KubernetesObject, { record, keepsClaim = false }: Stamp): KubernetesObject {
  const { [RECORD_ANNOTATION]: _, [FENCE_ANNOTATION]: claim, ...others } = object.metadata.annotations ?? {}
  const annotations = {
    ...others,
    ...(record === undefined ? {} : { [RECORD_ANNOTATION]: record }),
    ...(keepsClaim && claim !== undefined ? { [FENCE_ANNOTATION]: claim } : {})
  }
  return { ...object, metadata: { ...object.metadata, annotations } }
}

/** The part of a Service that decides who gets the traffic. */
export const trafficOf = (object: KubernetesObject): string => canonical((object as Service).spec.selector)
