import { randomOf, type Random } from './random.ts'
import type { Step } from './release.ts'
import { bucketsOf, DEFAULT_EDGES, logNormal, mixed, World, type Health, type Service } from './world.ts'

/**
 * Families of traffic that broke earlier versions of the judge, each for another reason.
 *
 * - cache: latency of two humps, hits of 8 ms and misses of 300 ms. Bad: misses 30 → 42 %. No stretch of everything fits that.
 * - pareto: a heavy tail, OpenTelemetry's edges, one canary pod beside six. Bad: everything x1.35. There is little to learn the
 *   spread of pods from.
 * - morning: load x3, both versions slower and with more errors as the steps grow, and stable scales out with cold pods. The
 *   new version's traffic comes late: Simpson's trap. Bad: 0.8 % more errors.
 * - lemon: bad: one of four canary pods fails 10 % of its requests. Good: one *stable* pod is slow and fails 2 %, as before.
 * - flaky: a dependency fails both versions for 15-30 s every few minutes. Bad: 0.8 % more errors from minute 9 on.
 * - shop: 2 requests a second, one canary pod and two stable ones, scraped every 30 s. Bad: 15 % errors; bad2: latency x2.5.
 */
const { floor, max, min } = Math

const OPEN_TELEMETRY = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

export const FAMILY_STEPS: readonly Step[] = [
  [0.1, 300],
  [0.3, 300],
  [0.5, 300]
]

export type FamilyName = 'cache' | 'pareto' | 'morning' | 'lemon' | 'flaky' | 'shop'
export type FamilyKind = 'good' | 'bad' | 'bad2'

/** Every cell: a family, whether it is bad, and its requests a second. */
export const FAMILY_CELLS: readonly (readonly [FamilyName, FamilyKind, number])[] = [
  ...(
    [
      ['cache', 20, 200],
      ['pareto', 20, 200],
      ['morning', 20, 100],
      ['lemon', 20, 100],
      ['flaky', 20, 100]
    ] as const
  ).flatMap(([family, ...rates]) =>
    (['good', 'bad'] as const).flatMap((kind) => rates.map((rps) => [family, kind, rps] as const))
  ),
  ['shop', 'good', 2],
  ['shop', 'bad', 2],
  ['shop', 'bad2', 2]
]

/** What a family has of its own. */
interface Traits extends Partial<Pick<Service, 'edges' | 'load' | 'stable' | 'joins'>> {
  readonly pods: readonly [canary: number, stable: number]
  readonly errors: number
  readonly burst: number
  readonly spread: number
  /** Shares below each edge. */
  readonly below: (health: Health) => readonly number[]
  readonly bad: (ordinary: Health, at: number, pod: number) => Health
  readonly ordinary?: (random: Random) => (at: number) => Health
}

const more =
  (errors: number) =>
  (ordinary: Health): Health => ({ ...ordinary, errors: ordinary.errors + errors })
const slower =
  (times: number) =>
  (ordinary: Health): Health => ({ ...ordinary, times: ordinary.times * times })
const usual = ({ times }: Health): number[] => logNormal(DEFAULT_EDGES, 0.06 * times, 0.7)

/** Of a quarter of an hour. */
const grown = (at: number): number => min(max(at / 900, 0), 1)
const JOINED = 480

function outages(random: Random): (at: number) => Health {
  const isOut = new Map<number, number>()
  let next = floor(random() * 10)
  let scrape = -1
  let left = 0
  return (at) => {
    if (!isOut.has(at)) {
      scrape += 1
      if (scrape === next) [left, next] = [1 + floor(random() * 2), next + 10 + floor(random() * 7)]
      isOut.set(at, left > 0 ? 0.2 * (0.5 + 0.5 * random()) : 0.0002)
      left -= 1
    }
    return { errors: isOut.get(at) ?? 0, times: 1, slow: 0 }
  }
}

/** `slow` is the share of misses here. */
const cached = ({ times, slow }: Health): number[] =>
  mixed(logNormal(DEFAULT_EDGES, 0.008 * times, 0.4), logNormal(DEFAULT_EDGES, 0.3 * times, 0.5), slow)

