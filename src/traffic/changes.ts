import { canonical } from '../kubernetes/canonical.ts'
import { escaped, type JsonPatch } from '../kubernetes/json-patch.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'

type Fields = Readonly<Record<string, unknown>>

/**
 * The patch that turns `before` into `after`: the fields of the spec that differ, each as a whole, and the annotations
 * that differ. Everything else in an object belongs to the API server or to others. Empty when nothing differs, else
 * guarded by the object's resourceVersion.
 */
export function changes(before: KubernetesObject, after: KubernetesObject): JsonPatch {
  const patch = [
    ...fieldChanges('/metadata/annotations', before.metadata.annotations, after.metadata.annotations),
    ...fieldChanges('/spec', specOf(before), specOf(after))
  ]
  if (patch.length === 0) return []
  // Not `test`: replacing it with the version that was read makes the API server answer 409 when it is no longer the live one.
  return [
    { op: 'replace', path: '/metadata/resourceVersion', value: before.metadata.resourceVersion },
    ...patch
  ]
}

const specOf = (object: KubernetesObject): Fields | undefined => (object as { spec?: Fields }).spec

function fieldChanges(path: string, before: Fields | undefined, after: Fields = {}): JsonPatch {
  if (before === undefined) return Object.keys(after).length === 0 ? [] : [{ op: 'add', path, value: after }]
  const removed = Object.keys(before).filter((key) => after[key] === undefined)
  const set = Object.entries(after).filter(
    ([key, value]) => value !== undefined && canonical(value) !== canonical(before[key])
  )
  return [
    ...removed.map((key) => ({ op: 'remove', path: `${path}/${escaped(key)}` }) as const),
    ...set.map(([key, value]) => ({ op: 'add', path: `${path}/${escaped(key)}`, value }) as const)
  ]
}
