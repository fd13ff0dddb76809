import { FAMILY_STEPS, familyWorld, type FamilyKind, type FamilyName } from './families.ts'
import { playOurs, playPlanned, type Lines, type Ruling } from './ours.ts'
import type { Step } from './release.ts'
import { armOf, RIVAL_NAMES, rivalsAt, type RivalName, type Traffic } from './rivals.ts'
import { PROTOCOLS, realWorld, type ProtocolName, type ScenarioName } from './scenarios.ts'
import type { Service, World } from './world.ts'

/** Ours with the last step extended while nothing is proven, as the product does, and without. */
export const JUDGE_NAMES = ['ours', 'ours, not extended', ...RIVAL_NAMES] as const
export type JudgeName = 'ours' | 'ours, not extended' | RivalName

/** What releases there are: all of a cell have the same traffic but for chance. */
export type CellName = ScenarioCell | FamilyCell

export interface ScenarioCell {
  readonly protocol: ProtocolName
  readonly scenario: ScenarioName
  readonly rps: number
}

export interface FamilyCell {
  readonly family: FamilyName
  readonly kind: FamilyKind
  readonly rps: number
}

export interface Outcome extends Ruling {
  /** Requests to the new version until then, and those of them that failed. */
  readonly requests: number
  readonly errors: number
}

/** Of each judge that was asked, release by release. */
export type Outcomes = Partial<Record<JudgeName, readonly Outcome[]>>

/** Releases of a cell, by the numbers that they have under a seed. */
export interface Task {
  readonly cell: CellName
  readonly seed: number
  readonly from: number
  /** Not included. */
  readonly to: number
  /** Without the rivals it is faster. */
  readonly rivals: boolean
}

const stepsOf = (cell: CellName): readonly Step[] =>
  'family' in cell ? FAMILY_STEPS : PROTOCOLS[cell.protocol]

const worldOf = (cell: CellName, seed: number, release: number): World =>
  'family' in cell
    ? familyWorld(cell.family, cell.kind, cell.rps, [seed, release])
    : realWorld(cell.scenario, cell.rps, PROTOCOLS[cell.protocol], [seed, cell.protocol, release])

function outcomeOf(ruling: Ruling, { canary }: Lines, scrape: number): Outcome {
  const seen = canary.flatMap((line) => line.slice(0, Math.round(ruling.at / scrape)))
  return {
    ...ruling,
    requests: seen.reduce((sum, cell) => sum + (cell?.n ?? 0), 0),
    errors: seen.reduce((sum, cell) => sum + (cell?.e ?? 0), 0)
  }
}

function trafficOf({ stable, canary }: Lines, { scrape, edges }: Service, steps: readonly Step[]): Traffic {
  const scrapes = steps.reduce((sum, [, seconds]) => sum + seconds, 0) / scrape
  return { scrape, edges, steps, canary: armOf(canary, scrapes), stable: armOf(stable, scrapes) }
}

/** One release, before all judges. */
function playRelease({ cell, seed, rivals }: Task, release: number): Partial<Record<JudgeName, Outcome>> {
  const steps = stepsOf(cell)
  const played = playOurs(() => worldOf(cell, seed, release), steps)
  const { scrape } = played.service
  const found: Partial<Record<JudgeName, Outcome>> = {
    ours: outcomeOf(played.ruling, played.lines, scrape),
    'ours, not extended': outcomeOf(played.unextended, played.lines, scrape)
  }
  if (!rivals) return found
  const lines = played.asPlanned ? played.lines : playPlanned(worldOf(cell, seed, release), steps)
  const traffic = trafficOf(lines, played.service, steps)
  const judges = rivalsAt(cell.rps)
  for (const name of RIVAL_NAMES) found[name] = outcomeOf(judges[name](traffic), lines, scrape)
  return found
}

export function playTask(task: Task): Outcomes {
  const releases = Array.from({ length: task.to - task.from }, (_, i) => playRelease(task, task.from + i))
  const names = JUDGE_NAMES.filter((name) => releases[0]?.[name] !== undefined)
  return Object.fromEntries(names.map((name) => [name, releases.flatMap((release) => release[name] ?? [])]))
}
