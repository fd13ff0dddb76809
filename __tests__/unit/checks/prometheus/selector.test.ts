import { expect, test } from '@jest/globals'
import {
  is,
  isNot,
  matches,
  printSelector,
  selects,
  spellings
} from '../../../../src/checks/prometheus/selector.ts'

test.each([
  [is('a', 'x'), { a: 'x' }, true],
  [is('a', 'x'), { a: 'xx' }, false],
  [is('a', ''), {}, true],
  [isNot('a', 'x'), {}, true],
  [isNot('a', 'x'), { a: 'x' }, false],
  [matches('a', 'x|y'), { a: 'y' }, true],
  [matches('a', 'x|y'), { a: 'xy' }, false],
  [matches('a', 'x.*'), {}, false]
])('%j of %j: %s', (matcher, labels, expected) => {
  expect(selects([matcher], { labels, samples: [] })).toBe(expected)
})

test('a selector holds when all of it does', () => {
  const both = [is('a', 'x'), is('b', 'y')]
  expect(selects(both, { labels: { a: 'x', b: 'y' }, samples: [] })).toBe(true)
  expect(selects(both, { labels: { a: 'x' }, samples: [] })).toBe(false)
})

test('labels that a target has too are looked for by both names, the renamed ones first', () => {
  const selector = [is('namespace', 'shop'), is('ingress', 'web'), isNot('service', 'web')]
  expect(spellings(selector).map(printSelector)).toStrictEqual([
    '{exported_namespace="shop",ingress="web",exported_service!="web"}',
    '{namespace="shop",ingress="web",exported_service!="web"}',
    '{exported_namespace="shop",ingress="web",service!="web"}',
    '{namespace="shop",ingress="web",service!="web"}'
  ])
  expect(spellings([is('reporter', 'source')])).toStrictEqual([[is('reporter', 'source')]])
})
