import type { Forecast, Prospect, Regression } from '../../domain/forecast.ts'
import type { Counts } from '../../domain/judgement.ts'
import { baseRate } from './base-rate.ts'
import { chance, poisson, type Chance } from './chance.ts'
import { DISPERSIONS, logNb1, logSumExp } from './counts.ts'
import { firstCrash } from './crash.ts'
import { knownErrors } from './errors.ts'
import { rulesOf } from './findings.ts'
import { knownLatency, pastOf, type KnownLatency } from './latency.ts'
import { play, total, type Plan, type StablePast, type Stage, type Stretch } from './plays.ts'
import type { Scrape } from './scrapes.ts'

/**
 * What a release would find: the judge plays itself on traffic like the stable version's, with regressions of some sizes. A release
 * is played in a few blocks, as counts in blocks add up, and ten times, with errors that are as few and as many as ten releases
 * would have: so it takes less than half a second.
 */

const PLAYS = 10

/** A release is played in so many blocks, if its steps allow that. */
const BLOCKS = 24

/** Of many steps fewer releases are played, so that there are no more blocks than that in all of them. */
const MOST_BLOCKS = 240

/** More errors, as a share of all requests; so many times as long for all of them. */
const RISES = [0.01, 0.003]
const STRETCHES = [1.5, 1.25]
const CRASH = 0.5

/** Of a release no more is looked at for a crash. */
const MOST_SCRAPES = 200
const FIVE_MINUTES = 300_000

/** Requests a millisecond. */
function rateOf({ history, grid }: StablePast): number {
  const requests = total(history.map((counts) => counts.requests))
  return requests / Math.max(history.length * grid.block, 1)
}

/** While everybody is on the new version the other one's past stands in for it. */
const stableShare = (share: number): number => (share >= 1 ? 1 : 1 - share)

/** The steps in blocks, without the warm-up. */
function stretchesOf({ steps, warmUp }: Plan, known: StablePast): readonly Stretch[] {
  const rate = rateOf(known)
  const each = Math.max(Math.floor(BLOCKS / Math.max(steps.length, 1)), 1)
  let begin = 0
  return steps.flatMap(({ duration, share }, step) => {
    const [from, end] = [Math.max(begin, warmUp), begin + duration]
    begin = end
    const parts = Math.min(each, Math.floor((end - from) / known.grid.block))
    return Array.from({ length: Math.max(parts, 0) }, (_, i) => {
      const requests = (rate * (end - from)) / parts
      const at = from + ((i + 1) * (end - from)) / parts
      return {
        step,
        end: at,
        alone: share >= 1,
        canary: requests * share,
        stable: requests * stableShare(share)
      }
    })
  })
}

/** Variance over mean of the errors that there were: the mean of what the judge believes. */
function burstinessOf(history: readonly Counts[], base: number): number {
  const logs = DISPERSIONS.map((one) =>
    history.reduce(
      (sum, { requests, errors }) => sum + logNb1(errors, requests * base, one),
      Math.log(one.prior)
    )
  )
  const all = logSumExp(logs)
  return DISPERSIONS.reduce((mean, { ratio }, i) => mean + ratio * Math.exp((logs[i] ?? -Infinity) - all), 0)
}

/** Where a cell is played that stands for several, what these share averages out. */
function coarser(known: KnownLatency, times: number): KnownLatency {
  const lenses = known.lenses.map(({ shape, noise }) => ({
    shape,
    noise: {
      ...noise,
      correlation: noise.correlation / times,
      clipVariance: noise.clipVariance / times
    }
  }))
  return { ...known, lenses }
}

function stageOf(known: StablePast, plan: Plan): Stage {
  const { history, durations, grid } = known
  const past = pastOf(durations, Math.max(Math.round(FIVE_MINUTES / grid.block), 1))
  const base = baseRate(history)
  const stretches = stretchesOf(plan, known)
  const judged = endOf(plan, plan.steps.length) - plan.warmUp
  const played = Math.max(stretches.length, 1) * grid.block
  return {
    known,
    plan,
    rules: plan.checks.flatMap((check) => rulesOf(check, durations.mixed)),
    stretches,
    errors: knownErrors(history),
    latency: coarser(knownLatency(past, durations.edges), Math.max(judged / played, 1)),
    base,
    burstiness: burstinessOf(history, base)
  }
}

