import { parseDecimal, parseShifted, printShifted, shiftDecimal } from './decimal.ts'
import { nearest } from './nearest.ts'
import { quote, refusal, type Parsed, type Refusal } from './parsed.ts'
import { hasComment, looseWord } from './promql.ts'

export type Metric =
  | { readonly kind: 'success-rate' | 'error-rate' | 'request-rate' | 'mean-latency' }
  /** `quantile` in 0..1: p95 is 0.95. */
  | { readonly kind: 'latency'; readonly quantile: number }
  | { readonly kind: 'query'; readonly name: string; readonly promql: string }

export type Comparison = '<' | '<=' | '>' | '>='

type BuiltIn = Exclude<Metric, { kind: 'query' }>

/** One line of `checks`. */
export interface Check {
  readonly metric: Metric
  readonly comparison: Comparison
  /** In the metric's base unit: fraction for rates in per cent, seconds for latency, else as written. */
  readonly bound: number
  /** The unit it was written in, so that it prints back as it was. */
  readonly unit: '%' | 'ms' | 's' | '/s' | ''
}

/** What a query may leave open; each is written with a `$` before it. */
export const PLACEHOLDERS = ['namespace', 'workload', 'slot', 'pods', 'service', 'window'] as const

/** How many decimal places a number moves on its way from its unit to the base unit. */
const places: Record<Check['unit'], number> = { '%': -2, ms: -3, s: 0, '/s': 0, '': 0 }

interface MetricRule {
  readonly units: readonly Check['unit'][]
  /** A check says what must hold; the other direction would stop good versions and pass bad ones. */
  readonly comparisons: readonly Comparison[]
  /** Bounds that can hold, in the base unit, and the same in words. */
  readonly least: number
  readonly most: number
  readonly range: string
  readonly example: string
}

const latency: Omit<MetricRule, 'example'> = {
  units: ['ms', 's'],
  comparisons: ['<', '<='],
  least: 1e-6,
  most: Infinity,
  range: 'must be more than 0'
}

const share = { units: ['%'], least: 0, most: 1, range: 'lies between 0% and 100%' } as const

const rules: Record<BuiltIn['kind'], MetricRule> = {
  'success-rate': { ...share, comparisons: ['>', '>='], example: 'success-rate >= 95%' },
  'error-rate': { ...share, comparisons: ['<', '<='], example: 'error-rate <= 1%' },
  'request-rate': {
    units: ['/s'],
    comparisons: ['<', '<=', '>', '>='],
    least: 0,
    most: Infinity,
    range: 'is never below 0',
    example: 'request-rate >= 5/s'
  },
  'mean-latency': { ...latency, example: 'mean latency < 0.2s' },
  latency: { ...latency, example: 'p95 latency < 200ms' }
}

const QUERY_EXAMPLE = 'queue: sum(queue_depth{pod=~"$pods"}) < 100'

const metrics: Readonly<Record<string, BuiltIn>> = {
  'success-rate': { kind: 'success-rate' },
  'error-rate': { kind: 'error-rate' },
  'request-rate': { kind: 'request-rate' },
  'mean latency': { kind: 'mean-latency' }
}

interface Sentence {
  readonly subject: string
  readonly comparison: Comparison
  readonly bound: string
}

const isComparison = (text: string | undefined): text is Comparison =>
  text === '<' || text === '<=' || text === '>' || text === '>='

const isUnit = (text: string): text is Check['unit'] => Object.hasOwn(places, text)

/** Splits at the last comparison, because a query may hold others. */
function splitAtBound(line: string): Parsed<Sentence> {
  const [, before = '', comparison, bound = ''] = /^(.*?)(<=|>=|<|>)([^<>=]*)$/.exec(line) ?? []
  const subject = before.trim()
  if (!isComparison(comparison) || /[<>=!~]$/.test(subject)) {
    return refusal(
      `${quote(line)} does not end with <, <=, > or >= and a bound`,
      rules['success-rate'].example
    )
  }
  return { value: { subject, comparison, bound: bound.trim() } }
}

