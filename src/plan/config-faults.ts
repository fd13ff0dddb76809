import type { Fault } from '../base/errors.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import type { Reference } from '../kubernetes/references.ts'
import { isTree } from '../kubernetes/tree.ts'
import { isConfig, keysOf, type ConfigObject } from './config-copy.ts'

export type ConfigManifest = Manifest & { readonly object: ConfigObject }

/** What a reference means among the manifests. */
export type Find = (reference: Pick<Reference, 'kind' | 'name'>) => ConfigManifest | undefined

/** Missing objects or keys, without which the new version's pods would not start, or start without their config. */
export const keyFaults = (references: readonly Reference[], find: Find): Fault[] =>
  references
    .filter(({ optional }) => !optional)
    .flatMap((reference) => {
      const manifest = find(reference)
      const keys = manifest === undefined ? [] : keysOf(manifest.object)
      const missing = manifest === undefined ? [] : reference.keys.filter((key) => !keys.includes(key))
      return missing.map((key) => ({
        input: 'manifests',
        problem: `${manifest?.source ?? ''}: ${reference.kind} ${manifest?.object.metadata.name ?? ''} has no key ${key}, which ${reference.place} is read from; it has ${keys.join(', ')}`,
        example: `that key, or optional: true where it is referred to`
      }))
    })

/** Values that are no text, which the API server would quote in its refusal. */
export function secretFaults({ object, source }: Manifest): Fault[] {
  if (!isConfig(object) || object.kind !== 'Secret') return []
  const told = `${source}: Secret ${object.metadata.name}`
  return (['data', 'stringData'] as const).flatMap((field) => {
    const map = object[field] ?? {}
    if (!isTree(map)) return [secretFault(`${told}: ${field} must be a map of keys to text`)]
    return Object.entries(map)
      .filter(([, value]) => typeof value !== 'string' && value !== null)
      .map(([key]) => secretFault(`${told}: ${field}.${key} is not text; a number needs quotes`))
  })
}

const secretFault = (problem: string): Fault => ({
  input: 'manifests',
  problem,
  example: 'stringData: { PIN: "1234" }'
})