const endOf = ({ steps }: Plan, step: number): number =>
  total(steps.slice(0, step + 1).map(({ duration }) => duration))

/** @param times milliseconds after which each play has found it; Infinity for one that has not */
function prospectOf(regression: Regression, plan: Plan, times: readonly number[]): Prospect {
  const finite = times.filter(Number.isFinite).sort((one, other) => one - other)
  const after = finite[Math.floor((finite.length - 1) / 2)]
  return {
    regression,
    found: plan.steps.map((_, step) => {
      const end = endOf(plan, step)
      return times.filter((time) => time <= end).length / Math.max(times.length, 1)
    }),
    ...(after !== undefined && { after })
  }
}

/** The scrapes of a version whose pods are scraped together. */
function scrapes({ known, plan }: Stage, side: 'canary' | 'stable', rate: number, random: Chance): Scrape[] {
  const all = rateOf(known) * known.gap
  const count = Math.min(Math.floor(endOf(plan, plan.steps.length) / known.gap), MOST_SCRAPES)
  const pods = side === 'canary' ? plan.pods : 1
  return Array.from({ length: count }, (_, i) => {
    const at = (i + 1) * known.gap
    const step = plan.steps.findIndex((__, index) => at <= endOf(plan, index))
    const share = plan.steps[step]?.share ?? 0
    const requests = (all * (side === 'canary' ? share : stableShare(share))) / pods
    return Array.from({ length: pods }, () => {
      const errors = poisson(random, requests * rate)
      return { at, errors, requests: errors + poisson(random, requests * (1 - rate)) }
    })
  }).flat()
}

const crashAfter = (stage: Stage, random: Chance): number =>
  firstCrash({
    scrapes: {
      canary: scrapes(stage, 'canary', CRASH, random),
      stable: scrapes(stage, 'stable', stage.base, random)
    },
    gap: stage.known.gap
  })?.at ?? Infinity

/** What the judge is asked to see, and how the traffic is then. */
function regressionsOf({
  rules,
  base
}: Stage): readonly (readonly [Regression, errors: number, times: number])[] {
  const has = (metric: string): boolean => rules.some((rule) => rule.metric === metric)
  const rises = RISES.map((rise) => {
    const to = Math.min(base + rise, CRASH)
    return [{ kind: 'errors', from: base, to }, to, 1] as const
  })
  const stretches = STRETCHES.map((times) => [{ kind: 'latency', times }, base, times] as const)
  return [...(has('errors') ? rises : []), ...(has('latency') ? stretches : [])]
}

/** Pure: the same for the same seed. */
export function forecast(known: StablePast, plan: Plan): Forecast {
  const stage = stageOf(known, plan)
  const { stretches } = stage
  const plays = Math.max(Math.min(PLAYS, Math.floor(MOST_BLOCKS / Math.max(stretches.length, 1))), 1)
  const parts = Array.from({ length: plays }, (_, i) => (i + 0.5) / plays)
  const random = chance(plan.seed)
  const rate = rateOf(known)
  return {
    rate: rate * 1_000,
    steps: plan.steps.map(({ name }, i) => name ?? `step ${i + 1}`),
    requests: plan.steps.map(({ duration, share }) => rate * duration * share),
    prospects: [
      prospectOf(
        { kind: 'crash' },
        plan,
        parts.map(() => crashAfter(stage, random))
      ),
      ...regressionsOf(stage).map(([regression, errors, times]) =>
        prospectOf(
          regression,
          plan,
          parts.map((part) => play(stage, { errors, times }, random, part)?.end ?? Infinity)
        )
      )
    ]
  }
}
