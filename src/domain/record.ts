import type { RouteName } from '../inputs/route.ts'
import type { Rollout } from '../kubernetes/rollout.ts'
import type { Labels } from '../kubernetes/selectors.ts'
import type { Backends, HeaderMatch, Split } from '../routes/route.ts'
import type { Companion } from './companions.ts'
import { withEntry, type HistoryEntry } from './history.ts'
import type { Version } from './outcome.ts'
import { slotServiceName } from './slots.ts'

export type { HistoryEntry } from './history.ts'

/** Annotation on the route object: the state of the release, changed in the same write as the traffic. */
export const RECORD_ANNOTATION = 'greenlight.dev/release'

/**
 * Where a release stands. `promoted` and `rolled-back` are ends. A run that finds another phase and no living holder
 * puts stable back before it does anything else. `promoting` is the exception: the canary has all traffic and has
 * passed, so the release is finished instead.
 */
export type Phase = 'running' | 'waiting' | 'aborting' | 'promoting' | 'promoted' | 'rolled-back'

/** How a release replaces pods in the Deployment that serves: one after the other, or all of them at once. */
export type InPlace = 'rolling' | 'recreate'

export interface Release {
  readonly version: 1
  readonly id: string
  readonly command: 'deploy' | 'rollback' | 'leave'
  readonly run?: string
  readonly actor?: string
  readonly sha?: string
  readonly phase: Phase
  /** Percentage of the traffic on the canary. */
  readonly weight: number
  /** Requests that reach the canary in addition: by header, as copies. */
  readonly header?: HeaderMatch
  readonly mirror?: number
  /** When the canary got its share; RFC 3339. */
  readonly shiftedAt?: string
  /** The steps as the user wrote them, and the one that it is in, from 0. */
  readonly steps?: readonly string[]
  readonly step?: number
  /** When each of the steps until now gave the canary its share; RFC 3339. */
  readonly begunAt?: readonly string[]
  /** Names of the checks that it began with; none: it has none. */
  readonly checks?: readonly string[]
  /** Name under which the run holds, or held, the lock: it tells two steps of one job apart. Absent in older records. */
  readonly holder?: string
  /** The routes that traffic is moved on. None: on the Service itself. */
  readonly routes?: readonly RouteName[]
  /** While Greenlight leaves: the routes that earlier releases have moved traffic on. */
  readonly formerRoutes?: readonly RouteName[]
  /** Whether users have been on the canary: if so, its pods must not end without a drain. */
  readonly exposed?: true
  readonly startedAt: string
  /** What serves; after a promotion that is the former canary. */
  readonly stable: Version
  readonly canary: Version
  /** What `rollback` brings back; `strategy` when that was replaced in place. */
  readonly previous?: Version & { readonly strategy?: InPlace }
  /** A first installation: no version served before, so that the way back is a Service that selects nobody. */
  readonly first?: true
  /** In place: both versions are templates of the same Deployment. Without it they run beside each other. */
  readonly strategy?: InPlace
  /** In place: how the Deployment rolled out before the release. */
  readonly rollout?: Rollout
  /** The Service's selector as it was, and as it is with all traffic on the one or the other, or shared. */
  readonly selectors: Backends['selectors']
  /** See `Backends`. */
  readonly labels?: Backends['labels']
  /** The release is over. The Service gets this selector when the other version has no pods any more. */
  readonly settle?: Labels
  /** The release is over. Until then its canary, the version that served before, is kept running; RFC 3339. */
  readonly keptUntil?: string
  /** Services that follow the one with the record. */
  readonly companions?: readonly Companion[]
  /** Name of the HorizontalPodAutoscaler that follows the traffic. */
  readonly autoscaler?: string
  /** Image of the watchdog's, while it has one. */
  readonly watchdog?: string
  /** Names of its Jobs: those before its version starts, and those after it has all users. */
  readonly jobs?: Readonly<Record<'before' | 'after', readonly string[]>>
  readonly history: readonly HistoryEntry[]
}

export const printRecord = (release: Release): string => JSON.stringify(release)

/** Whether traffic is moved on routes before the Service, not on the Service itself. */
export const hasRoutes = (release: Release): release is Release & Required<Pick<Release, 'routes'>> =>
  release.routes !== undefined && release.routes.length > 0

export const isUnfinished = ({ phase }: Release): boolean => phase !== 'promoted' && phase !== 'rolled-back'

/** Who is sent to the canary. */
export const splitOf = ({ weight, header, mirror }: Release): Split => ({
  weight,
  ...(header === undefined ? {} : { header }),
  ...(mirror === undefined ? {} : { mirror })
})

/** The record with the canary getting another share. */
export const withSplit = ({ header: _, mirror: __, ...release }: Release, split: Split): Release => ({
  ...release,
  ...split
})

const serviceOf = ({ slot, deployment }: Version): string => slotServiceName(deployment, slot)

/** What the routes of a release can send traffic to. */
export const backendsOf = (
  { stable, canary, selectors, labels }: Release,
  namespace: string,
  apex: string
): Backends => ({
  namespace,
  apex,
  stable: serviceOf(stable),
  canary: serviceOf(canary),
  selectors,
  ...(labels === undefined ? {} : { labels })
})

/** What is left to be done after a release. `keepFor`: milliseconds for which the old version is kept. */
export interface End {
  readonly settle?: Labels
  readonly keepFor?: number
}

/** The record after the canary has become stable. */
export function promoted(release: Release, at: number, { settle, keepFor }: End = {}): Release {
  const { stable, canary, id, strategy } = release
  const { first, ...kept } = ended(release, true, at)
  return {
    ...kept,
    id,
    phase: release.command === 'rollback' ? 'rolled-back' : 'promoted',
    weight: 0,
    stable: canary,
    canary: stable,
    selectors: { ...release.selectors, stable: release.selectors.canary, canary: release.selectors.stable },
    ...(settle === undefined ? {} : { settle }),
    ...(keepFor === undefined ? {} : { keptUntil: new Date(at + keepFor).toISOString() }),
    ...(release.command === 'deploy' && first !== true
      ? { previous: { ...stable, ...(strategy === undefined ? {} : { strategy }) } }
      : {})
  }
}

/** The record after stable has been put back. The version for a rollback is kept. */
export const restored = (release: Release, at: number): Release => ({
  ...ended(release, false, at),
  ...(release.previous === undefined ? {} : { previous: release.previous }),
  phase: 'rolled-back',
  weight: 0
})

/** The record without the fields that only an unfinished release needs. */
function ended(release: Release, served: boolean, at: number): Release {
  const {
    previous: _,
    header: __,
    mirror: ___,
    // A header's value in them may be a secret.
    steps: ________,
    step: ____,
    begunAt: __________________,
    checks: __________,
    shiftedAt: _____,
    rollout: ______,
    watchdog: _______,
    labels: _________,
    jobs: ___________,
    ...kept
  } = release
  return { ...kept, history: withEntry(release, served, at) }
}
