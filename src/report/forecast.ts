import type { Forecast, Foretold, Prospect, Regression } from '../domain/forecast.ts'
import type { Outcome } from '../domain/outcome.ts'
import { shareText, timeSpan, whole } from './figures.ts'
import type { Limits } from './limits.ts'
import { details, section, table } from './markdown.ts'
import { forMarkdown, oneLine, truncate } from './text.ts'

/** What a release can find, and what it cannot see, before it begins. */

const OF = 10

/** Of ten releases a crash is to be found in so many, or a step is blind. */
const SEES = 0.9

const ofTen = (share: number): number => Math.round(share * OF)

function nameOf(regression: Regression): string {
  switch (regression.kind) {
    case 'crash':
      return 'a crash (half of all requests fail)'
    case 'errors':
      return `errors from ${shareText(regression.from)} to ${shareText(regression.to)}`
    case 'latency':
      return `requests that take ${regression.times} times as long`
  }
}

const listed = (counts: readonly string[]): string =>
  counts.length < 2 ? counts.join('') : `${counts.slice(0, -1).join(', ')} and ${counts.at(-1) ?? ''}`

const rateText = ({ rate }: Forecast): string =>
  `${Number(rate.toPrecision(2)).toLocaleString('en-US')} requests/s`

function prospect({ regression, found, after }: Prospect): string {
  const name = nameOf(regression)
  const all = ofTen(found.at(-1) ?? 0)
  if (all === 0) return `${name}: hardly ever found`
  const bySteps = found.length > 1 ? ` (${found.map(ofTen).join(', ')} by the end of each step)` : ''
  const when = after === undefined ? '' : `, half of them within ${timeSpan(after)}`
  return `${name}: found in ${all} of ${OF} releases${bySteps}${when}`
}

/** For people who plan a release, a line each. */
export const forecastLines = (forecast: Forecast): readonly string[] => [
  `at ${rateText(forecast)} the new version gets ` +
    `${listed(forecast.requests.map(whole))} requests${forecast.requests.length > 1 ? ' in the steps' : ''}`,
  ...forecast.prospects.map(prospect)
]

/** For the log, which may hold text of others. */
export const foretoldLines = (foretold: Foretold): readonly string[] =>
  'why' in foretold
    ? [`no forecast of what the comparison with stable can find: ${oneLine(foretold.why)}`]
    : forecastLines(foretold).map((line, i) => (i === 0 ? `forecast: ${line}` : `  ${line}`))

/** A warning for the steps that end before even a crash would be found; nothing when there is none. */
export function blindness({ requests, prospects, steps }: Forecast): string | undefined {
  const crash = prospects.find(({ regression }) => regression.kind === 'crash')
  const blind = crash?.found.filter((share) => share < SEES).length ?? 0
  if (blind === 0) return undefined
  const names = steps.slice(0, blind).join(', ')
  const which = blind === 1 ? `the first step (${names})` : `the first ${blind} steps (${names})`
  const count = requests.slice(0, blind).reduce((sum, one) => sum + one, 0)
  return (
    `${which} cannot be relied on to find even a crash: about ${whole(count)} requests are too few; ` +
    'a longer step, a larger share or a load line would'
  )
}

const TITLE = 'What the comparison with stable can find'

const rowOf = ({ regression, found, after }: Prospect): readonly string[] => [
  nameOf(regression),
  ...found.map((share) => String(ofTen(share))),
  after === undefined ? '—' : timeSpan(after)
]

/** Of a plan: what each step adds. */
function forecastTable(forecast: Forecast): string {
  const { steps, requests, prospects } = forecast
  return section(
    TITLE,
    `At ${rateText(forecast)}, as in the last hour. Of ${OF} releases with such a fault so many are found by the end of each step:`,
    table(
      ['Fault', ...steps.map((name) => forMarkdown(name, 60)), 'Half of them within'],
      [...prospects.map(rowOf), ['_requests to the new version_', ...requests.map(whole), '']]
    )
  )
}

/** Of a release: by its end. */
const forecastInBrief = (forecast: Forecast): string =>
  details(
    TITLE,
    `Forecast at ${rateText(forecast)}, of ${OF} releases by the end: ` +
      forecast.prospects
        .map(({ regression, found }) => `${nameOf(regression)} in ${ofTen(found.at(-1) ?? 0)}`)
        .join(', ')
  )

/** What the comparison was or is to find: in whole for people who plan. */
export function forecastReport({ forecast, plan }: Outcome, { characters }: Limits): string {
  if (forecast === undefined) return ''
  if ('why' in forecast)
    return plan === undefined
      ? ''
      : section(TITLE, `There is no forecast: ${forMarkdown(forecast.why, characters)}.`)
  return plan === undefined ? forecastInBrief(forecast) : forecastTable(forecast)
}

/** What the `json` output says of it: times in seconds. */
export const forecastJson = (foretold: Foretold, { characters }: Limits): object =>
  'why' in foretold
    ? { why: truncate(oneLine(foretold.why), characters) }
    : {
        requestsPerSecond: Number(foretold.rate.toPrecision(3)),
        steps: foretold.steps.map((step, i) => ({ step, requests: Math.round(foretold.requests[i] ?? 0) })),
        found: foretold.prospects.map(({ regression, found, after }) => ({
          fault: regression,
          ofReleases: found,
          afterSeconds: after === undefined ? undefined : after / 1_000
        }))
      }
