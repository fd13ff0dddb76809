import {
  ODDS_LIMITS,
  type ErrorFinding,
  type Finding,
  type Judgement,
  type LatencyFinding
} from '../domain/judgement.ts'
import { AT_ROUTER, besideOf, failedBeside, isNone, over, slowBeside } from './comparison.ts'
import { shareText, whole, wholes } from './figures.ts'

/** What a version was promoted on: how it is like stable, or that nothing was there to say so. */

export const NOTHING_BESIDE = 'stable had no requests to compare with'

export const NOT_TIMED = 'no histogram tells how long requests of the new version took'

export const hasNoneBeside = (finding: Finding): boolean => isNone(besideOf(finding)?.stableOf ?? 1)

/** Its requests are counted, but not how long they take. */
export const isUntimed = (finding: Finding): boolean =>
  finding.metric === 'latency' && isNone(besideOf(finding)?.ownOf ?? 0)

/** Several lines of `checks` may have found the same: it is said once. */
export const once = (parts: readonly string[]): readonly string[] => [...new Set(parts)]

export const sentences = (...parts: readonly string[]): string =>
  once(parts.filter((part) => part !== '')).join('; ')

/** It differs for certain, and the check takes that for good. */
const isAllowed = ({ metric, logE }: Finding): boolean => logE >= Math.log(ODDS_LIMITS[metric])

const ALLOWED = 'than stable, but no more than the check allows'

function errorsPromoted(finding: ErrorFinding): string {
  const { canary, stable } = finding.counts
  const own = `${whole(canary.errors)} of ${wholes(canary.requests, 'request')}`
  if (isNone(stable.requests)) return `${own} failed, ${NOTHING_BESIDE}`
  const others = `${whole(stable.errors)} of ${whole(stable.requests)}`
  if (isAllowed(finding)) return `more errors ${ALLOWED}: ${own} against ${others}`
  const same =
    failedBeside(finding).difference <= 0 ? 'no more errors than stable' : 'errors as stable has them'
  // Of the sizes that are looked for each is twice the one before. Three errors are expected of what shows 19 times out of 20.
  const rise = Math.min(Math.max(0.001, 2 * finding.hidden, 3 / Math.max(canary.requests, 1)), 1)
  return `${same}: ${own} against ${others}, ` + `a rise by ${shareText(rise)} would have shown`
}

function latencyPromoted(finding: LatencyFinding): string {
  const { counts } = finding
  if (counts === undefined || isUntimed(finding)) return NOT_TIMED
  if (hasNoneBeside(finding)) return ''
  const { own, ownOf, stable } = slowBeside(counts)
  const where = counts.slowerPods === undefined ? AT_ROUTER : ''
  const how = isAllowed(finding) ? `slower ${ALLOWED}` : 'as fast as stable'
  return `${how}: ${own} of ${wholes(ownOf, 'request')} took ${over(finding)}, stable ${stable}${where}`
}

export function promoted({ findings }: Pick<Judgement, 'findings'>): string {
  const all = findings.map((finding) =>
    finding.metric === 'errors' ? errorsPromoted(finding) : latencyPromoted(finding)
  )
  return sentences(...all) || 'nothing was to be compared'
}
