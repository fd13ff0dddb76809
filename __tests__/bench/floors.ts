import type { JudgeName, Outcome } from './cell.ts'
import { FAMILY_CELLS } from './families.ts'
import type { ScenarioName } from './scenarios.ts'
import { atRate, ratesOf, scenariosOf, table } from './tables.ts'
import { tallyOf, wilson, type Played } from './tally.ts'

/** What our judge has to keep: each bound by requests a second, in percent but for the crash, which is in seconds. */

export interface Floor {
  readonly what: string
  readonly rps: number | 'all'
  readonly found: number
  readonly bound: number
  readonly isUpper: boolean
  readonly unit: '%' | 's'
  /** The interval of a share. */
  readonly interval?: readonly [low: number, high: number]
}

type ByRate = Readonly<Record<number, number>>

const rates = (...[five, twenty, hundred, most]: readonly [number, number, number, number]): ByRate => ({
  5: five,
  20: twenty,
  100: hundred,
  500: most
})

const WRONG_PROMOTIONS = rates(8, 6, 3, 1)
const FALSE_ROLLBACKS = { pooled: 2, each: 3 }
const CRASH_SECONDS = { P1: rates(75, 30, 15, 15), P2: rates(30, 15, 15, 15) }
const FOUND: readonly (readonly [ScenarioName, ByRate])[] = [
  ['err10x', rates(45, 95, 99, 99)],
  ['err3x', { 100: 60, 500: 97 }],
  ['lat1.2', rates(80, 88, 88, 88)],
  ['tail', rates(40, 72, 97, 99)],
  ['late_lat1.5', { 20: 95, 100: 90 }],
  ['late_lat1.3', { 20: 45, 100: 45 }]
]
const UNDECIDED = { before: rates(30, 13, 7, 6), after: rates(15, 6, 3, 3) }
const FAMILIES: Readonly<Record<string, number>> = {
  'cache bad': 95,
  'flaky bad 100': 50,
  'cache good': 4,
  'pareto good': 4,
  'morning good': 4,
  'lemon good': 4,
  'flaky good': 4,
  'shop good': 4
}

const outcomesOf = (played: readonly Played[], judge: JudgeName): readonly Outcome[] =>
  played.flatMap(({ outcomes }) => outcomes[judge] ?? [])

function share(
  what: string,
  rps: Floor['rps'],
  [count, of]: readonly [count: number, of: number],
  bound: number,
  isUpper: boolean
): Floor {
  return { what, rps, found: (100 * count) / of, bound, isUpper, unit: '%', interval: wilson(count, of) }
}

function goodFloors(played: readonly Played[]): readonly Floor[] {
  const good = scenariosOf(played, 'P1', 'good')
  const rolledBack = (some: readonly Played[]): readonly [number, number] => {
    const { count, releases } = tallyOf(outcomesOf(some, 'ours'))
    return [count('rollback'), releases]
  }
  const undecided = (rps: number, judge: JudgeName): readonly [number, number] => {
    const { count, releases } = tallyOf(outcomesOf(atRate(good, rps), judge))
    return [count('inconclusive', 'no-data'), releases]
  }
  if (good.length === 0) return []
  return [
    share('good ones rolled back', 'all', rolledBack(good), FALSE_ROLLBACKS.pooled, true),
    ...ratesOf(good).flatMap((rps) => [
      share('good ones rolled back', rps, rolledBack(atRate(good, rps)), FALSE_ROLLBACKS.each, true),
      share(
        'good ones undecided, not extended',
        rps,
        undecided(rps, 'ours, not extended'),
        UNDECIDED.before[rps] ?? 100,
        true
      ),
      share('good ones undecided', rps, undecided(rps, 'ours'), UNDECIDED.after[rps] ?? 100, true)
    ])
  ]
}

function badFloors(played: readonly Played[]): readonly Floor[] {
  const bad = scenariosOf(played, 'P1', 'bad')
  return ratesOf(bad).flatMap((rps) =>
    (['ours', 'ours, not extended'] as const).map((judge) => {
      const { count, releases } = tallyOf(outcomesOf(atRate(bad, rps), judge))
      const what = judge === 'ours' ? 'bad ones promoted' : 'bad ones promoted, not extended'
      return share(what, rps, [count('promote'), releases], WRONG_PROMOTIONS[rps] ?? 100, true)
    })
  )
}

const foundFloors = (played: readonly Played[]): readonly Floor[] =>
  scenariosOf(played, 'P1', 'bad', 'late').flatMap(({ cell: { scenario, rps }, outcomes }) => {
    const bound = FOUND.find(([name]) => name === scenario)?.[1][rps]
    if (bound === undefined) return []
    const { count, releases } = tallyOf(outcomes.ours ?? [])
    return [share(`${scenario} found`, rps, [count('rollback'), releases], bound, false)]
  })

const crashFloors = (played: readonly Played[]): readonly Floor[] =>
  (['P1', 'P2'] as const).flatMap((protocol) =>
    scenariosOf(played, protocol, 'bad')
      .filter(({ cell }) => cell.scenario === 'err_crash')
      .map(({ cell: { rps }, outcomes }): Floor => {
        const { median = Infinity } = tallyOf(outcomes.ours ?? [])
        return {
          what: `crash, ${protocol}`,
          rps,
          found: median,
          bound: CRASH_SECONDS[protocol][rps] ?? Infinity,
          isUpper: true,
          unit: 's'
        }
      })
  )

const familyFloors = (played: readonly Played[]): readonly Floor[] =>
  FAMILY_CELLS.flatMap(([family, kind, rps]) => {
    const one = played.find(
      ({ cell }) => 'family' in cell && cell.family === family && cell.kind === kind && cell.rps === rps
    )
    const bound = FAMILIES[`${family} ${kind}`] ?? FAMILIES[`${family} ${kind} ${rps}`]
    if (one === undefined || bound === undefined) return []
    const { count, releases } = tallyOf(one.outcomes.ours ?? [])
    const what = `${family} ${kind} ${kind === 'good' ? 'rolled back' : 'found'}`
    return [share(what, rps, [count('rollback'), releases], bound, kind === 'good')]
  })

export const floorsOf = (played: readonly Played[]): readonly Floor[] => [
  ...goodFloors(played),
  ...badFloors(played),
  ...foundFloors(played),
  ...crashFloors(played),
  ...familyFloors(played)
]

/** @param slack points, or seconds, by which it may be missed */
export const isKept = ({ found, bound, isUpper }: Floor, slack = 0): boolean =>
  isUpper ? found <= bound + slack : found >= bound - slack

export function floorTable(floors: readonly Floor[]): string {
  const rows = floors.map((floor) => {
    const { what, rps, found, bound, isUpper, unit, interval } = floor
    const range = interval === undefined ? '' : ` [${interval[0].toFixed(1)}–${interval[1].toFixed(1)}]`
    return [
      what,
      String(rps),
      `${found.toFixed(unit === 's' ? 0 : 1)} ${unit}${range}`,
      `${isUpper ? '≤' : '≥'} ${bound} ${unit}`,
      isKept(floor) ? 'yes' : '**no**'
    ]
  })
  return table(['what', 'rps', 'found', 'bound', 'kept'], rows)
}
