import type { Clock } from '../../src/base/clock.ts'
import type { Pod } from '../../src/kubernetes/objects.ts'

/** Whose doing it was: what faults and people do to pods and traffic is not held against a release. */
export interface Attribution {
  /** This pod fails by itself. */
  afflict(pod: Pod): void
  isAfflicted(pod: Pod): boolean
  /** Somebody has written a Deployment's size or template, or an object that routes traffic. */
  meddle(object: string): void
  /** Whether that was within so many milliseconds. */
  hasMeddled(object: string, within?: number): boolean
  /** This run's machine sleeps: what happens meanwhile it cannot know when it writes. */
  fallAsleep(run: string): void
  /** A call of this run comes to nothing: it tries again with what it knew before that. */
  refuse(run: string): void
  /** For how many milliseconds a run that writes now may have known nothing new: it has slept, or was not answered. */
  unaware(run: string): number
  /** This run may hear late of what is written. */
  hinder(run: string): void
  isHindered(run: string): boolean
  /** From now on whatever happens counts again. */
  forgive(): void
}

/** A run tries again within so many milliseconds. */
const PAUSE = 5000

/** What somebody has meddled with who has given a Deployment another template. */
export const templateOf = (deployment: string): string => `template of ${deployment}`

export function openAttribution(clock: Clock): Attribution {
  const afflicted = new Set<string>()
  const meddled = new Map<string, number>()
  const asleep = new Map<string, number>()
  const refused = new Map<string, { readonly from: number; readonly last: number }>()
  const hindered = new Set<string>()
  const refusals = (run: string): { readonly from: number; readonly last: number } | undefined => {
    const found = refused.get(run)
    return found !== undefined && clock.now() - found.last <= PAUSE ? found : undefined
  }
  return {
    afflict: ({ metadata }) => void afflicted.add(metadata.name),
    isAfflicted: ({ metadata }) => afflicted.has(metadata.name),
    meddle: (object) => void meddled.set(object, clock.now()),
    hasMeddled: (object, within = Infinity) => {
      const at = meddled.get(object)
      return at !== undefined && clock.now() - at <= within
    },
    fallAsleep: (run) => void asleep.set(run, clock.now()),
    refuse: (run) => {
      const now = clock.now()
      refused.set(run, { from: refusals(run)?.from ?? now, last: now })
    },
    unaware: (run) => {
      const now = clock.now()
      return now - (asleep.get(run) ?? now) + now - (refusals(run)?.from ?? now)
    },
    hinder: (run) => void hindered.add(run),
    isHindered: (run) => hindered.has(run),
    forgive: () => {
      asleep.clear()
      refused.clear()
      afflicted.clear()
      meddled.clear()
    }
  }
}
