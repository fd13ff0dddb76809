import type { Counts } from '../../domain/judgement.ts'
import type { StableCheck } from '../../inputs/stable-check.ts'
import type { Histogram, Pod } from './arms.ts'
import { nb1Quantile, normal, poisson, spreadErrors, type Chance } from './chance.ts'
import { NOTHING } from './counts.ts'
import { firstBad } from './decide.ts'
import { evidenceSince, type KnownErrors, type Pair } from './errors.ts'
import type { Rule } from './findings.ts'
import { blocksOf, slownessSince, type Durations, type KnownLatency } from './latency.ts'
import type { Measured } from './measured.ts'
import { constantly, mixed } from './router.ts'
import { survival } from './shapes.ts'

const { exp, log, max, min } = Math

/** Plays a release on simulated traffic, for `forecast.ts`. */

/** Durations in milliseconds, the share of users from 0 to 1. */
export interface PlannedStep {
  readonly name?: string
  readonly duration: number
  readonly share: number
}

export interface Plan {
  readonly checks: readonly StableCheck[]
  readonly steps: readonly PlannedStep[]
  readonly warmUp: number
  /** Pods of the new version. */
  readonly pods: number
  /** The same forecast for the same release. */
  readonly seed: number
}

/** What is known of the stable version: as `measure` has it when nothing has begun. */
export type StablePast = Pick<Measured, 'grid' | 'gap' | 'history' | 'durations'>

/** A stretch of a release: in milliseconds since its first users. */
export interface Stretch {
  readonly step: number
  readonly end: number
  /** Everybody is on the new version, and the past of the other stands in for it. */
  readonly alone: boolean
  /** Requests to both versions. */
  readonly canary: number
  readonly stable: number
}

/** What all plays have in common. */
export interface Stage {
  readonly known: StablePast
  readonly plan: Plan
  readonly rules: readonly Rule[]
  readonly stretches: readonly Stretch[]
  readonly errors: KnownErrors
  readonly latency: KnownLatency
  readonly base: number
  /** Variance over mean of errors. */
  readonly burstiness: number
}

export const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)

/** Pods of the new version differ from the others by that: the prior that `noise.ts` has, too. */
const POD_SPREAD = 0.04

const logit = (share: number): number => log(share / (1 - share))

/**
 * A histogram when every request takes `times` as long. Between the edges it follows a log-logistic curve, which is what durations
 * are like; the straight one of `stretched` moves too few of them over the edges, and so is careful evidence, but no traffic.
 */
export function slower(shares: Histogram, edges: readonly number[], times: number): Histogram {
  const above = survival(shares).map((share) => min(max(share, 1e-6), 1 - 1e-6))
  const curve = [(edges[0] ?? 1) / 2, ...edges].map(
    (edge, i) => [log(edge), logit(above[i - 1] ?? 1 - 1e-6)] as const
  )
  const share = (edge: number): number => {
    const place = log(edge / times)
    const found = curve.findLastIndex(([from]) => from <= place)
    const at = min(max(found, 0), curve.length - 2)
    const [[from, high] = [0, 0], [to, low] = [1, 0]] = curve.slice(at, at + 2)
    const way = min(max((place - from) / (to - from), 0), 1)
    return 1 / (1 + exp(-(high + way * (low - high))))
  }
  const found = [1, ...edges.map(share), 0]
  return shares.map((_, i) => max((found[i] ?? 0) - (found[i + 1] ?? 0), 0))
}

type Side = 'canary' | 'stable'

/** @param part which of the plays it is, from 0 to 1 */
function playedErrors(
  { stretches, burstiness }: Stage,
  side: Side,
  { rate, part }: { readonly rate: number; readonly part: number },
  random: Chance
): readonly Counts[] {
  const means = stretches.map((stretch) => stretch[side] * rate)
  const errors = spreadErrors(random, nb1Quantile(part, total(means), burstiness), means, burstiness)
  return stretches.map((stretch, i) => ({
    requests: stretch[side],
    errors: min(errors[i] ?? 0, stretch[side])
  }))
}

function playedPods(
  { latency: { past }, known, stretches }: Stage,
  side: Side,
  { pods, times }: { readonly pods: number; readonly times: number },
  random: Chance
): readonly Pod[] {
  return Array.from({ length: pods }, () => {
    const slow = times * exp(POD_SPREAD * normal(random))
    const shares = slower(past.shares, known.durations.edges, slow)
    return stretches.map((stretch): Histogram => {
      const requests = stretch[side] / pods
      return shares.map((share) => poisson(random, requests * share))
    })
  })
}

/** A router mixes the pods that are played, too. */
function playedDurations(stage: Stage, times: number, random: Chance): Durations {
  const { known, plan, latency } = stage
  const { mixed: router } = known.durations
  const pods = { canary: plan.pods, stable: max(router?.past ?? latency.past.pods, 1) }
  const apart = {
    ...known.durations,
    canary: playedPods(stage, 'canary', { pods: pods.canary, times }, random),
    stable: playedPods(stage, 'stable', { pods: pods.stable, times: 1 }, random)
  }
  return router === undefined ? apart : mixed(apart, { ...constantly(pods), times: router.times })
}

/** For the evidence there is no stable version beside one that everybody is on, if it was beside one before. */
const beside = (pair: Pair, stretch: Stretch | undefined, first: Stretch | undefined): Pair =>
  stretch?.alone === true && first?.alone !== true ? { ...pair, stable: NOTHING } : pair

/** The counts of a play, as if they had been measured: its blocks are numbered from 1. */
function measuredOf(stage: Stage, compared: readonly Pair[], durations: Measured['durations']): Measured {
  const { known, stretches } = stage
  const first = (step: number): number => stretches.findIndex((stretch) => stretch.step === step)
  return {
    ...known,
    grid: { start: 0, block: 1 },
    until: stretches.length,
    slowest: [],
    pairs: compared.map((pair, i) => beside(pair, stretches[i], stretches[0])),
    compared,
    durations,
    scrapes: { canary: [], stable: [] },
    stepAt: (block) => {
      const { step = 0, alone = false } = stretches[block] ?? {}
      return { first: max(first(step), 0), step: { duration: 0, alone } }
    }
  }
}

/** @returns the stretch in which it is found */
export function play(
  stage: Stage,
  { errors: rate, times }: { readonly errors: number; readonly times: number },
  random: Chance,
  part: number
): Stretch | undefined {
  const { known, stretches, base, latency, errors } = stage
  const isSlow = times > 1
  const rules = stage.rules.filter(({ metric }) => metric === (isSlow ? 'latency' : 'errors'))
  const own = isSlow ? [] : playedErrors(stage, 'canary', { rate, part }, random)
  const other = isSlow ? [] : playedErrors(stage, 'stable', { rate: base, part: random() }, random)
  const compared = stretches.map((_, i) => ({ canary: own[i] ?? NOTHING, stable: other[i] ?? NOTHING }))
  const durations = isSlow
    ? playedDurations(stage, times, random)
    : { ...known.durations, canary: [], stable: [] }
  const blocks = blocksOf(durations, 0)
  const measured = measuredOf(stage, compared, durations)
  const bad = firstBad(rules, {
    measured,
    first: 0,
    errors: isSlow ? [] : evidenceSince(errors, measured.pairs, 0),
    base,
    latency: isSlow ? slownessSince(latency, blocks, { first: 0, planned: blocks.length }) : [],
    blocks,
    past: latency.past.shares
  })
  return bad?.kind === 'rollback' ? stretches[bad.at - 1] : undefined
}
