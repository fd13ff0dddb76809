import type { Forecast, Prospect, Regression } from '../domain/forecast.ts'
import { shareText, timeSpan, whole } from './figures.ts'

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

function prospect({ regression, found, after }: Prospect): string {
  const name = nameOf(regression)
  const all = ofTen(found.at(-1) ?? 0)
  if (all === 0) return `${name}: hardly ever found`
  const bySteps = found.length > 1 ? ` (${found.map(ofTen).join(', ')} by the end of each step)` : ''
  const when = after === undefined ? '' : `, half of them within ${timeSpan(after)}`
  return `${name}: found in ${all} of ${OF} releases${bySteps}${when}`
}

/** For people who plan a release, a line each. */
export const forecastLines = ({ rate, requests, prospects }: Forecast): readonly string[] => [
  `at ${Number(rate.toPrecision(2)).toLocaleString('en-US')} requests/s the new version gets ` +
    `${listed(requests.map(whole))} requests${requests.length > 1 ? ' in the steps' : ''}`,
  ...prospects.map(prospect)
]

/** A warning for the steps that end before even a crash would be found; nothing when there is none. */
export function blindness({ requests, prospects }: Forecast): string | undefined {
  const crash = prospects.find(({ regression }) => regression.kind === 'crash')
  const blind = crash?.found.filter((share) => share < SEES).length ?? 0
  if (blind === 0) return undefined
  const which = blind === 1 ? 'the first step' : `the first ${blind} steps`
  const count = requests.slice(0, blind).reduce((sum, one) => sum + one, 0)
  return (
    `${which} cannot be relied on to find even a crash: about ${whole(count)} requests are too few; ` +
    'a longer step, a larger share or a load line would'
  )
}
