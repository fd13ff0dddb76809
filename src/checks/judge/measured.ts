import type { Counts } from '../../domain/judgement.ts'
import { NOTHING } from './counts.ts'
import {
  beginOf,
  blockAt,
  countsIn,
  durationsOf,
  endOf,
  gridOf,
  podCells,
  scrapeGapOf,
  type Grid,
  type PodCells
} from './cells.ts'
import type { Pair } from './errors.ts'
import type { Durations } from './latency.ts'
import { withoutCold } from './cold.ts'
import { commonEdges, knownPod, type KnownPod } from './pods.ts'
import type { Question, ReleaseStep } from './question.ts'
import { mixed, podsBy, type RouterReport } from './router.ts'
import { scrapesOf, type Scrape } from './scrapes.ts'

/** The stable version's past, in milliseconds. */
const PAST = 3_600_000

/** What the samples say, counted by pod and block. */
export interface Measured {
  readonly grid: Grid
  /** Milliseconds between two scrapes. */
  readonly gap: number
  /** The slowest pod's newest sample, in milliseconds since the epoch: what comes later is not known yet. */
  readonly until: number
  /** Ready pods that have told least, the slowest ones. */
  readonly slowest: readonly string[]
  /** The stable version's past, block by block. */
  readonly history: readonly Counts[]
  /** For the evidence: a block for which one version has nothing holds nothing. */
  readonly pairs: readonly Pair[]
  /** For the size: where there is no stable version beside, its past stands in. */
  readonly compared: readonly Pair[]
  readonly durations: Durations
  readonly scrapes: { readonly canary: readonly Scrape[]; readonly stable: readonly Scrape[] }
  /** The step to which a block belongs. */
  readonly stepAt: (block: number) => { readonly first: number; readonly step: ReleaseStep }
}

/** The pods of both versions. */
interface Pods {
  readonly stable: readonly KnownPod[]
  readonly canary: readonly KnownPod[]
}

/** A pod that no scrape has reached yet leaves open what has happened since it was created. */
const toldUntil = ({ newest, createdAt = -Infinity }: KnownPod): number =>
  createdAt > newest ? createdAt : newest

/** A version without users is not waited for. */
function waitedFor({ stable, canary }: Pods, { steps, now }: Question): Pick<Measured, 'until' | 'slowest'> {
  const isAlone = steps.findLast(({ begun }) => begun !== undefined)?.alone === true
  const ready = [...(isAlone ? [] : stable), ...canary].filter((pod) => pod.ready)
  const told = ready.map(toldUntil)
  const until = Math.min(now, ...told)
  return { until, slowest: ready.filter((_, i) => told[i] === until).map(({ name }) => name) }
}

/** One version in a block beside the other: undefined counts are those of a version that reports nothing. */
function pairOf(stable: Counts | undefined, canary: Counts | undefined, alone: boolean): Pair {
  if (canary === undefined || (stable === undefined && !alone)) return { stable: NOTHING, canary: NOTHING }
  return { stable: stable ?? NOTHING, canary }
}

function stepsByBlock(steps: readonly ReleaseStep[], grid: Grid): Measured['stepAt'] {
  const begun = steps
    .filter(({ begun }) => begun !== undefined)
    .map((step) => ({ first: Math.max(blockAt(grid, (step.begun ?? 0) + 1), 0), step }))
  const first = { first: 0, step: steps[0] ?? { duration: 0 } }
  return (block) => begun.findLast((one) => one.first <= block) ?? first
}

/** Each block of a version that is alone beside one of the stable version's past, over and over. */
const standIn = (past: PodCells, block: number): PodCells[number] =>
  past.length === 0 ? undefined : past[block % past.length]

/** Without the blocks before anything was known. */
function knownOf(past: readonly PodCells[]): readonly PodCells[] {
  const blocks = Math.max(0, ...past.map((pod) => pod.length))
  const first = Array.from({ length: blocks }, (_, block) => block).findIndex((block) =>
    past.some((pod) => pod[block] !== undefined)
  )
  return past.map((pod) => (first < 0 ? [] : pod.slice(first)))
}

