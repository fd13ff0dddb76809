import { describe, expect, test } from '@jest/globals'
import { fillPlaceholders, podPattern, type Subject } from '../../../src/analysis/subject.ts'
import { podNames, subject } from './builders.ts'

const pods = (...names: readonly string[]) => names.map((name) => ({ name, createdAt: 0 }))
const byName: Subject = {
  namespace: 'shop',
  workload: 'web',
  slot: 'green',
  service: 'web',
  pods: [],
  releaseStartedAt: 0
}
const matches = (pattern: string, name: string): boolean => new RegExp(`^(?:${pattern})$`).test(name)

describe('podPattern', () => {
  test.each([
    ['all pods of a ReplicaSet', subject(), podNames[2], true],
    ['not those of another', subject(), 'web-green-abc123-aaaaa', false],
    ['not those of a Deployment of a longer name', subject(), 'web-green-abc12-api-aaaaa', false],
    ['a ReplicaSet with a dot', subject({ replicaSet: 'shop.web-7' }), 'shopxweb-7-aaaaa', false],
    ['a name that was cut', subject({ replicaSet: 'a'.repeat(60) }), `${'a'.repeat(58)}x7k2p`, true],
    ['names', { ...byName, pods: pods('web-1', 'web-2') }, 'web-2', true],
    ['no longer names', { ...byName, pods: pods('web-1', 'web-2') }, 'web-22', false],
    ['a dot in a name as a dot', { ...byName, pods: pods('web.1') }, 'webx1', false],
    ['without pods nothing', { ...byName, pods: [] }, 'web-1', false],
    ['without pods not even a missing label', { ...byName, pods: [] }, '', false]
  ])('%s', (_rule, given, name = '', expected) => {
    expect(matches(podPattern(given), name)).toBe(expected)
  })

  test('has nothing that a PromQL string would take for an escape', () => {
    expect(podPattern({ ...byName, pods: pods('web.1', 'web-2') })).toBe('(web[.]1|web-2)')
  })
})

test('fillPlaceholders', () => {
  const promql = '$namespace $workload $slot $service $pods [$window] $other $podsx $1'
  expect(fillPlaceholders(promql, subject(), 42.9)).toBe(
    'shop web green web web-green-abc12-[a-z0-9]{5} [42s] $other $podsx $1'
  )
})

test('a window is at least a second', () => {
  expect(fillPlaceholders('$window', subject(), 0.2)).toBe('1s')
})
