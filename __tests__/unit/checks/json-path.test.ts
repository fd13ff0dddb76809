import { expect, it } from '@jest/globals'
import { numberAt } from '../../../src/checks/json-path.ts'

const json: unknown = JSON.parse(`{
  "incidents": [], "a": { "b": 1, "length": 7 }, "list": [1, 2], "x y": 3, "n": null, "s": "5", "a.b": 9, "zero": 0,
  "no": false, "*": 5, "x-y": { "z": [{ "v": 2 }] }, "big": 1e999, "__proto__": { "c": 6 }, "constructor": 8
}`)

it.each([
  ['$.incidents.length', 0],
  ['$.list.length', 2],
  ['$.a.b', 1],
  ['$.a.length', 7],
  ['$.list[-1:]', 2],
  ['$.list[0]', 1],
  ["$['x y']", 3],
  ['$["a.b"]', 9],
  ['$..v', 2],
  ['$.x-y.z[*].v', 2],
  ['$.zero', 0],
  ['$.__proto__.c', 6],
  ['$.constructor', 8]
])('%s is the number %d', (path, value) => {
  expect(numberAt(json, path)).toEqual({ value })
})

it.each([
  ['$.missing', 'the answer has nothing at $.missing'],
  ['$.incidents[0]', 'the answer has nothing at $.incidents[0]'],
  ['$.a.toString', 'the answer has nothing at $.a.toString']
])('%s is not there', (path, why) => {
  expect(numberAt(json, path)).toEqual({ why, early: true, unknown: true })
})

it.each([
  ['$.list[*]', '$.list[*] finds several values where one number is needed'],
  ['$..*', '$..* finds several values where one number is needed'],
  ['$.s', '$.s is the text "5" where a number is needed'],
  ['$.s.length', '$.s.length leads into a text, not into a list'],
  ['$.s[0]', '$.s[0] leads into a text, not into a list'],
  ['$.list', '$.list is a list (its length is at .length) where a number is needed'],
  ['$.a', '$.a is an object where a number is needed'],
  ['$.no', '$.no is the word false where a number is needed'],
  ['$.big', '$.big is larger than any number can be']
])('%s is no number', (path, why) => {
  expect(numberAt(json, path)).toEqual({ why })
})

it('is no number yet where it is null', () => {
  expect(numberAt(json, '$.n')).toEqual({ why: '$.n is null', early: true })
})

it.each<[unknown, unknown]>([
  [0, { value: 0 }],
  [42, { value: 42 }],
  [null, { why: '$ is null', early: true }],
  ['', { why: '$ is the text "" where a number is needed' }],
  [[], { why: '$ is a list (its length is at .length) where a number is needed' }]
])('takes %j for a whole answer', (whole, found) => {
  expect(numberAt(whole, '$')).toEqual(found)
})

it('gives up what is nested without end, and does not hang', () => {
  const [nested, branched] = [100_000, 300].map(
    (depth) => JSON.parse('{"a":'.repeat(depth) + '1' + '}'.repeat(depth)) as unknown
  )
  expect(numberAt(nested, '$..x')).toEqual({ why: 'the answer is nested too deeply to look for $..x' })
  expect(numberAt(branched, '$..a.x')).toMatchObject({ unknown: true })
})
