import { forecast } from '../../src/checks/judge/forecast.ts'
import { measure } from '../../src/checks/judge/measured.ts'
import type { Regression } from '../../src/domain/forecast.ts'
import type { CellName } from './cell.ts'
import { Tape } from './release.ts'
import { PROTOCOLS, realWorld, type ScenarioName } from './scenarios.ts'
import { table } from './tables.ts'
import { playCells } from './tally.ts'

/** What the forecast says a release would find, beside what releases did find. */

const STEPS = PROTOCOLS.P1
/** Each with a past of its own. */
const FORECASTS = 10
const START = 1_800_000_000_000

/** What a forecast may be off by, of 10. */
export const MOST_OFF = 1.5

/** Which scenario shows what a forecast tells of. */
const SHOWN: readonly (readonly [ScenarioName, (regression: Regression) => boolean])[] = [
  ['err_crash', ({ kind }) => kind === 'crash'],
  ['errors +1 %', (one) => one.kind === 'errors' && one.to - one.from > 0.005],
  ['errors +0.3 %', (one) => one.kind === 'errors' && one.to - one.from < 0.005],
  ['lat1.5', (one) => one.kind === 'latency' && one.times === 1.5],
  ['lat1.25', (one) => one.kind === 'latency' && one.times === 1.25]
]

export interface Compared {
  readonly scenario: ScenarioName
  readonly rps: number
  /** Of 10, until each step's end. */
  readonly foretold: readonly number[]
  readonly found: readonly number[]
}

/** Of 10, for each scenario until each step's end: the mean of forecasts for some releases. */
function foretold(rps: number, seed: number): ReadonlyMap<ScenarioName, readonly number[]> {
  const each = Array.from({ length: FORECASTS }, (_, i) => {
    const world = realWorld('aa', rps, STEPS, [seed, 'forecast', i])
    const { scrape, edges, pods } = world.service
    const measured = measure(new Tape(world.past, edges, scrape).question(STEPS, []), START)
    const steps = STEPS.map(([share, seconds]) => ({ duration: seconds * 1_000, share }))
    const checks = [{ kind: 'like-stable' }] as const
    return forecast(measured, { checks, steps, warmUp: 60_000, pods: pods.canary, seed: i + 1 }).prospects
  })
  return new Map(
    SHOWN.map(([scenario, shows]) => [
      scenario,
      STEPS.map((_, step) =>
        each.reduce((sum, prospects) => {
          const found = prospects.find(({ regression }) => shows(regression))?.found[step] ?? 0
          return sum + (10 * found) / FORECASTS
        }, 0)
      )
    ])
  )
}

export async function compareForecasts(
  rates: readonly number[],
  order: { readonly releases: number; readonly seed: number },
  onDone?: (done: number, of: number) => void
): Promise<readonly Compared[]> {
  const cells = rates.flatMap((rps) =>
    SHOWN.map(([scenario]): CellName & { scenario: ScenarioName } => ({ protocol: 'P1', scenario, rps }))
  )
  const played = await playCells(cells, { ...order, rivals: false }, onDone)
  const known = new Map(rates.map((rps) => [rps, foretold(rps, order.seed)]))
  return cells.map(({ scenario, rps }, i) => {
    const outcomes = played[i]?.outcomes['ours, not extended'] ?? []
    return {
      scenario,
      rps,
      foretold: known.get(rps)?.get(scenario) ?? [],
      found: STEPS.map((_, step) => {
        const end = STEPS.slice(0, step + 1).reduce((sum, [, seconds]) => sum + seconds, 0)
        const before = outcomes.filter(({ verdict, at }) => verdict === 'rollback' && at <= end)
        return (10 * before.length) / Math.max(outcomes.length, 1)
      })
    }
  })
}

/** By how much a forecast of the whole release is off, of 10. */
export const off = ({ foretold: told, found }: Compared): number =>
  Math.abs((told.at(-1) ?? 0) - (found.at(-1) ?? 0))

export function forecastTable(compared: readonly Compared[]): string {
  const rows = compared.map((one) => [
    one.scenario,
    String(one.rps),
    ...one.foretold.map((told, step) => `${told.toFixed(1)} / ${(one.found[step] ?? 0).toFixed(1)}`),
    off(one) <= MOST_OFF ? 'yes' : '**no**'
  ])
  const ends = STEPS.map(([share], i) => `step ${i + 1} (${share * 100} %)`)
  return table(['regression', 'rps', ...ends, `within ${MOST_OFF}`], rows)
}
