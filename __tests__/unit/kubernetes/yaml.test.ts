import { describe, expect, it } from '@jest/globals'
import { canonical } from '../../../src/kubernetes/canonical.ts'
import { parseYaml } from '../../../src/kubernetes/yaml.ts'
import { corpus, fileWith } from '../../support/yaml-corpus.ts'

const valuesIn = (text: string): readonly unknown[] =>
  parseYaml(text).map((document) => ('value' in document ? document.value : 'refused'))

describe('YAML is what kubectl takes it for:', () => {
  it.each(corpus)('%s', (yaml, json) => {
    const [value] = valuesIn(fileWith(yaml))
    expect(value === 'refused' ? value : canonical((value as { x: unknown }).x)).toBe(json)
  })
})

describe('files', () => {
  const objects = [{ a: 'x } {' }, { b: ['"', { c: '\\' }] }]

  it.each([
    ['one after the other', objects.map((one) => JSON.stringify(one, null, '\t')).join('\n')],
    ['without anything between them', objects.map((one) => JSON.stringify(one)).join('')],
    ['as documents', objects.map((one) => JSON.stringify(one)).join('\n---\n')],
    [
      'with a byte order mark before each',
      objects.map((one) => `\uFEFF${JSON.stringify(one)}\n`).join('---\n')
    ]
  ])('of several JSON objects, %s', (_, text) => {
    expect(valuesIn(text)).toEqual(objects)
  })

  it('say of each JSON object where it begins', () => {
    expect(parseYaml('{\n"a": 1\n}\n\n{"b": 2}{"c": 3}').map(({ line }) => line)).toEqual([1, 5, 5])
  })

  it('that begin with a brace and are YAML are read as YAML', () => {
    expect(valuesIn('{a: 1}\n---\nb: 2\n')).toEqual([{ a: 1 }, { b: 2 }])
  })

  it.each([
    ['lists in lists', `a: ${'['.repeat(5000)}${']'.repeat(5000)}`],
    ['more levels than any object has', `a: ${'['.repeat(600)}${']'.repeat(600)}`],
    ['JSON that is as deep', `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`]
  ])('that are nested too deeply are told so: %s', (_, text) => {
    expect(parseYaml(text)).toEqual([{ line: 1, problem: 'it is nested too deeply' }])
  })

  it('that use an anchor many times are read', () => {
    const [value] = valuesIn(`a: &a {b: c}\nlist:\n${'- *a\n'.repeat(300)}`)
    expect((value as { list: readonly unknown[] }).list).toHaveLength(300)
  })

  it('that are short, and endless with what their aliases stand for, are told so', () => {
    const long = `a: &a [${'x, '.repeat(2000)}]\nb: [${'*a, '.repeat(2000)}]`
    expect(parseYaml(long)).toEqual([
      { line: 1, problem: 'it is too much for one object, aliases counted as what they stand for' }
    ])
  })
})
