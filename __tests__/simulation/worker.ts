import { drawSchedule } from './generate.ts'
import { INVARIANTS, type Violation } from './invariants/report.ts'
import { play } from './play.ts'
import type { Schedule } from './schedule.ts'
import { shrink } from './shrink.ts'
import { describeSchedule } from './describe.ts'

/** A process that plays the schedules of some seeds and tells what came of each. */

/** What came of one seed. */
export interface Told {
  readonly seed: number
  /** Milliseconds that passed in the world. */
  readonly passed: number
  /** Absent when nothing was wrong. */
  readonly failure?: { readonly invariant: string; readonly report: string }
}

/** From one seed on, every so many. */
export interface Order {
  readonly from: number
  readonly to: number
  readonly every: number
  /** Whether to look for a shorter schedule that fails alike. */
  readonly shrinks: boolean
}

async function playSeed(seed: number, shrinks: boolean): Promise<Told> {
  const schedule = drawSchedule(seed)
  const { violations, passed } = await play(schedule)
  const [first] = violations
  if (first === undefined) return { seed, passed }
  const shortest = shrinks ? await shrink(schedule, first) : schedule
  const replayed = shrinks ? ((await play(shortest)).violations[0] ?? first) : first
  return {
    seed,
    passed,
    failure: { invariant: first.invariant, report: reportOf(seed, schedule, shortest, replayed) }
  }
}

const indented = (lines: readonly string[]): string => lines.map((line) => `  ${line}`).join('\n')

const reportOf = (seed: number, drawn: Schedule, shortest: Schedule, violation: Violation): string =>
  [
    `seed ${seed}: ${INVARIANTS[violation.invariant]}: ${violation.what}`,
    ...(shortest === drawn
      ? ['the schedule:', indented(describeSchedule(drawn))]
      : ['the schedule, without what it does not take:', indented(describeSchedule(shortest))]),
    'the last changes:',
    indented(violation.story)
  ].join('\n')

// Whoever has asked is gone.
process.on('disconnect', () => process.exit())

process.on('message', (order: Order) => {
  void (async () => {
    for (let seed = order.from; seed < order.to; seed += order.every)
      process.send?.(await playSeed(seed, order.shrinks))
    process.disconnect()
  })()
})
