import type { Series } from './metrics.ts'

/** What a label must be; a label that is missing reads as an empty one, as in PromQL. */
export interface Matcher {
  readonly label: string
  readonly operator: '=' | '!=' | '=~'
  /** For `=~` a pattern for the whole value, without quotes or backslashes. */
  readonly value: string
}

export type Selector = readonly Matcher[]

export const is = (label: string, value: string): Matcher => ({ label, operator: '=', value })
export const isNot = (label: string, value: string): Matcher => ({ label, operator: '!=', value })
export const matches = (label: string, value: string): Matcher => ({ label, operator: '=~', value })

function holds({ operator, value }: Matcher, found: string): boolean {
  switch (operator) {
    case '=':
      return found === value
    case '!=':
      return found !== value
    case '=~':
      return new RegExp(`^(?:${value})$`).test(found)
  }
}

export const selects = (selector: Selector, { labels }: Series): boolean =>
  selector.every((matcher) => holds(matcher, labels[matcher.label] ?? ''))

export const printSelector = (selector: Selector): string =>
  `{${selector.map(({ label, operator, value }) => `${label}${operator}"${value}"`).join(',')}}`

/** Labels that Prometheus usually puts on all that a target reports. */
const OF_TARGETS = ['namespace', 'service']

const renamed = (matcher: Matcher): Matcher => ({ ...matcher, label: `exported_${matcher.label}` })

/**
 * The same selector for every way in which Prometheus may have stored these labels: a label that a router reports
 * and that the router as a target has too is renamed to `exported_…`, unless `honor_labels` is set
 * (https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config). The renamed ones come
 * first: where there is one, the label of the plain name says where the router itself runs.
 */
export const spellings = (selector: Selector): readonly Selector[] =>
  selector.reduce<readonly Selector[]>(
    (prefixes, matcher) =>
      (OF_TARGETS.includes(matcher.label) ? [renamed(matcher), matcher] : [matcher]).flatMap((one) =>
        prefixes.map((prefix) => [...prefix, one])
      ),
    [[]]
  )
