import type { Deployment, Metadata } from './objects.ts'

/**
 * A change that was made to `base`, made to what others have made of its labels and annotations meanwhile; where both
 * have changed the same one, theirs stays.
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
