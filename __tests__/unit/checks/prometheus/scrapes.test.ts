import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Series } from '../../../../src/checks/prometheus/metrics.ts'
import { scrapedOnce } from '../../../../src/checks/prometheus/scrapes.ts'
import { of, series } from './builders.ts'

const target = { job: 'pods', instance: '10.0.0.1:8080' }

/** Scrapes every 15 s from a second on. */
const every15 = (labels: Series['labels'], from: number, count: number): Series =>
  series(labels, ...Array.from({ length: count }, (_, i) => [from + 15 * i, i] as const))

const requests = (labels: Series['labels'], from: number, count: number): Series =>
  every15(of('http_requests_total', { ...target, ...labels }), from, count)

const chosen = (...all: readonly Series[]): readonly Series[] => scrapedOnce(all)

it('takes what one of two replicas of Prometheus has: the one that knows most', () => {
  const [a, b] = [requests({ prometheus_replica: 'a' }, 0, 9), requests({ prometheus_replica: 'b' }, 5, 10)]
  expect(chosen(a, b)).toEqual([b])
})

it('takes the first by name where both know as much, with all of its series', () => {
  const replica = (name: string, code: string) => requests({ prometheus_replica: name, code }, 0, 5)
  const all = [replica('b', '500'), replica('a', '500'), replica('a', '200'), replica('b', '200')]
  fc.assert(
    fc.property(fc.shuffledSubarray(all, { minLength: 4 }), (shuffled) => {
      expect(new Set(chosen(...shuffled))).toEqual(new Set([all[1], all[2]]))
    })
  )
})

it('turns to the other replica once the first one has missed three scrapes', () => {
  const other = requests({ replica: 'b' }, 0, 10)
  const gone = requests({ replica: 'a' }, -900, 66)
  expect(chosen(gone, other)).toEqual([other])
  const lagging = requests({ replica: 'a' }, -900, 68)
  expect(chosen(lagging, other)).toEqual([lagging])
})

it('takes what one of two jobs has that scrape the same port', () => {
  const [one, other] = [requests({ job: 'pod-monitor' }, 0, 5), requests({ job: 'service-monitor' }, 2, 5)]
  expect(chosen(other, one)).toEqual([one])
})

it('keeps what two ports of a pod count, and each metric that only one job has', () => {
  const one = requests({}, 0, 5)
  const port = requests({ instance: '10.0.0.1:9090' }, 0, 5)
  const durations = every15(of('http_request_duration_seconds_bucket', { ...target, job: 'other' }), 3, 4)
  expect(chosen(one, port, durations)).toEqual([one, port, durations])
})
