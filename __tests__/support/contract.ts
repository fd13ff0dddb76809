import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { InputError } from '../../src/base/errors.ts'
import { readInputs } from '../../src/inputs/inputs.ts'

/** What action.yml promises, and what the code takes. */

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

export const action = parse(readFileSync('action.yml', 'utf8')) as Action

export const defaults: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(action.inputs).map(([name, input]) => [name, input.default ?? ''])
)

/** The words that an input takes, as its refusal of any other lists them. */
export function wordsOf(input: string): string[] {
  try {
    readInputs((name) => (name === input ? '?' : name === 'workload' ? 'web' : ''))
    return []
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    const problem = error.faults.find((fault) => fault.input === input)?.problem ?? ''
    return /is not one of (.*)$/.exec(problem)?.[1]?.split(', ') ?? []
  }
}

/** Inputs that take one of a few words. */
export const choices = Object.keys(action.inputs).filter((input) => wordsOf(input).length > 0)

export const inBackticks = (markdown = ''): string[] =>
  markdown.match(/(?<=`)[^`]+(?=`)/g)?.filter((_, i) => i % 2 === 0) ?? []
