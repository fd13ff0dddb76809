import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { MeasuredVersion } from '../../../../src/checks/measured-version.ts'
import { fillPlaceholders, podPattern } from '../../../../src/checks/prometheus/placeholders.ts'
import { podNames, subject } from './builders.ts'

const pods = (...names: readonly string[]) => names.map((name) => ({ name, createdAt: 0 }))
const byName: MeasuredVersion = {
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

/** The letters that Kubernetes makes hashes and the ends of names of. */
const letter = fc.constantFrom(...Array.from('bcdfghjklmnpqrstvwxz2456789'))
const random = fc.string({ unit: letter, minLength: 5, maxLength: 5 })
const hash = fc.string({ unit: letter, minLength: 8, maxLength: 10 })
const workloadName = fc
  .string({ unit: fc.constantFrom(...Array.from('abz09-.')), minLength: 1, maxLength: 63, size: 'max' })
  .map((text) => `${text.slice(0, 62)}w`)

/** A pod as a ReplicaSet names it: the API server cuts what does not fit into 63 characters. */
const podOf = (replicaSet: string, letters: string): string => `${`${replicaSet}-`.slice(0, 58)}${letters}`

describe('no version is taken for another', () => {
  const names = fc.record({
    name: workloadName,
    mine: hash,
    other: hash,
    where: fc.constantFrom('', '-green', '-blue', '-green-api', 'x', '-1'),
    letters: fc.uniqueArray(random, { minLength: 4, maxLength: 4 })
  })

  test('whatever the names are, and however long', () => {
    fc.assert(
      fc.property(
        names,
        ({ name, mine, other, where, letters: [one = '', two = '', three = '', four = ''] }) => {
          const replicaSet = `${name}-green-${mine}`
          const rival = `${name}${where}-${other}`
          fc.pre(rival !== replicaSet)
          const pattern = podPattern({
            ...byName,
            replicaSet,
            pods: pods(podOf(replicaSet, one)),
            otherPods: [podOf(replicaSet, two)]
          })
          expect(matches(pattern, podOf(replicaSet, one))).toBe(true)
          expect(matches(pattern, podOf(replicaSet, two))).toBe(true)
          expect(matches(pattern, podOf(rival, three))).toBe(false)
          expect(matches(pattern, podOf(rival, four))).toBe(false)
          expect(pattern).not.toMatch(/["'`\\]/)
        }
      ),
      { numRuns: 1_000 }
    )
  })

  test('pods that come later are found without being named, while their names hold the whole hash', () => {
    const replicaSet = `${'a'.repeat(40)}-green-5d8f7c9b44`
    expect(replicaSet).toHaveLength(57)
    expect(podPattern({ ...byName, replicaSet })).toBe(`${replicaSet}-[a-z0-9]{5}`)
    expect(podPattern({ ...byName, replicaSet: `a${replicaSet}` })).toBe('-')
  })

  test('what many names have in common is asked for once', () => {
    const replicaSet = `${'a'.repeat(63)}-green-5d8f7c9b44`
    const many = ['bcdfg', 'hjklm'].map((letters) => podOf(replicaSet, letters))
    expect(podPattern({ ...byName, replicaSet, pods: pods(...many) })).toBe(`${'a'.repeat(58)}(bcdfg|hjklm)`)
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
