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

/** Its own selectors: what tells the versions apart is as in the Service that it follows, all else is its own. */
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

/** As it is to be found again: what it selects now, or where that is another version, what serves. */
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

/** What a record says of them; what it does not say in the way that a release writes it is nobody's. */
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
