import type {
  ErrorFinding,
  Finding,
  Judgement,
  LatencyCounts,
  LatencyFinding,
  SlowShape
} from '../domain/judgement.ts'
import { printStableCheck } from '../inputs/stable-check.ts'
import { edgeText, shareText, sharesApart, timeOfDay, whole, wholes } from './figures.ts'
import { oddsOf } from './odds.ts'

/** What a comparison with stable has found, in counts that anybody can check. Nothing in these texts was written by others. */

/** The requests of both versions, and which shares of them failed or were slow. */
export interface Beside {
  readonly own: string
  readonly stable: string
  readonly ownOf: number
  readonly stableOf: number
  /** By how much more of the new version's requests failed or were slow, as a share of all. */
  readonly difference: number
}

type Side = readonly [count: number, of: number]

function beside([count, ownOf]: Side, [stableCount, stableOf]: Side): Beside {
  const [one, other] = [count / Math.max(ownOf, 1), stableCount / Math.max(stableOf, 1)]
  const [own, stable] = sharesApart(one, other)
  return { own, stable, ownOf, stableOf, difference: one - other }
}

/** `over 250 ms`. */
export const over = ({ counts }: LatencyFinding): string => `over ${edgeText(counts?.edge ?? 0)}`

/** Undefined where no histogram tells anything. */
export function besideOf(finding: Finding): Beside | undefined {
  if (finding.metric === 'errors') return failedBeside(finding)
  return finding.counts === undefined ? undefined : slowBeside(finding.counts)
}

export const failedBeside = ({ counts: { canary, stable } }: ErrorFinding): Beside =>
  beside([canary.errors, canary.requests], [stable.errors, stable.requests])

export const slowBeside = ({ canary, stable }: LatencyCounts): Beside =>
  beside([canary.slow, canary.requests], [stable.slow, stable.requests])

export const isNone = (count: number): boolean => Math.round(count) === 0

/** `stable 0.03% of 9,812 in the same minutes`. */
const stableText = ({ stable, stableOf }: Beside, { beforeAfter }: Finding): string =>
  isNone(stableOf)
    ? 'stable had none'
    : `stable ${stable} of ${whole(stableOf)} ${beforeAfter ? 'before the release' : 'in the same minutes'}`

const BLOCKS = new Map([
  [30_000, 'half minute'],
  [60_000, 'minute']
])

/** `9 half minutes`. @param block its length in milliseconds */
const blocks = (count: number, block: number): string =>
  BLOCKS.has(block)
    ? wholes(count, BLOCKS.get(block) ?? '')
    : `${wholes(count, 'block')} of ${block / 1_000} s`

/** `as if 5% of them took 4 times as long`. */
export function likeness({ kind, times, share }: SlowShape): string {
  const often = times === 2 ? 'twice' : `${Number(times.toPrecision(3))} times`
  if (kind === 'stretch') return `as if all of them took ${often} as long`
  return kind === 'slow share'
    ? `as if ${shareText(share)} of them took ${often} as long`
    : `as if ${often} as many were that slow`
}

function errorSentence(finding: ErrorFinding, block: number): string {
  const { canary, since, blocksWithErrors } = finding.counts
  const both = failedBeside(finding)
  if (isNone(canary.requests)) return `no request was counted since ${timeOfDay(since)}`
  return (
    `error-rate was ${both.own} of ${wholes(canary.requests, 'request')} since ${timeOfDay(since)}, ` +
    `${stableText(both, finding)}: ` +
    `${wholes(canary.errors, 'error')} in ${blocks(blocksWithErrors, block)}`
  )
}

/** What a latency of mixed pods is worth. */
export const AT_ROUTER = ', measured at the router, which does not tell pods apart'

function latencySentence(finding: LatencyFinding, block: number): string {
  const { counts, shape, logE } = finding
  if (counts === undefined) return 'no histogram tells how long requests took'
  const { since, slowerBlocks, slowerPods } = counts
  const both = slowBeside(counts)
  if (isNone(both.ownOf)) return `no request was timed since ${timeOfDay(since)}`
  const like = shape === undefined || logE < 0 ? '' : `${likeness(shape)}, `
  return (
    `${both.own} of ${wholes(both.ownOf, 'request')} took ${over(finding)} since ${timeOfDay(since)}, ` +
    `${stableText(both, finding)}: ${like}` +
    `slower in ${slowerBlocks.count} of ${blocks(slowerBlocks.of, block)}` +
    (slowerPods === undefined ? AT_ROUTER : ` and on ${slowerPods.count} of ${wholes(slowerPods.of, 'pod')}`)
  )
}

/** What was counted for a check, without an end to the sentence. @param block its length in milliseconds */
export const findingSentence = (finding: Finding, { block }: Pick<Judgement, 'block'>): string =>
  finding.metric === 'errors' ? errorSentence(finding, block) : latencySentence(finding, block)

/** `3.5% of 340, stable 0.03% of 9,812`. */
const inBrief = ({ own, ownOf, stable, stableOf }: Beside): string =>
  `${isNone(ownOf) ? 'no requests' : `${own} of ${whole(ownOf)}`}, ` +
  (isNone(stableOf) ? 'stable none' : `stable ${stable} of ${whole(stableOf)}`)

/** `errors 3.5% of 340, stable 0.03% of 9,812`. */
export function countsInBrief(finding: Finding): string {
  const both = besideOf(finding)
  if (both === undefined) return 'latency unknown'
  return `${finding.metric === 'errors' ? 'errors' : over(finding)} ${inBrief(both)}`
}

/** For a log that has a line a block: the counts, and `odds 6.2 : 1`. */
export function findingInBrief(finding: Finding, judgement: Pick<Judgement, 'odds'>): string {
  const against = besideOf(finding) && oddsOf(finding, judgement)
  return `${countsInBrief(finding)}${against === undefined ? '' : `, odds ${against}`}`
}

const isSame = (one: Finding, other: Finding): boolean =>
  one.metric === other.metric && printStableCheck(one.check) === printStableCheck(other.check)

/** Of each comparison what the decision rests on: what rolled back as it was then, all others as they are now. */
export function tellingFindings({
  decision,
  findings
}: Pick<Judgement, 'decision' | 'findings'>): readonly Finding[] {
  const bad = decision.kind === 'rollback' && 'findings' in decision ? decision.findings : []
  return findings.map((finding) => bad.find((one) => isSame(one, finding)) ?? finding)
}
