import type { Clock } from '../../src/clock.ts'
import type { Pod } from '../../src/kubernetes/objects.ts'

/** Whose doing it was: what faults and people do to pods and traffic is not held against a release. */
export interface Blame {
  /** This pod fails by itself. */
  afflict(pod: Pod): void
  isAfflicted(pod: Pod): boolean
  /** Somebody has written a Deployment's size or template, or an object that routes traffic. */
  meddle(object: string): void
  /** Whether that was within so many milliseconds. */
  hasMeddled(object: string, within?: number): boolean
  /** This run's machine sleeps: what happens meanwhile it cannot know when it writes. */
  fallAsleep(run: string): void
  /** Milliseconds since the run has fallen asleep last, 0 for one that never has. */
  sinceAsleep(run: string): number
  /** From now on whatever happens counts again. */
  forgive(): void
}

export function openBlame(clock: Clock): Blame {
  const afflicted = new Set<string>()
  const meddled = new Map<string, number>()
  const asleep = new Map<string, number>()
  return {
    afflict: ({ metadata }) => void afflicted.add(metadata.name),
    isAfflicted: ({ metadata }) => afflicted.has(metadata.name),
    meddle: (object) => void meddled.set(object, clock.now()),
    hasMeddled: (object, within = Infinity) => {
      const at = meddled.get(object)
      return at !== undefined && clock.now() - at <= within
    },
    fallAsleep: (run) => void asleep.set(run, clock.now()),
    sinceAsleep: (run) => clock.now() - (asleep.get(run) ?? clock.now()),
    forgive: () => {
      asleep.clear()
      afflicted.clear()
      meddled.clear()
    }
  }
}
