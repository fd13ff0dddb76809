import type { Counts } from '../../domain/judgement.ts'

/** Worse than the longest bursts that the judge knows is an incident, which says nothing of other days. */
const MOST = 14

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

/**
 * How many bad requests come at once, by the stable version's own past: the variance of their number in a block over what it would
 * be if each was bad by itself, from 1 on. Pearson's statistic over its degrees of freedom: McCullagh & Nelder, Generalized Linear
 * Models (1989), 4.5.
 */
export function burstiness(past: readonly Counts[]): number {
  const blocks = past.filter(({ requests }) => requests > 0)
  const share = sum(blocks.map(({ errors }) => errors)) / sum(blocks.map(({ requests }) => requests))
  // Without any, or with nothing else, there is nothing to learn.
  if (!(share > 0 && share < 1) || blocks.length < 2) return 1
  const squares = blocks.map(
    ({ requests, errors }) => (errors - requests * share) ** 2 / (requests * share * (1 - share))
  )
  return Math.min(Math.max(sum(squares) / (blocks.length - 1), 1), MOST)
}
