import { describe, expect, it } from '@jest/globals'
import { parseAllDocuments } from 'yaml'
import { readInputs } from '../../../src/inputs/inputs.ts'
import { action } from '../../support/contract.ts'
import { readPages } from '../../support/pages.ts'

/** YAML that users copy from the documentation. */

type With = Readonly<Record<string, unknown>>

const isMapping = (value: unknown): value is With =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isStep = (value: With): boolean =>
  typeof value.uses === 'string' && value.uses.startsWith('greenlight-action/greenlight@')

/** What the steps of Greenlight are given, however deep they are. */
function stepsIn(value: unknown): readonly With[] {
  if (Array.isArray(value)) return value.flatMap(stepsIn)
  if (!isMapping(value)) return []
  return isStep(value) ? [isMapping(value.with) ? value.with : {}] : Object.values(value).flatMap(stepsIn)
}

/** A few inputs without their step. */
const isFragment = (value: unknown): value is With =>
  isMapping(value) && Object.keys(value).every((key) => key in action.inputs)

const inputsIn = (value: unknown): readonly With[] => (isFragment(value) ? [value] : stepsIn(value))

/** What an expression of GitHub may stand for. */
const EXPRESSIONS: Readonly<Record<string, string>> = {
  kubeconfig: '{}',
  command: 'status',
  'only-if': '123456-1'
}

/** What a fragment leaves out. */
const BESIDE: Readonly<Record<string, (inputs: With) => string>> = {
  workload: ({ manifests }) => (manifests === undefined ? 'web' : ''),
  strategy: ({ steps }) => (steps === undefined ? '' : 'canary'),
  checks: ({ replay }) => (replay === undefined ? '' : 'like stable'),
  prometheus: ({ checks, replay }) =>
    (checks ?? replay) === undefined ? '' : 'https://prometheus.example.com'
}

function valueOf(name: string, inputs: With): string {
  const given = inputs[name] ?? BESIDE[name]?.(inputs) ?? ''
  return `${given as string | number}`.replaceAll(/\$\{\{.*?\}\}/g, EXPRESSIONS[name] ?? 'a1b2c3')
}

const blocks = readPages().flatMap(({ path, code }) =>
  code.filter(({ language }) => language === 'yaml').map(({ text }) => ({ path, text }))
)

const copied = blocks.map(({ path, text }) => [path, text.split('\n')[0], text] as const)

describe('YAML that users copy', () => {
  it.each(copied)('can be parsed: %s, %s', (_, __, text) => {
    expect(parseAllDocuments(text).flatMap(({ errors }) => errors)).toEqual([])
  })

  const sets = copied.flatMap(([path, first, text]) =>
    parseAllDocuments(text)
      .flatMap((document) => inputsIn(document.toJS()))
      .map((inputs) => [path, first, inputs] as const)
  )

  it('gives inputs on many pages', () => {
    expect(new Set(sets.map(([path]) => path)).size).toBeGreaterThan(15)
  })

  it.each(sets)('names inputs that there are: %s, %s', (_, __, inputs) => {
    expect(Object.keys(inputs).filter((name) => !(name in action.inputs))).toEqual([])
  })

  it.each(sets)('gives inputs that can be read: %s, %s', (_, __, inputs) => {
    expect(() => readInputs((name) => valueOf(name, inputs))).not.toThrow()
  })
})
