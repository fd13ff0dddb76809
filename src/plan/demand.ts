import { wantedReplicas } from '../kubernetes/health.ts'
import type { Deployment, PodSpec } from '../kubernetes/objects.ts'
import type { Observed } from '../observe/observed.ts'
import type { Prepared } from './prepare.ts'
import { podsFor, surgeOf } from './sizing.ts'

/** One moment of a release: so many pods more than now, and so many that have another template than now. */
interface Moment {
  readonly added: number
  readonly replaced: number
}

/** What a release asks of the namespace. */
export interface Demand {
  readonly deployment: Deployment
  /** Template of the pods that are replaced. */
  readonly before: PodSpec | undefined
  readonly moments: readonly Moment[]
  /** Deployments that have no pods any more when the new ones start. */
  readonly retired?: readonly Deployment[]
}

export type Wanted = Pick<Prepared, 'canary' | 'release' | 'steps' | 'routes' | 'leftovers'>

/** The pods that a release needs in addition to those that serve. */
export function demandBeside(
  { canary, steps, routes, leftovers = [] }: Wanted,
  { stable, slots }: Pick<Observed, 'stable' | 'slots'>
): Demand {
  const live = Object.values(slots).find(({ metadata }) => metadata.name === canary.metadata.name)
  const serving = Math.max(wantedReplicas(stable.deployment), 1)
  const shareOf = routes.length > 0 ? 'requests' : 'connections'
  const size = Math.max(...steps.map(({ split }) => podsFor(split, serving, shareOf)))
  const now = live === undefined ? 0 : wantedReplicas(live)
  const moment: Moment = { added: Math.max(0, size - now), replaced: Math.min(size, now) }
  const retired = Object.values(slots).filter(({ metadata }) => leftovers.includes(metadata.name))
  return { deployment: canary, before: live?.spec.template.spec, moments: [moment], retired }
}

/** The pods of a release in place: replaced one after the other, with some more at a time, or all at once. */
export function demandInPlace({ canary, release }: Wanted, { stable }: Pick<Observed, 'stable'>): Demand {
  const all: Moment = { added: 0, replaced: wantedReplicas(canary) }
  const surge: Moment = { added: surgeOf(canary), replaced: 0 }
  const moments = release.strategy === 'recreate' ? [all] : [all, surge]
  return { deployment: canary, before: stable.deployment.spec.template.spec, moments }
}
