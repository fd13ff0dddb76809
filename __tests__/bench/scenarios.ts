import { randomOf, type Random } from './random.ts'
import type { Step } from './release.ts'
import { bucketsOf, DEFAULT_EDGES, logNormal, mixed, World, type Health, type Service } from './world.ts'

const { floor, max } = Math

/** What a new version does otherwise than the stable one. */
interface Change {
  /** More errors, as a share of requests. */
  readonly errors?: number
  readonly times?: number
  readonly slow?: number
  /** Seconds since its first users, from which on and until when. */
  readonly from?: number
  readonly until?: number
  /** It grows to that until the last planned step is over. */
  readonly grows?: boolean
}

export type Kind = 'good' | 'bad' | 'late' | 'silent' | 'forecast'

interface Scenario extends Change {
  readonly kind: Kind
  /** Probability of an incident that both versions suffer from, and its scrapes. */
  readonly incident?: readonly [probability: number, scrapes: number]
}

export const SCENARIOS = {
  aa: { kind: 'good' },
  shared_incident: { kind: 'good', incident: [1, 8] },
  coldstart: { kind: 'good', errors: 0.02, times: 5, until: 60 },
  err_crash: { kind: 'bad', errors: 0.5 },
  err10x: { kind: 'bad', errors: 0.009 },
  err3x: { kind: 'bad', errors: 0.002 },
  lat2: { kind: 'bad', times: 2 },
  'lat1.5': { kind: 'bad', times: 1.5 },
  'lat1.2': { kind: 'bad', times: 1.2 },
  tail: { kind: 'bad', slow: 0.05 },
  leak: { kind: 'bad', errors: 0.019, times: 2, grows: true },
  nodata: { kind: 'silent' },
  late_errors: { kind: 'late', errors: 0.009, from: 900 },
  'late_lat1.5': { kind: 'late', times: 1.5, from: 900 },
  'late_lat1.3': { kind: 'late', times: 1.3, from: 1050 },
  // What the forecast tells about, beside a crash and latency x1.5.
  'errors +1 %': { kind: 'forecast', errors: 0.01 },
  'errors +0.3 %': { kind: 'forecast', errors: 0.003 },
  'lat1.25': { kind: 'forecast', times: 1.25 }
} satisfies Record<string, Scenario>

export type ScenarioName = keyof typeof SCENARIOS
export const scenarioNames = (...kinds: readonly Kind[]): ScenarioName[] =>
  (Object.keys(SCENARIOS) as ScenarioName[]).filter((name) => kinds.includes(SCENARIOS[name].kind))

export type ProtocolName = 'P1' | 'P2'

/** P1 gives the new version little; P2 is what a release has whose author says nothing. */
export const PROTOCOLS: Readonly<Record<ProtocolName, readonly Step[]>> = {
  P1: [0.05, 0.1, 0.25, 0.5].map((share) => [share, 300]),
  P2: [0.1, 0.3, 0.5].map((share) => [share, 300])
}

export const secondsOf = (steps: readonly Step[]): number =>
  steps.reduce((sum, [, seconds]) => sum + seconds, 0)

const SCRAPE = 15
const BASE_ERRORS = 0.001

/** How much of the change there is at a time: from 0 to 1, and above where it goes on growing. */
function partAt({ from = 0, until = Infinity, grows = false }: Change, at: number, planned: number): number {
  if (at < from || at >= until) return 0
  return grows ? at / planned : 1
}

function changed(ordinary: Health, change: Change, part: number): Health {
  const { errors = 0, times = 1, slow = 0 } = change
  return {
    errors: ordinary.errors + part * errors,
    times: ordinary.times * (1 + part * (times - 1)),
    slow: ordinary.slow + part * slow
  }
}

/** 3 % errors and everything 1.8 times as long for a while, of both versions. */
function incidents(random: Random, scenario: Scenario, planned: number): (at: number) => Health {
  const [probability, scrapes] = scenario.incident ?? [0.3, 6]
  const [happens, place] = [random() < probability, floor(random() * max(planned / SCRAPE - 8, 1))]
  const [begin, end] = [place * SCRAPE, (place + scrapes) * SCRAPE]
  return (at) =>
    happens && at >= begin && at < end
      ? { errors: 0.03, times: 1.8, slow: 0 }
      : { errors: BASE_ERRORS, times: 1, slow: 0 }
}

/**
 * The realistic traffic: load that wanders, errors in bursts of three, pods that differ by 5 %, pauses of one pod, and in three of
 * ten releases an incident of both versions. 0.1 % errors, log-normal durations with a median of 80 ms and a p95 of 215 ms, two
 * canary pods beside ten, half an hour of history, scrapes of 15 s.
 */
export function realWorld(
  name: ScenarioName,
  rps: number,
  steps: readonly Step[],
  key: readonly (string | number)[]
): World {
  const scenario: Scenario = SCENARIOS[name]
  const random = randomOf(...key, rps, name)
  const planned = secondsOf(steps)
  const service: Service = {
    scrape: SCRAPE,
    edges: DEFAULT_EDGES,
    past: 120,
    pods: { canary: 2, stable: 10 },
    rps,
    spread: 0.05,
    burst: 3,
    pause: 0.03,
    wander: { keep: 0.8, step: 0.6 * 0.15, evenPast: true },
    ordinary: incidents(random, scenario, planned),
    isLost: name === 'nodata',
    canary: (ordinary, at) => changed(ordinary, scenario, partAt(scenario, at, planned)),
    durations: ({ times, slow }, isPaused) =>
      bucketsOf(
        mixed(
          logNormal(DEFAULT_EDGES, 0.08 * times, 0.6),
          logNormal(DEFAULT_EDGES, 0.32 * times, 0.6),
          slow + (isPaused ? 0.3 : 0)
        )
      )
  }
  return new World(service, random)
}
