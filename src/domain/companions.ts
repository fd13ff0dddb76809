import type { Deployment, Service } from '../kubernetes/objects.ts'
import { selects, templateLabels, withoutKeys, type Labels } from '../kubernetes/selectors.ts'
import { isTree } from '../kubernetes/tree.ts'
import { HASH_LABEL } from '../kubernetes/workload.ts'
import type { Backends } from '../routes/route.ts'
import { SLOT_LABEL, type SlotName } from './slots.ts'

/** A Service that follows the one that a release is recorded on, and its selector outside of releases. */
export interface Companion {
  readonly name: string
  readonly before: Labels
}

type Selectors = Backends['selectors']

/** Its selectors: the labels that tell the versions apart are those of the Service with the record, all others its own. */
export function companionSelectors(before: Labels, followed: Selectors): Selectors {
  const marks = marksOf(followed)
  const base = withoutKeys(before, ...marks)
  const marked = (like: Labels): Labels => ({ ...base, ...only(like, marks) })
  return {
    before,
    stable: marked(followed.stable),
    canary: marked(followed.canary),
    ...(followed.both === undefined ? {} : { both: base })
  }
}

/** The labels by which a selector tells one version from the other. */
const marksOf = ({ stable, canary }: Selectors): readonly string[] => [
  SLOT_LABEL,
  HASH_LABEL,
  ...Object.keys({ ...stable, ...canary }).filter((key) => stable[key] !== canary[key])
]

const only = (labels: Labels, keys: readonly string[]): Labels =>
  Object.fromEntries(Object.entries(labels).filter(([key]) => keys.includes(key)))

interface Serving {
  readonly slot: SlotName
  readonly deployment: Deployment
  readonly hash: string
}

/**
 * The companion as the record keeps it. Its selector outside of releases is the live one, or, where the live one
 * selects another version, the one for the version that serves.
 */
export function companionOf(
  { metadata, spec }: Service,
  { slot, deployment, hash }: Serving,
  followed: Selectors
): Companion {
  const live = spec.selector ?? {}
  // A plain Deployment is selected by the hash of its template only while a release runs.
  const own = slot === 'plain' ? withoutKeys(live, HASH_LABEL) : live
  const serves = selects(own, { ...templateLabels(deployment.spec.template), [HASH_LABEL]: hash })
  const { stable } = companionSelectors(own, followed)
  return {
    name: metadata.name,
    before: serves ? own : slot === 'plain' ? withoutKeys(stable, HASH_LABEL) : stable
  }
}

/** Reads the companions of a record. Entries that no release writes are left out. */
export const companionsIn = (written: unknown): readonly Companion[] =>
  Array.isArray(written) ? written.filter(isCompanion) : []

function isCompanion(one: unknown): one is Companion {
  const { name, before } = isTree(one) ? one : {}
  return (
    typeof name === 'string' &&
    isTree(before) &&
    Object.values(before).every((value) => typeof value === 'string')
  )
}
