import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { parse, parseAllDocuments } from 'yaml'
import { readInputs } from '../../../src/inputs/inputs.ts'
import { DEFAULT_CANARY_STEPS, printStep } from '../../../src/inputs/step.ts'
import { action, choices, defaults, inBackticks, wordsOf } from '../../support/contract.ts'
import { readPages } from '../../support/pages.ts'

const text = (path: string): string => readFileSync(path, 'utf8')

/** Cells of the table rows of a page between `<!-- name -->` and `<!-- /name -->` that begin with a name in backticks. */
function rows(path: string, section: string): string[][] {
  const between = text(path).split(`<!-- ${section} -->`)[1]?.split(`<!-- /${section} -->`)[0] ?? ''
  return between
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim())
    )
}

const inputs = rows('docs/reference.md', 'inputs')

const quoted = (cell = ''): string | undefined => /^`([^`]*)`$/.exec(cell)?.[1]

const rowOf = (input: string): readonly string[] => inputs.find(([name]) => quoted(name) === input) ?? []

describe('docs/reference.md', () => {
  it('lists the inputs of action.yml in the same order', () => {
    expect(inputs.map(([name]) => quoted(name))).toEqual(Object.keys(action.inputs))
  })

  it('states the defaults of action.yml', () => {
    // A cell that is one quoted word states a default; where there is none, words say what happens instead.
    const stated = inputs.map(([name, cell]) => [quoted(name), quoted(cell) ?? ''])
    expect(Object.fromEntries(stated)).toEqual(defaults)
  })

  it.each(choices)('names every word that %s takes', (input) => {
    const named = inBackticks(rowOf(input)[2])
    expect(wordsOf(input).filter((word) => !named.includes(word))).toEqual([])
  })

  it('states the steps of canary', () => {
    const cell = rowOf('steps')[1] ?? ''
    expect(inBackticks(cell.split('canary')[1])).toEqual(DEFAULT_CANARY_STEPS.map(printStep))
  })

  it('lists the outputs of action.yml in the same order', () => {
    const outputs = rows('docs/reference.md', 'outputs')
    expect(outputs.map(([name]) => quoted(name))).toEqual(Object.keys(action.outputs))
  })
})

describe('docs/', () => {
  const guides = readPages().filter(({ path }) => path.startsWith('docs/') && path !== 'docs/reference.md')

  it.each(wordsOf('command').filter((command) => command !== 'deploy'))('tells of command: %s', (command) => {
    const telling = guides.filter(({ markdown }) => markdown.includes(`command: ${command}`))
    expect(telling.length).toBeGreaterThan(0)
  })

  it.each(inBackticks(action.inputs.route?.description))('has a page for route: %s', (route) => {
    const telling = guides.filter(
      ({ path, markdown }) => path.startsWith('docs/routes/') && markdown.includes(`    route: ${route}`)
    )
    expect(telling.length).toBeGreaterThan(0)
  })

  it.each(globSync(['examples/kubernetes/*role*.yaml', 'examples/workflows/*']))('names %s', (file) => {
    const telling = guides.filter(({ markdown }) => markdown.includes(basename(file)))
    expect(telling.length).toBeGreaterThan(0)
  })
})

describe('docs/argo-rollouts.md', () => {
  it('gives checks for what AnalysisTemplates ask that can be read', () => {
    const [, section = ''] = text('docs/argo-rollouts.md').split('## AnalysisTemplates as `checks`')
    const table = section.split('\n').filter((line) => line.startsWith('|'))
    const checks = table.slice(2, 5).flatMap((row) => inBackticks(row.split(' | ').at(-1)))
    expect(checks).toHaveLength(3)
    const given: Record<string, string> = {
      workload: 'rollout/web',
      checks: checks.join('\n'),
      prometheus: 'https://prometheus.example.com'
    }
    expect(readInputs((name) => given[name] ?? '').checks).toHaveLength(3)
  })
})

interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
}

describe('docs/permissions.md', () => {
  it('lists what role.yaml grants', () => {
    const documents = parseAllDocuments(text('examples/kubernetes/role.yaml')).map(
      (document) => document.toJS() as { kind: string; rules?: readonly Rule[] }
    )
    const rules = documents.find(({ kind }) => kind === 'Role')?.rules ?? []
    const granted = rules.map(({ apiGroups: [group = ''], resources: [resource = ''], verbs }) => [
      group === '' ? resource : `${group}/${resource}`,
      verbs
    ])
    const listed = rows('docs/permissions.md', 'rules').map(([name, verbs]) => [
      quoted(name),
      inBackticks(verbs)
    ])
    expect(listed).toEqual(granted)
  })

  it('asks GitHub for what the examples ask for', () => {
    const [block = ''] = /permissions:\n(?: {2}.*\n)+/.exec(text('docs/permissions.md')) ?? []
    const { permissions } = parse(block) as { permissions: Record<string, string> }
    const release = parse(text('examples/workflows/release.yml')) as { permissions: Record<string, string> }
    expect(permissions).toMatchObject(release.permissions)
  })
})
