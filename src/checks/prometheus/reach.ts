import { createHash } from 'node:crypto'
import type { Versions } from '../compared-samples.ts'
import type { MeasuredVersion } from '../measured-version.ts'
import type { Names } from './recipes.ts'
import type { Asked } from './source-queries.ts'
import { lookBack } from './traffic.ts'

/** How far back it is asked, and of how many of the stable version's pods at most. */
export interface Reach {
  /** Milliseconds before the first users. */
  readonly past: number
  readonly pods: number
}

const HOUR = 3_600_000

/** What the judge would like to know, and what does where that is much. */
export const REACHES: readonly [whole: Reach, less: Reach] = [
  { past: HOUR, pods: Infinity },
  { past: HOUR / 2, pods: 20 }
]

/** What the versions' metrics are called, as far as that is known. */
export interface Recipes<R extends Names> {
  readonly stable: R
  readonly canary?: R
}

/** Nothing before that is needed; a little more than the past, as increases are counted from the sample before. */
export const earliestOf = (users: number, { past }: Reach): number => users - past - lookBack(undefined)

const hashOf = (name: string): string => createHash('sha256').update(name).digest('hex')

/** The same of its pods in every process and for as long as they live, mostly, whichever others come and go. */
function fewerPods(measured: MeasuredVersion, most: number): MeasuredVersion {
  const hashed = measured.pods.map((pod) => ({ pod, hash: hashOf(pod.name) }))
  const chosen = hashed.sort((one, other) => (one.hash < other.hash ? -1 : 1)).slice(0, most)
  return { ...measured, pods: chosen.map(({ pod }) => pod) }
}

/** Finds these pods by their names, and no other of the ReplicaSet. */
const byName = ({ replicaSet: _, otherPods: __, ...measured }: MeasuredVersion): MeasuredVersion => measured

/** Stable first. */
export function askedOf<R extends Names>(
  recipes: Recipes<R>,
  { stable, canary }: Versions,
  { pods }: Reach
): readonly Asked<R>[] {
  const isMany = stable.pods.length > pods
  const own = isMany ? fewerPods(stable, pods) : stable
  return [
    { side: 'stable', measured: own, ...(isMany && { queried: byName(own) }), recipe: recipes.stable },
    ...(canary && recipes.canary
      ? [{ side: 'canary' as const, measured: canary, recipe: recipes.canary }]
      : [])
  ]
}