const heavy = ({ times }: Health): number[] =>
  OPEN_TELEMETRY.map((edge) => 1 - min(1, (max(edge, 0.03 * times) / (0.03 * times)) ** -1.6))

const lemonPod = (ordinary: Health, _at: number, pod: number): Health =>
  pod === 0 ? { ...ordinary, errors: 0.02, times: 2 * ordinary.times } : ordinary

const TRAITS: Readonly<Record<FamilyName, Traits>> = {
  cache: {
    pods: [3, 12],
    errors: 0.002,
    burst: 2,
    spread: 0.04,
    below: cached,
    ordinary: () => () => ({ errors: 0.002, times: 1, slow: 0.3 }),
    bad: (ordinary) => ({ ...ordinary, slow: 0.42 })
  },
  pareto: {
    pods: [1, 6],
    errors: 0.001,
    burst: 4,
    spread: 0.07,
    edges: OPEN_TELEMETRY,
    below: heavy,
    bad: slower(1.35)
  },
  morning: {
    pods: [2, 10],
    errors: 0.001,
    burst: 3,
    spread: 0.06,
    below: usual,
    load: (at) => 1 + 2 * grown(at),
    ordinary: () => (at) => ({ errors: 0.001 * (1 + 1.5 * grown(at)), times: 1 + 0.4 * grown(at), slow: 0 }),
    joins: (pod) => (pod >= 6 ? JOINED : -Infinity),
    stable: (ordinary, at, pod) =>
      pod >= 6 && at < JOINED + 60
        ? { ...ordinary, errors: ordinary.errors + 0.01, times: 3 * ordinary.times }
        : ordinary,
    bad: more(0.008)
  },
  lemon: {
    pods: [4, 8],
    errors: 0.0005,
    burst: 2,
    spread: 0.05,
    below: usual,
    bad: (ordinary, _at, pod) => (pod === 0 ? { ...ordinary, errors: 0.1 } : ordinary)
  },
  flaky: {
    pods: [2, 6],
    errors: 0.0002,
    burst: 12,
    spread: 0.05,
    below: usual,
    ordinary: outages,
    bad: (ordinary, at) => (at >= 540 ? more(0.008)(ordinary) : ordinary)
  },
  shop: {
    pods: [1, 2],
    errors: 0.004,
    burst: 2,
    spread: 0.06,
    below: ({ times }) => logNormal(DEFAULT_EDGES, 0.15 * times, 0.9),
    bad: more(0.15)
  }
}

/** A pod that pauses has a quarter of its requests two buckets further. */
const paused = (below: readonly number[]): number[] =>
  below.map((share, i) => 0.75 * share + 0.25 * min(share, below[i - 2] ?? 0))

export function familyWorld(
  family: FamilyName,
  kind: FamilyKind,
  rps: number,
  key: readonly (string | number)[]
): World {
  const traits = TRAITS[family]
  const random = randomOf(...key, family, kind, rps)
  const scrape = family === 'shop' ? 30 : 15
  const bad = kind === 'bad2' ? slower(2.5) : traits.bad
  const constant = { errors: traits.errors, times: 1, slow: 0 }
  return new World(
    {
      scrape,
      edges: traits.edges ?? DEFAULT_EDGES,
      past: 1_800 / scrape,
      pods: { canary: traits.pods[0], stable: traits.pods[1] },
      rps,
      spread: traits.spread,
      burst: traits.burst,
      pause: 0.02,
      wander: { keep: 0.85, step: 0.5 * 0.12, evenPast: false },
      ordinary: traits.ordinary?.(random) ?? (() => constant),
      canary: kind === 'good' ? (ordinary) => ordinary : bad,
      ...(traits.load && { load: traits.load }),
      ...(traits.joins && { joins: traits.joins }),
      ...(family === 'lemon' && kind === 'good' && { stable: lemonPod }),
      ...(traits.stable && { stable: traits.stable }),
      durations: (health, isPaused) => {
        const below = traits.below(health)
        return bucketsOf(isPaused ? paused(below) : below)
      }
    },
    random
  )
}
