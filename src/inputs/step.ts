import { formatDuration } from '../base/duration.ts'
import type { Split } from '../routes/route.ts'
import { durationBetween, LONGEST_JOB } from './duration.ts'
import type { Item, LineFault } from './field.ts'
import { quote, refusal, type Parsed } from './parsed.ts'
import { parseHeader } from './prometheus.ts'

/** What ends a step: time that passes, somebody who approves it, or nothing, so that the next thing comes at once. */
export type Until =
  | { readonly kind: 'duration'; readonly duration: number }
  | { readonly kind: 'approval' }
  | { readonly kind: 'none' }

/** One line of `steps`. A step with a header or a mirror has weight 0. */
export interface TrafficStep {
  readonly split: Split
  readonly until: Until
}

const WEIGHT_EXAMPLE = '10% for 5m'
const HEADER_EXAMPLE = 'header x-canary: true for 10m'
const MIRROR_EXAMPLE = 'mirror 20% for 5m'
const LAST_STEP = '100%'

const isLast = ({ split }: TrafficStep): boolean => split.weight === 100

function parsePercentage(text: string, example: string): Parsed<number> {
  const [, digits = '', decimals] = /^(\d{1,9})([.,]\d+)?%$/.exec(text) ?? []
  if (decimals !== undefined) return refusal(`${quote(text)} is not a whole number of percent`, example)
  if (digits === '') return refusal(`${quote(text)} is not a percentage like 10%`, example)
  const value = Number(digits)
  return value <= 100 ? { value } : refusal(`${quote(text)} is more than 100%`, example)
}

function parseMirror(text: string): Parsed<Split> {
  const mirror = parsePercentage(text, MIRROR_EXAMPLE)
  if ('problem' in mirror) return mirror
  return mirror.value === 0
    ? refusal('mirror 0% would copy nothing', MIRROR_EXAMPLE)
    : { value: { weight: 0, mirror: mirror.value } }
}

function parseHeaderMatch(text: string): Parsed<Split> {
  const header = parseHeader(text)
  return 'problem' in header
    ? refusal(header.problem, HEADER_EXAMPLE)
    : { value: { weight: 0, header: header.value } }
}

function parseWeight(text: string): Parsed<Split> {
  if (!/^[\d.,]+\s*%?$/.test(text)) {
    return refusal(`${quote(text)} is neither a percentage, nor header or mirror`, WEIGHT_EXAMPLE)
  }
  const weight = parsePercentage(text, WEIGHT_EXAMPLE)
  return 'problem' in weight ? weight : { value: { weight: weight.value } }
}

function parseSplit(text: string): Parsed<Split> {
  const [word = ''] = /^(?:header|mirror)(?!\S)/.exec(text) ?? []
  const rest = text.slice(word.length).trimStart()
  if (word === 'header') return parseHeaderMatch(rest)
  return word === 'mirror' ? parseMirror(rest) : parseWeight(text)
}

function parseUntil(word: string | undefined, end: string): Parsed<Until> {
  if (word === undefined) return { value: { kind: 'none' } }
  if (word === 'for') {
    const parsed = durationBetween(1, LONGEST_JOB, WEIGHT_EXAMPLE)(end)
    return 'problem' in parsed ? parsed : { value: { kind: 'duration', duration: parsed.value } }
  }
  return end === 'approved'
    ? { value: { kind: 'approval' } }
    : refusal(`a step lasts until approved, not until ${quote(end)}`, '50% until approved')
}

/** The value of a header may be a secret, so a line with one is not quoted. */
const withoutHeader = (line: string, parsed: Parsed<TrafficStep>): Parsed<TrafficStep> =>
  'problem' in parsed && parsed.problem.includes('"') && /^header\b/.test(line)
    ? refusal('what comes after the header is neither for <duration> nor until approved', HEADER_EXAMPLE)
    : parsed

