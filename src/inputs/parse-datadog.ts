import type { Check } from './check.ts'
import { isSubdomain } from './names.ts'
import { placeholderProblem, plainBound, type Sentence } from './parse-query.ts'
import { quote, refusal, type Parsed, type Parser } from './parsed.ts'

const EXAMPLE = 'errors: datadog sum:trace.http.request.errors{service:web,version:2}.as_rate() < 5'
const SITE_EXAMPLE = 'datadoghq.eu'

/** What Datadog wants to be asked with. */
export const DATADOG_KEYS = ['DD-API-KEY', 'DD-APPLICATION-KEY'] as const

/** Whether a line of `checks`, without its name, asks Datadog. As PromQL it would be a metric of that name and an operator. */
export const isDatadog = (subject: string): boolean =>
  /^datadog(?:$|\s+(?!(?:and|or|unless|atan2|offset)\b)[\w(.])/.test(subject)

/** Reads `datadog <query>` with its bound. */
export function parseDatadog(name: string, sentence: Sentence): Parsed<Check> {
  const query = sentence.subject.slice('datadog'.length).trim()
  if (!/[a-z]\w*:[\w.-]+\s*\{[^}]*\}/i.test(query)) {
    const parts = 'an aggregation, a metric and a scope, {*} for everything'
    return refusal(`a query for Datadog has ${parts}, and ${quote(query)} has not`, EXAMPLE)
  }
  if (/\$pods\b/.test(query)) {
    const next = 'name the version by its tags, such as kube_deployment:$workload-$slot'
    return refusal(`$pods is a pattern, which Datadog does not take; ${next}`, EXAMPLE)
  }
  const unknown = placeholderProblem(query, EXAMPLE)
  if (unknown !== undefined) return unknown
  const bound = plainBound(sentence, 'a query', EXAMPLE)
  if ('problem' in bound) return bound
  const { comparison } = sentence
  return { value: { metric: { kind: 'datadog', name, query }, comparison, bound: bound.value, unit: '' } }
}

/** Reads a site, `datadoghq.eu`, or the URL of the API. Gives the URL, without a slash at the end. */
export const parseDatadogSite: Parser<string> = (text) => {
  // Nothing is quoted: passwords and tokens are what these places are used for.
  if (/[@?#\s]/.test(text)) return refusal('wanted is a site alone, or the base of a URL', SITE_EXAMPLE)
  if (/^https?:\/\//i.test(text) && URL.canParse(text))
    return { value: new URL(text).href.replace(/\/+$/, '') }
  const site = text.replace(/^(?:api|app)\./, '')
  return isSubdomain(site) && site.includes('.')
    ? { value: `https://api.${site}` }
    : refusal(`${quote(text)} is neither a site of Datadog nor an http(s) URL`, SITE_EXAMPLE)
}
