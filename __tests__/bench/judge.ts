import { parseArgs } from 'node:util'
import type { CellName } from './cell.ts'
import { costTable } from './costs.ts'
import { FAMILY_CELLS } from './families.ts'
import { floorsOf, floorTable, isKept } from './floors.ts'
import { compareForecasts, forecastTable } from './forecasts.ts'
import { replay } from './replay.ts'
import { scenarioNames, type Kind, type ProtocolName } from './scenarios.ts'
import { details, exposed, scenariosOf, summary } from './tables.ts'
import { playCells, type Played } from './tally.ts'

/** `script/bench judge`, see there. */

const PARTS = ['P1', 'P2', 'late', 'families', 'forecast', 'cost'] as const
type Part = (typeof PARTS)[number]

const { values } = parseArgs({
  options: {
    releases: { type: 'string', default: '250' },
    seed: { type: 'string', default: '1' },
    family: { type: 'string' },
    rps: { type: 'string', default: '5,20,100,500' },
    parts: { type: 'string' },
    floors: { type: 'boolean', default: false },
    replay: { type: 'string' },
    out: { type: 'string', default: 'verdicts.jsonl' }
  }
})

const rates = values.rps.split(',').map(Number)
const [seed, releases] = [Number(values.seed), Number(values.releases)]
const isPart = (name: string): name is Part => PARTS.some((part) => part === name)

const say = (text: string): boolean => process.stdout.write(`${text}\n`)
const progress =
  (name: string) =>
  (done: number, of: number): void => {
    if (process.stderr.isTTY) process.stderr.write(`\r${name}: ${done} of ${of}${done === of ? '\n' : ''}`)
  }

const scenarios = (
  protocol: ProtocolName,
  rps: readonly number[],
  ...kinds: readonly Kind[]
): readonly CellName[] =>
  rps.flatMap((rate) =>
    scenarioNames(...kinds).map((scenario): CellName => ({ protocol, scenario, rps: rate }))
  )

const families = (): readonly CellName[] =>
  FAMILY_CELLS.filter(([family]) => values.family === undefined || family === values.family).map(
    ([family, kind, rps]): CellName => ({ family, kind, rps })
  )

const cellsOf: Readonly<Record<Exclude<Part, 'forecast' | 'cost'>, () => readonly CellName[]>> = {
  P1: () => scenarios('P1', rates, 'good', 'bad', 'silent'),
  P2: () => scenarios('P2', rates, 'good', 'bad', 'silent'),
  late: () =>
    scenarios(
      'P1',
      rates.filter((rps) => rps === 20 || rps === 100),
      'late'
    ),
  families
}

function show(part: Part, played: readonly Played[]): void {
  if (part === 'P1' || part === 'P2') {
    const steps =
      part === 'P1' ? '5, 10, 25 and 50 % for 5 minutes each' : '10, 30 and 50 % for 5 minutes each'
    say(`\n## ${part}: ${steps}\n`)
    say('Good ones rolled back / bad ones promoted (good ones undecided), in percent.\n')
    say(summary(played, part))
    say('\nRolled back in percent [95 %] (undecided) @ seconds of half of them.\n')
    say(details(played))
    say('\nRequests to the new version until it was decided (failed ones), means.\n')
    say(exposed(scenariosOf(played, part, 'bad')))
    return
  }
  say(part === 'late' ? '\n## What begins late, P1\n' : '\n## Families of traffic\n')
  say(details(played))
}

async function tables(): Promise<void> {
  const wanted = values.parts?.split(',') ?? (values.family === undefined ? PARTS : ['families'])
  say(`# The judge on simulated traffic: ${releases} releases a cell, seed ${seed}`)
  const all: Played[] = []
  for (const part of wanted.filter(isPart)) {
    if (part === 'cost') {
      say(`\n## What a look costs\n\n${costTable()}`)
    } else if (part === 'forecast') {
      const compared = await compareForecasts(rates, { releases, seed }, progress(part))
      say(`\n## Foretold / found, of 10 releases, until the end of each step\n\n${forecastTable(compared)}`)
    } else {
      const played = await playCells(cellsOf[part](), { releases, seed, rivals: true }, progress(part))
      all.push(...played)
      show(part, played)
    }
  }
  const floors = floorsOf(all)
  if (floors.length > 0) say(`\n## Floors\n\n${floorTable(floors)}`)
}

/** Few releases tell only large faults: so each floor may be missed by that, and good releases rolled back as often. */
const SLACK = 10
const MOST_FALSE = 4

async function floors(): Promise<void> {
  const cells = [...scenarios('P1', rates, 'good', 'bad'), ...cellsOf.late()]
  const found = floorsOf(await playCells(cells, { releases, seed, rivals: false }, progress('floors')))
  const missed = found.filter((floor) =>
    floor.what === 'good ones rolled back' && floor.rps === 'all'
      ? floor.found > MOST_FALSE
      : !isKept(floor, SLACK)
  )
  say(floorTable(found))
  for (const { what, rps } of missed) say(`FAILED: ${what} at ${rps} requests a second`)
  if (missed.length > 0) process.exitCode = 1
}

if (values.replay !== undefined) say(`${await replay(values.replay, values.out)} verdicts in ${values.out}`)
else if (values.floors) await floors()
else await tables()