/** Reads one line of `steps`: `10% for 5m`, `50% until approved`, `header x-canary: true for 10m`, `100%`. */
export const parseStep = (text: string): Parsed<TrafficStep> =>
  withoutHeader(text.trim(), parseLine(text.trim()))

function parseLine(line: string): Parsed<TrafficStep> {
  // The last "for" or "until" counts: the value of a header may hold others.
  const [ending = '', word, end = ''] = /\s(for|until)\s+(\S+)$/.exec(line) ?? []
  const split = parseSplit(line.slice(0, line.length - ending.length).trimEnd())
  if ('problem' in split) return split
  const until = parseUntil(word, end)
  if ('problem' in until) return until
  const step = { split: split.value, until: until.value }
  return until.value.kind === 'none' && !isLast(step)
    ? refusal(`${nameStep(step)} would be over at once: say how long, or until approved`, exampleFor(step))
    : { value: step }
}

/** What the line lacked; the value of a header may be a secret. */
const exampleFor = ({ split }: TrafficStep): string =>
  split.header === undefined ? `${printSplit(split)} for 5m` : HEADER_EXAMPLE

function printSplit({ weight, header, mirror }: Split): string {
  if (header !== undefined) return `header ${header.name}: ${header.value}`
  return mirror === undefined ? `${weight}%` : `mirror ${mirror}%`
}

function printUntil(until: Until): string {
  if (until.kind === 'none') return ''
  return until.kind === 'approval' ? ' until approved' : ` for ${formatDuration(until.duration)}`
}

/** The line that reads back as this step; it may hold a secret. */
export const printStep = ({ split, until }: TrafficStep): string => printSplit(split) + printUntil(until)

/** What may be told of a step to everybody: of a header its name. */
export const nameStep = ({ split, until }: TrafficStep): string =>
  (split.header === undefined ? printSplit(split) : `header ${split.header.name}`) + printUntil(until)

/** What is wrong with one step, given the last one before it that sends users. */
function orderProblem(step: TrafficStep, previous: Item<TrafficStep> | undefined): string | undefined {
  const { weight } = step.split
  // A 100% that is not the last has a fault of its own.
  if (previous === undefined || isLast(step) || weight > previous.value.split.weight) return undefined
  const before = `${quote(nameStep(previous.value))} on line ${previous.line}`
  return weight === 0
    ? `${quote(nameStep(step))} sends no users, so it belongs before ${before}`
    : `the weights must rise, but ${quote(nameStep(step))} comes after ${before}`
}

/** What is wrong with the list as a whole; `lastLine` may be one that could not be read. */
export function stepsFaults(items: readonly Item<TrafficStep>[], lastLine: number): readonly LineFault[] {
  let previous: Item<TrafficStep> | undefined
  const faults = items.flatMap((item): LineFault[] => {
    const { line, value } = item
    if (isLast(value) && line < lastLine) {
      return [{ line, problem: `${quote(nameStep(value))} can only be the last step`, example: LAST_STEP }]
    }
    const problem = orderProblem(value, previous)
    if (value.split.weight > 0 && !isLast(value)) previous = item
    return problem === undefined ? [] : [{ line, problem }]
  })
  const last = items.at(-1)
  if (last?.line !== lastLine || items.some(({ value }) => isLast(value))) return faults
  const problem = `the last step must be ${LAST_STEP}, not ${quote(nameStep(last.value))}: add a line`
  return [...faults, { line: lastLine, problem, example: LAST_STEP }]
}

const fiveMinutes: Until = { kind: 'duration', duration: 300_000 }

/** The steps of strategy canary when none are given. */
export const DEFAULT_CANARY_STEPS: readonly TrafficStep[] = [
  { split: { weight: 10 }, until: fiveMinutes },
  { split: { weight: 30 }, until: fiveMinutes },
  { split: { weight: 50 }, until: fiveMinutes },
  { split: { weight: 100 }, until: { kind: 'none' } }
]
