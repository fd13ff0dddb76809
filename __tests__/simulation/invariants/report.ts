import type { Stage } from '../stage.ts'

/** What must never be so, and was. */
export interface Violation {
  readonly invariant: Invariant
  readonly what: string
  /** What had happened by then. */
  readonly story: readonly string[]
}

export const INVARIANTS = {
  serving: 'whoever gets traffic has enough ready pods',
  drain: 'no pod ends without a drain after its last user',
  record: 'traffic and record agree',
  foreign: 'what is not ours is as its writer left it',
  lock: 'a run that is alive is not overtaken',
  fence: 'a run that was overtaken writes nothing',
  tested: 'only what was tested, and has not failed, gets traffic',
  outcome: 'the outcome says what is so',
  end: 'one more run ends it, with nothing left over'
} as const

export type Invariant = keyof typeof INVARIANTS

export interface Report {
  readonly violations: readonly Violation[]
  add(invariant: Invariant, what: string): void
}

const LINES = 20

export function openReport({ story }: Stage): Report {
  const violations: Violation[] = []
  return {
    violations,
    add(invariant, what) {
      story.note('!!!', `${INVARIANTS[invariant]}: ${what}`)
      violations.push({ invariant, what, story: story.lines.slice(-LINES) })
    }
  }
}

/** Whether a writer is one of the runs. */
export const isRun = (writer: string): boolean => writer.startsWith('run ')
