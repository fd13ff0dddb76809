import { expect, it } from '@jest/globals'
import { systemClock } from '../../../src/base/clock.ts'

/** Node makes a millisecond of a timer of more than 25 days: a deadline that is written as "none" would be over at once. */
it.each([2 ** 31, 1e15, Infinity])('sleeping for %d ms is not over at once, and can be ended', async (ms) => {
  const stop = new AbortController()
  const slept = systemClock.sleep(ms, stop.signal)
  const first = await Promise.race([slept.then(() => 'over'), systemClock.sleep(50).then(() => 'asleep')])
  expect(first).toBe('asleep')
  stop.abort(new Error('enough'))
  await expect(slept).rejects.toThrow('enough')
})

it.each([0, -1])('sleeping for %d ms is over soon', async (ms) => {
  await systemClock.sleep(ms)
})
