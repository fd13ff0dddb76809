import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { parse } from 'yaml'
import { InputError } from '../../src/base/errors.ts'
import type { Outcome, Result } from '../../src/domain/outcome.ts'
import { inputDefaults, readInputs } from '../../src/inputs/inputs.ts'
import { parseProbe } from '../../src/inputs/probe.ts'
import { parseRoute } from '../../src/inputs/route.ts'
import { DEFAULT_CANARY_STEPS, parseStep, printStep } from '../../src/inputs/step.ts'
import { verdictOutputs } from '../../src/report/outputs.ts'

interface Entry {
  readonly description?: string
  readonly default?: string
  readonly required?: boolean
}

interface Action {
  readonly name: string
  readonly inputs: Readonly<Record<string, Entry>>
  readonly outputs: Readonly<Record<string, Entry>>
  readonly runs: Readonly<Record<string, string>>
}

const text = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const action = parse(text('action.yml')) as Action
const reference = text('docs/reference.md')

/** Cells of the table rows between `<!-- name -->` and `<!-- /name -->` that begin with a name in backticks. */
function rows(section: string): string[][] {
  const between = reference.split(`<!-- ${section} -->`)[1]?.split(`<!-- /${section} -->`)[0] ?? ''
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

const quoted = (cell = ''): string | undefined => /^`([^`]*)`$/.exec(cell)?.[1]

const defaults = Object.fromEntries(
  Object.entries(action.inputs).map(([name, input]) => [name, input.default ?? ''])
)

const inBackticks = (markdown = ''): string[] =>
  markdown.match(/(?<=`)[^`]+(?=`)/g)?.filter((_, i) => i % 2 === 0) ?? []

const descriptionOf = (input: string): string => action.inputs[input]?.description ?? ''

const meaningOf = (input: string): string =>
  rows('inputs').find(([name]) => quoted(name) === input)?.[2] ?? ''

/** The words that an input takes, as its refusal of any other lists them. */
function wordsOf(input: string): string[] {
  try {
    readInputs((name) => (name === input ? '?' : name === 'workload' ? 'web' : ''))
    return []
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    const problem = error.faults.find((fault) => fault.input === input)?.problem ?? ''
    return /is not one of (.*)$/.exec(problem)?.[1]?.split(', ') ?? []
  }
}

const choices = Object.keys(action.inputs).filter((input) => wordsOf(input).length > 0)

const outcome: Outcome = {
  command: 'status',
  result: 'unchanged',
  reason: '',
  release: '1-1',
  namespace: 'shop',
  workload: 'web',
  route: 'service/web',
  weight: 0,
  shareOf: 'requests',
  shifts: [],
  startedAt: 0,
  finishedAt: 0,
  timeline: [],
  smokeTests: [],
  measurements: [],
  evidence: [],
  foreignWrites: [],
  warnings: [],
  next: []
}

