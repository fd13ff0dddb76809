import { describe, expect, it } from '@jest/globals'
import { runLoad, type Load } from '../../../src/smoke/load.ts'
import { quickClock } from '../../support/stand-in.ts'

const load = (perSecond: number, duration: number): Load => ({
  kind: 'load',
  method: 'GET',
  target: '/',
  expect: { status: 200, within: 10_000 },
  perSecond,
  duration
})
const faultOf = (number: number) => ({ problem: `fault ${number}`, evidence: '' })
const goOn = new AbortController().signal

describe('a load', () => {
  it('is sent at a constant rate', async () => {
    const clock = quickClock()
    const start = clock.now()
    const times: number[] = []
    const send = (): Promise<undefined> => {
      times.push(clock.now() - start)
      return Promise.resolve(undefined)
    }
    const counts = await runLoad(load(4, 2000), send, clock, goOn)
    expect(times).toEqual([0, 250, 500, 750, 1000, 1250, 1500, 1750])
    expect(counts).toEqual({ sent: 8, passed: 8, failed: 0, firstFailures: [] })
  })

  it('does not wait for slow answers', async () => {
    const clock = quickClock()
    const answers: (() => void)[] = []
    const send = (): Promise<undefined> =>
      new Promise((resolve) => {
        answers.push(() => {
          resolve(undefined)
        })
        if (answers.length === 100)
          answers.forEach((answer) => {
            answer()
          })
      })
    expect(await runLoad(load(10, 10_000), send, clock, goOn)).toMatchObject({ sent: 100, failed: 0 })
  })

  it('catches up when it is late', async () => {
    const clock = quickClock()
    let sent = 0
    const send = async (): Promise<undefined> => {
      if (++sent === 1) await clock.sleep(1000)
    }
    expect(await runLoad(load(10, 2000), send, clock, goOn)).toMatchObject({ sent: 20, passed: 20 })
  })

  it('counts what failed and keeps the first few', async () => {
    const send = (number: number) => Promise.resolve(number % 2 === 0 ? undefined : faultOf(number))
    expect(await runLoad(load(20, 1000), send, quickClock(), goOn)).toEqual({
      sent: 20,
      passed: 10,
      failed: 10,
      firstFailures: [1, 3, 5, 7, 9].map(faultOf)
    })
  })

  it('does not pile up requests that are never answered', async () => {
    const answers: (() => void)[] = []
    const send = (): Promise<undefined> =>
      new Promise((resolve) => {
        answers.push(() => {
          resolve(undefined)
        })
        if (answers.length === 1000)
          setTimeout(() => {
            answers.forEach((answer) => {
              answer()
            })
          }, 50)
      })
    const { sent, failed, firstFailures } = await runLoad(
      load(1000, 1010),
      send,
      { ...quickClock(), now: () => Infinity },
      goOn
    )
    expect({ sent, failed, asked: answers.length }).toEqual({ sent: 1010, failed: 10, asked: 1000 })
    expect(firstFailures[0]?.problem).toBe('not sent: 1000 requests were still unanswered')
  })

  it('sends at least once', async () => {
    const send = () => Promise.resolve(undefined)
    expect(await runLoad(load(0.1, 1000), send, quickClock(), goOn)).toMatchObject({ sent: 1 })
  })

  it('ends at once with its signal', async () => {
    const stop = new AbortController()
    const clock = quickClock()
    const send = (number: number) => {
      if (number === 3) stop.abort(new Error('cancelled'))
      return Promise.resolve(undefined)
    }
    await expect(runLoad(load(10, 10_000), send, clock, stop.signal)).rejects.toThrow('cancelled')
    expect(clock.slept).toHaveLength(3)
  })
})
