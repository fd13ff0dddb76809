import type { Fault } from '../base/errors.ts'
import { canonical } from '../kubernetes/canonical.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import { groupOf } from '../kubernetes/ref.ts'

/**
 * Objects that the manifests have more than once with different content, e.g. from a base and its overlay, or from two
 * environments. Applied in order, the last would win; only the author knows which one is meant.
 * @param namespace of objects that name none
 */
export function repeatedFaults(manifests: readonly Manifest[], namespace: string): Fault[] {
  const first = new Map<string, Manifest>()
  return manifests.flatMap((manifest): Fault[] => {
    const { object, source } = manifest
    const { kind, metadata } = object
    const key = [groupOf(object.apiVersion), kind, metadata.namespace ?? namespace, metadata.name].join(' ')
    const known = first.get(key)
    first.set(key, known ?? manifest)
    if (known === undefined || canonical(known.object) === canonical(object)) return []
    const problem = `${source}: ${kind} ${metadata.name} is at ${known.source} as well, and not the same there`
    return [{ input: 'manifests', problem, example: 'a pattern that takes in one of the two files' }]
  })
}
