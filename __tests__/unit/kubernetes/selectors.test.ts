import { expect, it } from '@jest/globals'
import { canonical } from '../../../src/kubernetes/canonical.ts'
import {
  printSelector,
  sameLabels,
  selects,
  withoutKeys,
  type Labels
} from '../../../src/kubernetes/selectors.ts'

it.each<[Labels | undefined, Labels | undefined, boolean]>([
  [{ app: 'web' }, { app: 'web', tier: 'front' }, true],
  [{ app: 'web', tier: 'front' }, { app: 'web' }, false],
  [{ app: 'web' }, { app: 'api' }, false],
  [{ app: 'web' }, undefined, false],
  [{ app: '' }, {}, false],
  [{}, { app: 'web' }, false],
  [undefined, { app: 'web' }, false]
])('%j selects %j: %p', (selector, labels, expected) => {
  expect(selects(selector, labels)).toBe(expected)
})

it.each<[Labels | undefined, Labels | undefined, boolean]>([
  [{ a: '1', b: '2' }, { b: '2', a: '1' }, true],
  [{ a: '1' }, { a: '1', b: '2' }, false],
  [{ a: '1' }, { b: '1' }, false],
  [{}, undefined, true]
])('%j and %j are the same labels: %p', (one, other, expected) => {
  expect(sameLabels(one, other)).toBe(expected)
  expect(sameLabels(other, one)).toBe(expected)
})

it.each<[Labels | undefined, string]>([
  [{ app: 'web', tier: 'front' }, 'app=web,tier=front'],
  [{}, ''],
  [undefined, '']
])('%j is printed as the API server takes it', (selector, text) => {
  expect(printSelector(selector)).toBe(text)
})

it('labels without some keys leave the others, and the original, as they were', () => {
  const labels = { a: '1', b: '2', c: '3' }
  expect(withoutKeys(labels, 'b', 'x', 'c')).toEqual({ a: '1' })
  expect(Object.keys(labels)).toHaveLength(3)
})

it.each<[unknown, unknown, boolean]>([
  [{ a: 1, b: { d: 1, c: 2 } }, { b: { c: 2, d: 1 }, a: 1 }, true],
  [[1, 2], [2, 1], false],
  [{ a: undefined }, {}, true],
  [{ a: null }, {}, false]
])('%j is to the API server what %j is: %p', (one, other, expected) => {
  expect(canonical(one) === canonical(other)).toBe(expected)
})
