import type { Check, Comparison } from './check.ts'
import { parseDecimal } from './decimal.ts'
import { quote, refusal, type Parsed, type Refusal } from './parsed.ts'
import { hasComment, looseWord } from './promql.ts'

/** What a query may leave open; each is written with a `$` before it. */
export const PLACEHOLDERS = ['namespace', 'workload', 'slot', 'pods', 'service', 'window'] as const

export const QUERY_EXAMPLE = 'queue: sum(queue_depth{pod=~"$pods"}) < 100'

/** The two sides of a check. */
export interface Sentence {
  readonly subject: string
  readonly comparison: Comparison
  readonly bound: string
}

/** What a query gives of the two versions is not known to be comparable at all. */
const comparedWithStable = (name: string): Refusal =>
  refusal(
    `${name}: a query of your own cannot be compared with stable; let the query itself compare both versions, and write a fixed bound`,
    `${name}: sum(rate(mine{pod=~"$pods"}[2m])) / sum(rate(mine{namespace="$namespace"}[2m])) < 0.5`
  )

/** The first `$word` that is not a placeholder. `$1` is used by label_replace. */
const unknownPlaceholder = (promql: string): string | undefined =>
  promql
    .match(/\$(?:\{\s*)?[a-zA-Z_]\w*/g)
    ?.find((found) => !PLACEHOLDERS.some((placeholder) => found === `$${placeholder}`))

/** @param extra what else may be meant */
export function placeholderProblem(text: string, example: string, extra = ''): Refusal | undefined {
  const unknown = unknownPlaceholder(text)
  if (unknown === undefined) return undefined
  const known = PLACEHOLDERS.map((placeholder) => `$${placeholder}`).join(' ')
  return refusal(`${quote(unknown)} is not a placeholder; there are ${known}${extra}`, example)
}

/** The bound of what has no unit that is known. */
export function plainBound({ bound: text }: Sentence, of: string, example: string): Parsed<number> {
  const value = parseDecimal(text)
  return value === undefined
    ? refusal(`the bound of ${of} is a number without a unit, not ${quote(text)}`, example)
    : { value }
}

/** Reads a check of the user's own. */
export function parseQuery(name: string, sentence: Sentence): Parsed<Check> {
  const { subject: promql, comparison, bound: text } = sentence
  if (promql === '') return refusal(`${name} has no query`, QUERY_EXAMPLE)
  if (/^stable\b/.test(text)) return comparedWithStable(name)
  const bound = plainBound(sentence, 'a query', QUERY_EXAMPLE)
  if ('problem' in bound) return bound
  return (
    placeholderProblem(promql, QUERY_EXAMPLE) ??
    misread(name, promql, `${comparison} ${text}`) ?? {
      value: { metric: { kind: 'query', name, promql }, comparison, bound: bound.value, unit: '' }
    }
  )
}

/** Parts of the query that Prometheus would parse differently from how they look. */
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
 * The line with a name and a space before it. For a recording rule (`level:metric:operations`) the name is that of the
 * metric.
 */
export function withName(line: string): string {
  const [, wrong, query] = /^([\w-]+):(?:\s+|(?=GET\s))(.*)$/.exec(line) ?? []
  if (wrong !== undefined && query !== undefined) return `${asName(wrong)}: ${query}`
  const [, metric = ''] = /^\w*:([a-zA-Z_]\w*)/.exec(line) ?? []
  return `${asName(metric)}: ${line}`
}
