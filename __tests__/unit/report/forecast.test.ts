import { expect, it, test } from '@jest/globals'
import type { Forecast } from '../../../src/domain/forecast.ts'
import { blindness, forecastLines } from '../../../src/report/forecast.ts'

const forecast: Forecast = {
  rate: 20.13,
  steps: ['10% for 5m', '30% for 5m', '50% for 5m'],
  requests: [604, 1_812.4, 3_021],
  prospects: [
    { regression: { kind: 'crash' }, found: [0.9, 1, 1], after: 15_000 },
    { regression: { kind: 'errors', from: 0.001, to: 0.011 }, found: [0.1, 0.7, 0.9], after: 600_000 },
    { regression: { kind: 'latency', times: 1.25 }, found: [0, 0, 0] }
  ]
}

test('a forecast in words', () => {
  expect(forecastLines(forecast)).toEqual([
    'at 20 requests/s the new version gets 604, 1,812 and 3,021 requests in the steps',
    'a crash (half of all requests fail): found in 10 of 10 releases (9, 10, 10 by the end of each step), half of them within 15 s',
    'errors from 0.1% to 1.1%: found in 9 of 10 releases (1, 7, 9 by the end of each step), half of them within 10m 0s',
    'requests that take 1.25 times as long: hardly ever found'
  ])
})

test('of a single step', () => {
  const [crash] = forecast.prospects
  const single = {
    rate: 0,
    steps: ['bake'],
    requests: [0],
    prospects: crash === undefined ? [] : [{ ...crash, found: [1] }]
  }
  expect(forecastLines(single)).toEqual([
    'at 0 requests/s the new version gets 0 requests',
    'a crash (half of all requests fail): found in 10 of 10 releases, half of them within 15 s'
  ])
})

it('warns of steps that would not see a crash', () => {
  const crash = (...found: readonly number[]): Forecast => ({
    ...forecast,
    prospects: [{ regression: { kind: 'crash' }, found }]
  })
  expect(blindness(forecast)).toBeUndefined()
  expect(blindness(crash(0.2, 1, 1))).toBe(
    'the first step (10% for 5m) cannot be relied on to find even a crash: about 604 requests are too few; ' +
      'a longer step, a larger share or a load line would'
  )
  expect(blindness(crash(0, 0.8, 1))).toMatch(
    /^the first 2 steps \(10% for 5m, 30% for 5m\) .* about 2,416 requests/u
  )
})
