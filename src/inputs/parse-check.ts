import { metricName, places, type BuiltIn, type Check, type Comparison } from './check.ts'
import { parseShifted, shiftDecimal } from './decimal.ts'
import { nearest } from './nearest.ts'
import { isDatadog, parseDatadog } from './parse-datadog.ts'
import { parseQuery, QUERY_EXAMPLE, withName, type Sentence } from './parse-query.ts'
import { isWeb, parseWeb } from './parse-web.ts'
import { quote, refusal, type Parsed, type Refusal } from './parsed.ts'

interface MetricRule {
  readonly units: readonly Check['unit'][]
  /** A check states what must hold. The opposite comparison would stop good versions and pass bad ones. */
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

const metrics: Readonly<Record<string, BuiltIn>> = {
  'success-rate': { kind: 'success-rate' },
  'error-rate': { kind: 'error-rate' },
  'request-rate': { kind: 'request-rate' },
  'mean latency': { kind: 'mean-latency' }
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

function parseBuiltIn({ subject, comparison, bound: text }: Sentence): Parsed<Check> {
  const metric = parseMetric(subject)
  if ('problem' in metric) return metric
  const { example } = rules[metric.value.kind]
  const [unit = ''] = /(?:%|ms|\/s|s)$/.exec(text) ?? []
  const digits = text.slice(0, text.length - unit.length).trimEnd()
  const bound = isUnit(unit) ? parseShifted(digits, places[unit]) : undefined
  if (bound === undefined || !isUnit(unit))
    return refusal(`${quote(text)} is not a number with a unit`, example)
  const limit = { comparison, bound, unit }
  return boundProblem(metric.value, limit) ?? { value: { metric: metric.value, ...limit } }
}

/** A query without a name must not be read as another one, or as a name and the rest of it. */
function namelessQuery(line: string): Refusal {
  const suggestion = withName(line)
  return refusal(
    `${quote(line)} is neither a built-in check nor a query with a name before it: small letters, digits and hyphens, a colon, a space`,
    'value' in parseCheck(suggestion) ? suggestion : QUERY_EXAMPLE
  )
}

function parseNamed(name: string, sentence: Sentence): Parsed<Check> {
  if (isWeb(sentence.subject)) return parseWeb(name, sentence)
  return isDatadog(sentence.subject) ? parseDatadog(name, sentence) : parseQuery(name, sentence)
}

/** Reads one line of `checks`: `success-rate >= 95%`, `p95 latency < 200ms`, `name: <PromQL> < 100`, `name: GET <URL> <JSONPath> < 1`. */
export function parseCheck(text: string): Parsed<Check> {
  const line = text.trim()
  // Without a space it may be the name of a recording rule.
  const [, name, query = ''] = /^([a-z][a-z0-9-]*):(\s.*)?$/.exec(line) ?? []
  const sentence = splitAtBound(name === undefined ? line : query)
  if ('problem' in sentence) return sentence
  if (name !== undefined) return parseNamed(name, sentence.value)
  const isQuery = /^[\w-]*:|[({[]/.test(line) || isWeb(line) || isDatadog(line)
  return isQuery ? namelessQuery(line) : parseBuiltIn(sentence.value)
}
