import { JSONPath } from 'jsonpath-plus'
import type { MetricValue } from './metric-value.ts'
import { excerpt, type Reply } from './reply.ts'

/** What JSONPath calls with each value that it finds, as far as it is used. */
interface Match {
  readonly value: unknown
  readonly parent: unknown
}

/** More than one is never wanted. */
class Enough extends Error {}

/** The first two values that are found. Nothing of the path is evaluated as code, whatever it holds. */
function firstTwo(json: unknown, path: string): readonly Match[] {
  const found: Match[] = []
  const take = (match: Match): void => {
    found.push(match)
    if (found.length > 1) throw new Enough()
  }
  try {
    // In a list of its own: 0 and false would be taken for no JSON at all.
    const nested = path.replace('$', '$[0]')
    JSONPath({ json: [json], path: nested, eval: false, resultType: 'all', callback: take })
  } catch (error) {
    if (!(error instanceof Enough)) throw error
  }
  return found
}

function kindOf(value: unknown, asked: Pick<Reply, 'secrets'>): string {
  if (typeof value === 'string') return `the text "${excerpt(value, asked, 40)}"`
  if (Array.isArray(value)) return 'a list (its length is at .length)'
  return typeof value === 'object' ? 'an object' : `the word ${value === true ? 'true' : 'false'}`
}

/** The one finite number at a path in JSON. @param asked what the JSON is the answer to */
export function numberAt(json: unknown, path: string, asked: Pick<Reply, 'secrets'> = {}): MetricValue {
  const found = matches(json, path)
  if (found === undefined) return { why: `the answer is nested too deeply to look for ${path}` }
  const [only, ...others] = found
  if (only === undefined) return { why: `the answer has nothing at ${path}`, early: true, unknown: true }
  if (others.length > 0) return { why: `${path} finds several values where one number is needed` }
  const { value, parent } = only
  if (value === null) return { why: `${path} is null`, early: true }
  if (typeof parent === 'string') return { why: `${path} leads into a text, not into a list` }
  if (typeof value !== 'number') return { why: `${path} is ${kindOf(value, asked)} where a number is needed` }
  return Number.isFinite(value) ? { value } : { why: `${path} is larger than any number can be` }
}

/** Undefined for JSON that is too deep for the stack. */
function matches(json: unknown, path: string): readonly Match[] | undefined {
  try {
    return firstTwo(json, path)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
