import { describe, expect, it, jest } from '@jest/globals'
import { drawSchedule } from './generate.ts'
import { play } from './play.ts'
import { describeSchedule } from './describe.ts'

/** A few of the schedules that `script/simulate` plays by the thousand, always the same ones. */

// Whole histories of releases: far more than they take even on a busy machine.
jest.setTimeout(300_000)

const FIRST = 1
const SCHEDULES = 120
const TOGETHER = 20

const groups = Array.from({ length: SCHEDULES / TOGETHER }, (_, at) => FIRST + at * TOGETHER)

describe('whatever goes wrong, users do not notice and one more run ends it', () => {
  it.each(groups)('seeds %i and the 19 after it', async (first) => {
    for (let seed = first; seed < first + TOGETHER; seed += 1) {
      const { violations } = await play(drawSchedule(seed))
      expect({ seed, violations }).toEqual({ seed, violations: [] })
    }
  })
})

describe('a seed', () => {
  it('is always the same schedule, which is always played alike', async () => {
    const [one, other] = [drawSchedule(7), drawSchedule(7)]
    expect(describeSchedule(one)).toEqual(describeSchedule(other))
    expect((await play(one)).story).toEqual((await play(other)).story)
  })
})
