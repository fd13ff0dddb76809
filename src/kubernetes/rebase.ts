import type { Deployment, Metadata } from './objects.ts'

/**
 * The changed Deployment with the metadata of the live one, and in that with its own labels and annotations, unless somebody
 * else has changed them since `base` was read: those stay as they are.
 */
export function rebased(changed: Deployment, base: Deployment | undefined, live: Deployment): Deployment {
  const { managedFields: _, ...kept } = live.metadata
  const mapOf = (key: 'labels' | 'annotations'): Pick<Metadata, typeof key> => ({
    [key]: rebasedMap(changed.metadata[key], base?.metadata[key], live.metadata[key])
  })
  return { ...changed, metadata: { ...kept, ...mapOf('labels'), ...mapOf('annotations') } }
}

type Entries = Readonly<Record<string, string>>

const rebasedMap = (changed: Entries = {}, base: Entries = {}, live: Entries = {}): Entries => ({
  ...live,
  ...Object.fromEntries(Object.entries(changed).filter(([key]) => live[key] === base[key]))
})
