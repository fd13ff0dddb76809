import { expect, it } from '@jest/globals'
import {
  isMuch,
  limit,
  readVolumes,
  volumeQuery,
  volumesOf
} from '../../../../src/checks/prometheus/volume.ts'
import { samples, series } from './builders.ts'

it('is asked for by metric in one query, of both of a router’s versions', () => {
  expect(
    volumeQuery(['a', 'b'], (metric) => (metric === 'a' ? ['a[9s]'] : ['b{v="1"}[9s]', 'b{v="2"}[9s]']))
  ).toBe(
    [
      'label_replace(sum(count_over_time(a[9s])),"volume","samples 0 a","","")',
      'label_replace(count(count_over_time(a[9s])),"volume","series 0 a","","")',
      'label_replace(sum(count_over_time(b{v="1"}[9s])),"volume","samples 0 b","","")',
      'label_replace(count(count_over_time(b{v="1"}[9s])),"volume","series 0 b","","")',
      'label_replace(sum(count_over_time(b{v="2"}[9s])),"volume","samples 1 b","","")',
      'label_replace(count(count_over_time(b{v="2"}[9s])),"volume","series 1 b","","")'
    ].join(' or ')
  )
})

const told = (text: string, count: number) => series({ volume: text }, [0, count])

it('adds up the versions; a sample of a native histogram is as long as many', () => {
  const answer = [
    told('samples 0 a', 240),
    told('samples 1 a', 10),
    told('series 0 a', 3),
    told('samples 0 n', 10)
  ]
  expect(readVolumes(answer, 'n')).toEqual([
    { metric: 'a', series: 3, samples: 250 },
    { metric: 'n', series: 0, samples: 500 }
  ])
  expect(readVolumes([], undefined)).toEqual([])
})

it('is counted of what was read likewise', () => {
  const histogram = { at: 0, count: 1, buckets: [] }
  const native = {
    labels: { __name__: 'n' },
    samples: samples([0, 1], [1, 2]),
    histograms: [histogram, histogram]
  }
  const a = (pod: string) => series({ __name__: 'a', pod }, [0, 1], [15, 2])
  expect(volumesOf([a('a'), a('b'), native])).toEqual([
    { metric: 'a', series: 2, samples: 4 },
    { metric: 'n', series: 1, samples: 100 }
  ])
})

it('is much above 200,000 samples, and too much above a million or 20,000 series', () => {
  const volumes = (...counts: readonly number[]) =>
    counts.map((count, i) => ({ metric: `m${i}`, series: 1, samples: count }))
  expect(isMuch(volumes(100_000, 100_000))).toBe(false)
  expect(isMuch(volumes(100_000, 100_001))).toBe(true)
  expect(() => {
    limit(volumes(400_000, 600_000), 60_000)
  }).not.toThrow()
  expect(() => {
    limit(volumes(400_000, 600_001), 2_100_000)
  }).toThrow(
    'm1 has 600,001 samples in the last 35m, all metrics together 1,000,001, and at most 1,000,000 are read'
  )
  expect(() => {
    limit([{ metric: 'm', series: 20_001, samples: 1 }], 60_000)
  }).toThrow('m has 20,001 series in the last 1m, all metrics together 20,001, and at most 20,000 are read')
})