/** What is known of the time before the release; undefined where that is nothing. What is cold is better than that. */
function pastIn(all: readonly PodCells[], before: number): readonly PodCells[] | undefined {
  const past = knownOf(all.map((cells) => cells.slice(0, before)))
  return past.some((cells) => cells.length > 0) ? past : undefined
}

/** The cells of all pods: of the stable version's past, and since the release began. */
interface Cells {
  readonly past: readonly PodCells[]
  /** Where the new version is alone, the past stands in. */
  readonly stable: readonly PodCells[]
  readonly canary: readonly PodCells[]
}

function cellsOf(
  { stable, canary }: Pods,
  edges: readonly number[],
  grid: Grid,
  blocks: {
    readonly closed: number
    readonly isAlone: (block: number) => boolean
    readonly warmUp: number
  }
): Cells {
  const { closed, isAlone, warmUp } = blocks
  const before = Math.ceil(PAST / grid.block)
  const cellsFrom = (pod: KnownPod, from: number): PodCells =>
    podCells(pod, edges, grid, { from, to: closed })
  const warm = (cells: PodCells, pod: KnownPod, begin: number): PodCells =>
    withoutCold(cells, pod.bornAt(-Infinity), { duration: warmUp, block: grid.block, begin })
  const raw = stable.map((pod) => cellsFrom(pod, -before))
  const all = stable.map((pod, i) => warm(raw[i] ?? [], pod, before))
  const past = pastIn(all, before) ?? pastIn(raw, before) ?? stable.map(() => [])
  return {
    past,
    stable: all.map((cells, i) =>
      cells.slice(before).map((cell, block) => (isAlone(block) ? standIn(past[i] ?? [], block) : cell))
    ),
    canary: canary.map((pod) => warm(cellsFrom(pod, 0), pod, 0))
  }
}

function durationsIn(
  { past, stable, canary }: Cells,
  edges: readonly number[],
  grid: Grid,
  router: RouterReport | undefined
): Durations {
  const durations = {
    history: durationsOf(past),
    stable: durationsOf(stable),
    canary: durationsOf(canary),
    edges
  }
  return router === undefined ? durations : mixed(durations, podsBy(router, grid))
}

/** Counts the samples. @param start when the first users came, in milliseconds since the epoch */
export function measure(question: Question, start: number): Measured {
  const { now, steps } = question
  const pods = { stable: question.stable.map(knownPod), canary: question.canary.map(knownPod) }
  const all = [...pods.stable, ...pods.canary]
  const gap = scrapeGapOf(all)
  const grid = gridOf(start, gap)
  const { until, slowest } = waitedFor(pods, question)
  const edges = commonEdges(all)
  const stepAt = stepsByBlock(steps, grid)
  const isAlone = (block: number): boolean => stepAt(block).step.alone === true
  const closed = Math.max(blockAt(grid, until + 1), 0)
  const cells = cellsOf(pods, edges, grid, { closed, isAlone, warmUp: question.warmUp })
  const pair = (block: number): Pair =>
    pairOf(countsIn(cells.stable, block), countsIn(cells.canary, block), isAlone(block))
  const blocks = Array.from({ length: closed }, (_, block) => block)
  const stableFrom = steps[0]?.alone === true ? start - PAST : start
  return {
    grid,
    gap,
    until,
    slowest,
    history: (cells.past[0] ?? []).map((_, block) => countsIn(cells.past, block) ?? NOTHING),
    // A version that has proven itself beside stable may meet trouble later that would have come anyway. Of one that never was beside it
    // nobody knows that, and its users come first.
    pairs: blocks.map((block) =>
      isAlone(block) && steps[0]?.alone !== true ? { ...pair(block), stable: NOTHING } : pair(block)
    ),
    compared: blocks.map(pair),
    durations: durationsIn(cells, edges, grid, question.router),
    scrapes: { canary: scrapesOf(pods.canary, start, now), stable: scrapesOf(pods.stable, stableFrom, now) },
    stepAt
  }
}

/** Milliseconds since the epoch. */
export const beginsAt = ({ grid }: Measured, block: number): number => beginOf(grid, block)
export const endsAt = ({ grid }: Measured, block: number): number => endOf(grid, block)
