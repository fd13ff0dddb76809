import { expect, it } from '@jest/globals'
import { Overdue, within } from '../../../src/base/within.ts'
import { FakeClock } from '../../support/memory/fake-clock.ts'

const never = (): Promise<never> => new Promise(() => undefined)

it('brings what the work brings, and leaves its signal alone', async () => {
  let given: AbortSignal | undefined
  const work = (stop: AbortSignal): Promise<string> => {
    given = stop
    return Promise.resolve('done')
  }
  expect(await within({ milliseconds: 1000, clock: new FakeClock() }, work)).toBe('done')
  expect(given?.aborted).toBe(false)
})

it('tells the work to stop when the time is over, and does not wait for it', async () => {
  const clock = new FakeClock()
  let given: AbortSignal | undefined
  const waited = within({ milliseconds: 1000, clock }, (stop) => {
    given = stop
    return never()
  })
  const failed = expect(waited).rejects.toThrow(Overdue)
  await clock.advance(1000)
  await failed
  expect(given?.reason).toBeInstanceOf(Overdue)
})

it('ends with the reason of the signal, and begins nothing after it', async () => {
  const cancelled = new AbortController()
  const options = { milliseconds: 1000, clock: new FakeClock(), signal: cancelled.signal }
  const waited = within(options, never)
  cancelled.abort(new Error('cancelled'))
  await expect(waited).rejects.toThrow('cancelled')
  let begun = false
  const begin = (): Promise<void> => {
    begun = true
    return Promise.resolve()
  }
  await expect(within(options, begin)).rejects.toThrow('cancelled')
  expect(begun).toBe(false)
})

it('says what took too long in words of the one who waits', async () => {
  const clock = new FakeClock({ auto: true })
  const late = (): Error => new Error('the bakery is closed')
  await expect(within({ milliseconds: 1000, clock, late }, never)).rejects.toThrow('the bakery is closed')
})
