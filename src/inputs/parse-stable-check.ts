import { parseDecimal, parseShifted, shiftDecimal } from './decimal.ts'
import { quote, refusal, type Parsed, type Refusal } from './parsed.ts'
import type { StableCheck } from './stable-check.ts'

const EXAMPLES = {
  'error-rate': 'error-rate <= stable + 0.5%',
  'success-rate': 'success-rate >= stable - 0.5%',
  latency: 'latency <= stable * 1.15'
} as const

const LEAST_TIMES = 1.01
const MOST_TIMES = 100

interface Sentence {
  readonly subject: string
  readonly comparison: string
  readonly operator: string
  /** What stands behind the operator, which is a number with or without `%`. */
  readonly amount: string
}

function read(line: string): Sentence | undefined {
  const found = /^([^<>=]*?)\s*(<=|>=|<|>)\s*stable(?:\s*([-+*/])\s*(.*))?$/.exec(line)
  if (found === null) return undefined
  const [, subject = '', comparison = '', operator = '', amount = ''] = found
  return { subject: subject.trim(), comparison, operator, amount }
}

/** A share of all requests, as `0.5%` says it. */
function shareOf({ operator, amount }: Sentence, example: string): Parsed<number> {
  if (operator === '') return { value: 0 }
  const share = amount.endsWith('%') ? parseShifted(amount.slice(0, -1).trimEnd(), -2) : undefined
  if (share === undefined) return refusal(`${quote(amount)} is not a number with %`, example)
  return share > 0 && share < 1
    ? { value: share }
    : refusal(`${quote(amount)} does not lie between 0% and 100%`, example)
}

function timesOf({ amount }: Sentence, example: string): Parsed<number> {
  const times = parseDecimal(amount)
  if (times === undefined) return refusal(`${quote(amount)} is not a number`, example)
  return times >= LEAST_TIMES && times <= MOST_TIMES
    ? { value: times }
    : refusal(`${quote(amount)} does not lie between ${LEAST_TIMES} and ${MOST_TIMES}`, example)
}

const map = <T, U>(parsed: Parsed<T>, of: (value: T) => U): Parsed<U> =>
  'problem' in parsed ? parsed : { value: of(parsed.value) }

const operators = (name: string, allowed: string, example: string): Refusal =>
  refusal(`${name} is compared with ${allowed}`, example)

function errorRate(sentence: Sentence): Parsed<StableCheck> {
  const example = EXAMPLES['error-rate']
  const kind = 'error-rate'
  if (sentence.operator === '*') return map(timesOf(sentence, example), (times) => ({ kind, times }))
  if (sentence.operator === '+' || sentence.operator === '')
    return map(shareOf(sentence, example), (plus) => ({ kind, plus }))
  return operators(kind, 'stable, stable + a share or stable * a number', example)
}

function successRate(sentence: Sentence): Parsed<StableCheck> {
  const example = EXAMPLES['success-rate']
  const kind = 'success-rate'
  if (sentence.operator !== '-' && sentence.operator !== '')
    return operators(kind, 'stable or stable - a share', example)
  return map(shareOf(sentence, example), (minus) => ({ kind, minus }))
}

function latency(sentence: Sentence, quantile?: number): Parsed<StableCheck> {
  const kind = 'latency'
  if (sentence.operator !== '*') return operators(kind, 'stable * a number', EXAMPLES.latency)
  const at = quantile === undefined ? {} : { quantile }
  return map(timesOf(sentence, EXAMPLES.latency), (times) => ({ kind, times, ...at }))
}

function parseSubject(sentence: Sentence): Parsed<StableCheck> {
  const { subject } = sentence
  if (subject === 'error-rate') return errorRate(sentence)
  if (subject === 'success-rate') return successRate(sentence)
  if (subject === 'latency') return latency(sentence)
  const [, percentile] = /^p(\d\d?(?:\.\d\d?)?) latency$/.exec(subject) ?? []
  if (Number(percentile) >= 1) return latency(sentence, shiftDecimal(Number(percentile), -2))
  const known = 'error-rate, success-rate, latency and p95 latency can be compared with stable'
  return refusal(`${known}, not ${quote(subject)}`, EXAMPLES.latency)
}

/** Reads one line that names stable: `like stable`, `error-rate <= stable + 0.5%`, `p95 latency <= stable * 1.2`. */
export function parseStableCheck(text: string): Parsed<StableCheck> {
  const line = text.trim()
  if (/^like\s+stable$/.test(line)) return { value: { kind: 'like-stable' } }
  const sentence = read(line)
  if (sentence === undefined) return refusal(`${quote(line)} is no comparison with stable`, 'like stable')
  const wanted = sentence.subject === 'success-rate' ? '>=' : '<='
  const parsed = parseSubject(sentence)
  if ('problem' in parsed || sentence.comparison === wanted) return parsed
  const kind = parsed.value.kind === 'like-stable' ? 'latency' : parsed.value.kind
  return refusal(`a comparison of ${sentence.subject} with stable is written with ${wanted}`, EXAMPLES[kind])
}
