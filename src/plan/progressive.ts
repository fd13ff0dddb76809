import { hasRoutes, type Release } from '../domain/record.ts'
import { keptFor, type Previous } from '../inputs/previous.ts'
import { nameStep, type TrafficStep } from '../inputs/step.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import type { Deployment } from '../kubernetes/objects.ts'
import type { Entrance } from '../kubernetes/ports.ts'
import type { Labels } from '../kubernetes/selectors.ts'
import type { Leftover } from './leftover.ts'
import { aroundJobs, runJobs, type ReleaseJobs } from './release-jobs.ts'
import type { Step } from './step.ts'

/** What every run that takes a release further has to know. */
export interface Course {
  readonly steps: readonly TrafficStep[]
  /** Whether there are any: then even a step of no length lasts until each of them has passed once. */
  readonly checks: boolean
  /** Milliseconds. */
  readonly bake: number
  readonly previous: Previous
  /** Milliseconds that the routes need between the last request to a version and the end of its pods. */
  readonly drain: number
  readonly jobs?: ReleaseJobs | undefined
}

export interface Progressive extends Course, Leftover {
  readonly canary: Deployment
  readonly live?: Deployment | undefined
  /** Everything of the manifests that is not the workload itself, in order, and the canary's Service. */
  readonly manifests: readonly Manifest[]
  readonly smokeTests: boolean
  readonly entrance?: Pick<Entrance, 'port'>
}

/** Blue-green is a canary with a single step. */
export const ALL_AT_ONCE: readonly TrafficStep[] = [{ split: { weight: 100 }, until: { kind: 'none' } }]

/**
 * Health before traffic, then one step after the other, with the old version at hand until the new one has proved
 * itself.
 *
 * The first step writes the record and narrows a selector that would also select the canary's pods, before any of these
 * exist.
 */
export function planProgressive(
  { canary, live, manifests, smokeTests, entrance, hasRecentUsers, leftovers = [], ...course }: Progressive,
  release: Release
): Step[] {
  const { first, rest } = aroundJobs(manifests, course.jobs)
  return [
    { kind: 'begin' },
    ...first,
    ...(hasRecentUsers ? [{ kind: 'drain', duration: course.drain } as const] : []),
    ...leftovers.map((deployment): Step => ({ kind: 'retire', deployment })),
    ...rest,
    ...startOf(release),
    { kind: 'start', deployment: canary, live },
    { kind: 'await-ready' },
    ...(smokeTests ? [{ kind: 'smoke', port: entrance?.port } as const] : []),
    ...watchedBy(release, { kind: 'await-watchdog' }),
    ...(hasRoutes(release) ? [{ kind: 'prepare-routes' } as const] : []),
    ...planFrom(0, course, release)
  ]
}

const startOf = ({ watchdog }: Release): readonly Step[] =>
  watchdog === undefined ? [] : [{ kind: 'start-watchdog', image: watchdog }]

const watchedBy = ({ watchdog }: Release, step: Step): readonly Step[] =>
  watchdog === undefined ? [] : [step]

/** What is left of a release that has waited, watched over again. */
export const planRest = (first: number, course: Course, release: Release): Step[] => [
  ...startOf(release),
  ...watchedBy(release, { kind: 'await-watchdog' }),
  ...planFrom(first, course, release)
]

/** From one of the steps on: to the end, or to the one that waits for somebody's approval. */
export function planFrom(first: number, course: Course, release: Release): Step[] {
  const { steps } = course
  const waiting = steps.findIndex(({ until }, index) => index >= first && until.kind === 'approval')
  const last = waiting < 0 ? steps.length - 1 : waiting
  const moves = steps
    .slice(0, last + 1)
    .flatMap((step, index) => (index < first ? [] : planStep(step, index, course, release)))
  return waiting < 0 ? [...moves, ...planEnd(course, release)] : [...moves, ...planWait(release, 'approval')]
}