describe('action.yml', () => {
  it('has the inputs that are read, with the same defaults', () => {
    // Only the runner knows the token: it puts it in, and an empty one means that the user wants none.
    expect(defaults).toEqual({ ...inputDefaults, 'github-token': '${{ github.token }}' })
  })

  it('has the outputs that are written', () => {
    expect(Object.keys(action.outputs).sort()).toEqual(
      [...Object.keys(verdictOutputs(outcome)), 'json'].sort()
    )
  })

  it('describes every input and output', () => {
    const described = [...Object.values(action.inputs), ...Object.values(action.outputs)]
    expect(described.filter(({ description = '' }) => description.length < 20)).toEqual([])
  })

  it('gives defaults as text, as the runner does', () => {
    expect(Object.values(action.inputs).filter((input) => typeof (input.default ?? '') !== 'string')).toEqual(
      []
    )
  })

  it('has defaults that can be read', () => {
    expect(() => readInputs((name) => (name === 'workload' ? 'web' : (defaults[name] ?? '')))).not.toThrow()
  })

  it('names every result', () => {
    const results: Record<Result, true> = {
      promoted: true,
      'rolled-back': true,
      aborted: true,
      waiting: true,
      unchanged: true,
      planned: true,
      failed: true
    }
    const named = action.outputs.result?.description?.match(/(?<=`)[a-z-]+(?=`)/g) ?? []
    expect(named.sort()).toEqual(Object.keys(results).sort())
  })

  it('has inputs that take one of a few words', () => {
    const some = ['command', 'strategy', 'metrics', 'on-no-data', 'on-inconclusive', 'previous', 'comment']
    expect(choices).toEqual(some)
  })

  it.each(choices)('names every word that %s takes', (input) => {
    const named = inBackticks(descriptionOf(input))
    expect(wordsOf(input).filter((word) => !named.includes(word))).toEqual([])
  })

  it('gives examples of steps, routes and probes that can be read', () => {
    const spaced = (input: string): string[] =>
      inBackticks(descriptionOf(input)).filter((text) => /[ /%]/.test(text))
    const parsed = [
      ...spaced('steps').map(parseStep),
      ...spaced('route').map(parseRoute),
      ...spaced('probe').map(parseProbe)
    ]
    expect(parsed).toHaveLength(20)
    expect(parsed.filter((found) => 'problem' in found)).toEqual([])
  })

  it('states the steps of canary', () => {
    const stated = /Without it: (.*);/.exec(descriptionOf('steps'))?.[1]
    expect(inBackticks(stated)).toEqual(DEFAULT_CANARY_STEPS.map(printStep))
  })

  it('starts the same bundle for main and post', () => {
    expect(action.runs).toEqual({ using: 'node24', main: 'dist/index.js', post: 'dist/index.js' })
  })
})

describe('the documentation', () => {
  it('lists the inputs of action.yml in the same order', () => {
    expect(rows('inputs').map(([name]) => quoted(name))).toEqual(Object.keys(action.inputs))
  })

  it('states the defaults of action.yml', () => {
    // A cell that is one quoted word states a default; where there is none, words say what happens instead.
    const stated = rows('inputs').map(([name, cell]) => [quoted(name), quoted(cell) ?? ''])
    expect(Object.fromEntries(stated)).toEqual(defaults)
  })

  it.each(choices)('names every word that %s takes', (input) => {
    const named = inBackticks(meaningOf(input))
    expect(wordsOf(input).filter((word) => !named.includes(word))).toEqual([])
  })

  it('states the steps of canary', () => {
    const cell = rows('inputs').find(([name]) => quoted(name) === 'steps')?.[1] ?? ''
    expect(inBackticks(cell.split('canary')[1])).toEqual(DEFAULT_CANARY_STEPS.map(printStep))
  })

  it('gives an example of steps that can be read', () => {
    const steps = /^## `steps`\n+```\n([^`]*)```/m.exec(text('docs/canary.md'))?.[1] ?? ''
    const inputs: Record<string, string> = { workload: 'web', strategy: 'canary', steps }
    expect(readInputs((name) => inputs[name] ?? '').steps).toHaveLength(5)
  })

  it('gives steps for what a controller releases that can be read', () => {
    const section = text('docs/controllers.md')
    const [step] = parse(/```yaml\n([^`]*)```/.exec(section)?.[1] ?? '') as [{ with: Record<string, string> }]
    const read = readInputs((name) =>
      (name === 'kubeconfig' ? '{}' : (step.with[name] ?? '')).replace('${{ github.sha }}', 'a1b2c3')
    )
    expect(read.workload).toEqual({ kind: 'rollout', name: 'web' })
  })

  it('gives checks for what AnalysisTemplates ask that can be read', () => {
    const table =
      text('docs/controllers.md').split('## AnalysisTemplates as `checks`')[1]?.split('\n\n')[2] ?? ''
    const checks = table
      .split('\n')
      .slice(2, 5)
      .flatMap((row) => inBackticks(row.split(' | ').at(-1)))
    expect(checks).toHaveLength(3)
    const inputs: Record<string, string> = {
      workload: 'rollout/web',
      checks: checks.join('\n'),
      prometheus: 'https://prometheus.example.com'
    }
    expect(readInputs((name) => inputs[name] ?? '').checks).toHaveLength(3)
  })

  it('lists the outputs of action.yml in the same order', () => {
    expect(rows('outputs').map(([name]) => quoted(name))).toEqual(Object.keys(action.outputs))
  })
})
