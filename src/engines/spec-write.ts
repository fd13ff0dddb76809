import { canonical } from '../kubernetes/canonical.ts'
import { escaped, type JsonPatch } from '../kubernetes/json-patch.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'
import { treeAt } from '../kubernetes/read.ts'
import { refOf } from '../kubernetes/ref.ts'
import type { Tree } from '../kubernetes/tree.ts'
import type { PatchWrite } from './engine.ts'

/** Fields that a release leaves as they are, whatever a manifest says: they belong to people and autoscalers. */
const OTHERS: ReadonlySet<string> = new Set(['replicas', 'paused', 'suspend'])

/** What is wished for in an object: its spec without what a release has no say in. */
export const specOf = (object: unknown): Tree =>
  Object.fromEntries(Object.entries(treeAt(object, 'spec')).filter(([key]) => !OTHERS.has(key)))

/** What a release has no say in, as it is. */
export const keptOf = (object: unknown): Tree =>
  Object.fromEntries(
    Object.entries(treeAt(object, 'spec')).filter(([key, value]) => OTHERS.has(key) && value !== undefined)
  )

/**
 * The fields of the spec that differ, unless the spec has changed since it was seen. The generation tells: a controller may
 * write the status many times a second, which makes no new one.
 */
export function specWrite(object: KubernetesObject, wished: Tree): readonly PatchWrite[] {
  const { uid, generation } = object.metadata
  const live = specOf(object)
  const keys = [...new Set([...Object.keys(live), ...Object.keys(wished)])].filter((key) => !OTHERS.has(key))
  const changed = keys.filter((key) => canonical(live[key]) !== canonical(wished[key]))
  const change = changed.map((key): JsonPatch[number] => {
    const path = `/spec/${escaped(key)}`
    return wished[key] === undefined
      ? { op: 'remove', path }
      : { op: key in live ? 'replace' : 'add', path, value: wished[key] }
  })
  if (change.length === 0) return []
  return [
    {
      ref: refOf(object),
      patch: [
        { op: 'test', path: '/metadata/uid', value: uid },
        { op: 'test', path: '/metadata/generation', value: generation },
        ...change
      ]
    }
  ]
}