/** The release stays as it is until another run goes on with it. @param what somebody is to give it */
export const planWait = (release: Release, what: 'approval' | 'decision'): readonly Step[] => [
  ...watchedBy(release, { kind: 'stop-watchdog' }),
  { kind: 'wait', for: what }
]

/** Size before traffic: stable may have grown while the canary's pods became ready and were tested. */
function planStep(
  step: TrafficStep,
  index: number,
  { checks }: Course,
  { autoscaler }: Release
): readonly Step[] {
  const { split, until } = step
  const points = split.weight === 100 && autoscaler !== undefined
  const duration = until.kind === 'duration' ? until.duration : 0
  const watched = duration > 0 || (checks && until.kind === 'approval')
  return [
    { kind: 'resize', split },
    ...(points ? [{ kind: 'point-autoscaler', to: 'canary' } as const] : []),
    { kind: 'shift', split, step: index },
    ...(watched ? [{ kind: 'watch', name: nameStep(step), duration } as const] : [])
  ]
}

function planEnd(course: Course, release: Release): readonly Step[] {
  const { bake, checks } = course
  return [
    ...(bake > 0 || checks ? [{ kind: 'watch', name: 'bake', duration: bake } as const] : []),
    ...planPromotion(course, release)
  ]
}

/**
 * The record says `promoted` before the old version is touched. If the run dies after that, it leaves a finished
 * release, never one whose old version is half gone. Jobs come last: one that ends what only the old version needs may count on it
 * that there is none of it left.
 */
export const planPromotion = (
  { previous, bake, drain, jobs }: Pick<Course, 'previous' | 'bake' | 'drain' | 'jobs'>,
  release: Release
): readonly Step[] => [
  ...planFollow(release),
  finishing(previous),
  ...watchedBy(release, { kind: 'stop-watchdog' }),
  ...(previous !== 'scale-down' ? [] : endOld(hasRoutes(release) ? 0 : bake, drain)),
  ...runJobs(jobs, 'after')
]

/** @param previous says how long the record has to keep the old version */
export function finishing(previous: Previous, settle?: Labels): Step {
  const keepFor = keptFor(previous)
  return {
    kind: 'finish',
    ...(settle === undefined ? {} : { settle }),
    ...(keepFor === undefined ? {} : { keepFor })
  }
}

/** Points the Service to the canary, and leads the routes back to the Service, where there are any. */
export const planFollow = (release: Release, how: { readonly hopeless?: true } = {}): readonly Step[] =>
  hasRoutes(release) ? [{ kind: 'follow', ...how }, { kind: 'await-routes' }] : []

/**
 * The bake counts towards the drain where the Service was switched, since the old pods have had no new requests since
 * the switch.
 */
const endOld = (bake: number, drain: number): readonly Step[] => [
  ...(bake >= drain ? [] : [{ kind: 'drain', duration: drain - bake } as const]),
  { kind: 'scale-down', side: 'stable' }
]

/** When stable cannot take the traffic back, the canary keeps it, and the routes are brought out of the release. */
export const planStay = (release: Release): Step[] => [
  ...planFollow(release, { hopeless: true }),
  { kind: 'finish' }
]

/** The selector is widened again only when the canary has no pods that it could take in. */
export const planRemoval = (release: Release, drain: number): Step[] => [
  ...(release.autoscaler === undefined ? [] : [{ kind: 'point-autoscaler', to: 'stable' } as const]),
  { kind: 'collect-evidence' },
  ...(hasRoutes(release) ? [{ kind: 'await-routes' } as const] : []),
  ...(release.exposed ? [{ kind: 'drain', duration: drain } as const] : []),
  { kind: 'scale-down', side: 'canary' },
  ...(release.watchdog === undefined ? [] : [{ kind: 'stop-watchdog' } as const]),
  { kind: 'settle', selector: release.selectors.before, outcome: 'restored' }
]
