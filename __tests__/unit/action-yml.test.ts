import { describe, expect, it } from '@jest/globals'
import type { Outcome, Result } from '../../src/domain/outcome.ts'
import { inputDefaults, readInputs } from '../../src/inputs/inputs.ts'
import { parseProbe } from '../../src/inputs/probe.ts'
import { parseRoute } from '../../src/inputs/route.ts'
import { DEFAULT_CANARY_STEPS, parseStep, printStep } from '../../src/inputs/step.ts'
import { verdictOutputs } from '../../src/report/outputs.ts'
import { action, choices, defaults, inBackticks, wordsOf } from '../support/contract.ts'

const descriptionOf = (input: string): string => action.inputs[input]?.description ?? ''

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