function parseMetric(subject: string): Parsed<BuiltIn> {
  const percentile = /^p(\d\d?(?:\.\d\d?)?) latency$/.exec(subject)?.[1]
  if (Number(percentile) >= 1)
    return { value: { kind: 'latency', quantile: shiftDecimal(Number(percentile), -2) } }
  const metric = Object.hasOwn(metrics, subject) ? metrics[subject] : undefined
  if (metric !== undefined) return { value: metric }
  if (/^p[\d.]+ latency$/.test(subject)) {
    return refusal(`${quote(subject)} is not a percentile from p1 to p99.99`, rules.latency.example)
  }
  const meant = nearest(subject, [...Object.keys(metrics), 'p95 latency'])
  const known = `${Object.keys(metrics).join(', ')}, p95 latency, or a query with a name before it`
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`
  const similar = Object.values(rules).find(({ example }) => meant !== undefined && example.startsWith(meant))
  return refusal(`${quote(subject)} is none of ${known}${hint}`, similar?.example ?? QUERY_EXAMPLE)
}

/** What is wrong with a check whose words were understood; undefined when nothing is. */
function boundProblem(
  metric: BuiltIn,
  { comparison, bound, unit }: Omit<Check, 'metric'>
): Refusal | undefined {
  const { units, comparisons, least, most, range, example } = rules[metric.kind]
  const name = metricName(metric)
  if (!units.includes(unit))
    return refusal(`the bound of ${name} needs its unit, ${units.join(' or ')}`, example)
  if (!comparisons.includes(comparison)) {
    const worse = comparison.startsWith('<') ? 'above' : 'below'
    return refusal(
      `a check says what must hold: this one would fail while ${name} is ${worse} the bound`,
      example
    )
  }
  const never = (comparison === '<' && bound === least) || (comparison === '>' && bound === most)
  return never || bound < least || bound > most
    ? refusal(`can never hold: ${name} ${range}`, example)
    : undefined
}

const comparedWithStable = (example: string): Refusal =>
  refusal('a comparison with stable is not supported yet; write a fixed bound', example)

function parseBuiltIn({ subject, comparison, bound: text }: Sentence): Parsed<Check> {
  const metric = parseMetric(subject)
  if ('problem' in metric) return metric
  const { example } = rules[metric.value.kind]
  if (/^stable\b/.test(text)) return comparedWithStable(example)
  const [unit = ''] = /(?:%|ms|\/s|s)$/.exec(text) ?? []
  const digits = text.slice(0, text.length - unit.length).trimEnd()
  const bound = isUnit(unit) ? parseShifted(digits, places[unit]) : undefined
  if (bound === undefined || !isUnit(unit))
    return refusal(`${quote(text)} is not a number with a unit`, example)
  const limit = { comparison, bound, unit }
  return boundProblem(metric.value, limit) ?? { value: { metric: metric.value, ...limit } }
}

/** The first `$word` that nothing would be put in for. `$1` belongs to label_replace. */
const unknownPlaceholder = (promql: string): string | undefined =>
  promql
    .match(/\$(?:\{\s*)?[a-zA-Z_]\w*/g)
    ?.find((found) => !PLACEHOLDERS.some((placeholder) => found === `$${placeholder}`))

function parseQuery(name: string, { subject: promql, comparison, bound: text }: Sentence): Parsed<Check> {
  if (promql === '') return refusal(`${name} has no query`, QUERY_EXAMPLE)
  if (/^stable\b/.test(text)) return comparedWithStable(QUERY_EXAMPLE)
  const bound = parseDecimal(text)
  if (bound === undefined) {
    return refusal(`the bound of a query is a number without a unit, not ${quote(text)}`, QUERY_EXAMPLE)
  }
  const unknown = unknownPlaceholder(promql)
  if (unknown !== undefined) {
    const known = PLACEHOLDERS.map((placeholder) => `$${placeholder}`).join(' ')
    return refusal(`${quote(unknown)} is not a placeholder; there are ${known}`, QUERY_EXAMPLE)
  }
  return (
    misread(name, promql, `${comparison} ${text}`) ?? {
      value: { metric: { kind: 'query', name, promql }, comparison, bound, unit: '' }
    }
  )
}

/** What Prometheus would read in another way than it stands there. */
function misread(name: string, promql: string, limit: string): Refusal | undefined {
  if (hasComment(promql))
    return refusal(`to Prometheus what follows # in ${quote(promql)} is a comment`, QUERY_EXAMPLE)
  const word = looseWord(promql)
  if (word === undefined) return undefined
  return refusal(
    `in PromQL the bound would be that of what follows "${word}" alone; put brackets around the query, or write a line for each side`,
    `${name}: (${promql}) ${limit}`
  )
}

const asName = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-$/g, '') || 'my-check'

/**
 * With a name before it, and a space between. Of a recording rule (`level:metric:operations`) that is the metric's.
 */
function withName(line: string): string {
  const [, wrong, query] = /^([\w-]+):\s+(.*)$/.exec(line) ?? []
  if (wrong !== undefined && query !== undefined) return `${asName(wrong)}: ${query}`
  const [, metric = ''] = /^\w*:([a-zA-Z_]\w*)/.exec(line) ?? []
  return `${asName(metric)}: ${line}`
}

/** A query without a name must not be read as another one, or as a name and the rest of it. */
function namelessQuery(line: string): Refusal {
  const suggestion = withName(line)
  return refusal(
    `${quote(line)} is neither a built-in check nor a query with a name before it: small letters, digits and hyphens, a colon, a space`,
    'value' in parseCheck(suggestion) ? suggestion : QUERY_EXAMPLE
  )
}

/** Reads one line of `checks`: `success-rate >= 95%`, `p95 latency < 200ms`, `name: <PromQL> < 100`. */
export function parseCheck(text: string): Parsed<Check> {
  const line = text.trim()
  // Without a space it may be the name of a recording rule.
  const [, name, query = ''] = /^([a-z][a-z0-9-]*):(\s.*)?$/.exec(line) ?? []
  const sentence = splitAtBound(name === undefined ? line : query)
  if ('problem' in sentence) return sentence
  if (name !== undefined) return parseQuery(name, sentence.value)
  return /^[\w-]*:|[({[]/.test(line) ? namelessQuery(line) : parseBuiltIn(sentence.value)
}

function metricName(metric: Metric): string {
  if (metric.kind === 'query') return metric.name
  if (metric.kind === 'latency') return `p${shiftDecimal(metric.quantile, 2)} latency`
  return metric.kind === 'mean-latency' ? 'mean latency' : metric.kind
}

/** What a check is called: `success-rate`, `p95 latency`, or the name before a query. */
export const checkName = ({ metric }: Check): string => metricName(metric)

/** The line that reads back as this check. */
export function printCheck({ metric, comparison, bound, unit }: Check): string {
  const query = metric.kind === 'query' ? `: ${metric.promql}` : ''
  return `${metricName(metric)}${query} ${comparison} ${printShifted(bound, -places[unit])}${unit}`
}
