/** How much of everything a report shows. */
export interface Limits {
  readonly samples: number
  readonly charts: number
  readonly rows: number
  readonly pods: number
  readonly events: number
  readonly logLines: number
  /** Lines of all differences between objects together. */
  readonly diffLines: number
  /** Characters of one piece of text that others wrote. */
  readonly characters: number
}

/** From generous to bare. Samples go first, evidence of what failed goes last. */
export const LADDER: readonly [Limits, ...Limits[]] = [
  { samples: 100, charts: 6, rows: 60, pods: 6, events: 12, logLines: 40, diffLines: 600, characters: 600 },
  { samples: 30, charts: 4, rows: 40, pods: 5, events: 10, logLines: 40, diffLines: 300, characters: 500 },
  { samples: 8, charts: 2, rows: 20, pods: 4, events: 8, logLines: 30, diffLines: 150, characters: 400 },
  { samples: 0, charts: 1, rows: 12, pods: 3, events: 5, logLines: 20, diffLines: 80, characters: 300 },
  { samples: 0, charts: 0, rows: 6, pods: 2, events: 4, logLines: 10, diffLines: 40, characters: 150 },
  { samples: 0, charts: 0, rows: 3, pods: 1, events: 2, logLines: 3, diffLines: 15, characters: 80 },
  { samples: 0, charts: 0, rows: 1, pods: 0, events: 0, logLines: 0, diffLines: 0, characters: 80 }
]

/** Bytes as they are sent. */
export const sizeOf = (text: string): number => new TextEncoder().encode(text).length

/** The most detailed rendering that stays below `bytes`. */
export function fitting(
  bytes: number,
  render: (limits: Limits) => string,
  rungs: readonly [Limits, ...Limits[]] = LADDER
): string {
  const [generous, ...less] = rungs
  let text = render(generous)
  for (const limits of less) {
    if (sizeOf(text) < bytes) break
    text = render(limits)
  }
  return text
}

/** `count` of the items, evenly spread, first and last among them. */
export function spread<T>(items: readonly T[], count: number): readonly T[] {
  if (items.length <= count) return items
  if (count < 2) return items.slice(items.length - count)
  const step = (items.length - 1) / (count - 1)
  return Array.from({ length: count }, (_, index) => items[Math.round(index * step)]).filter(
    (item) => item !== undefined
  )
}

/** At most `count` items in their order: the important ones, then as many of the others as there is room for. */
export function keep<T>(items: readonly T[], count: number, important: (item: T) => boolean): readonly T[] {
  if (items.length <= count) return items
  const first = spread(items.filter(important), count)
  const rest = spread(
    items.filter((item) => !important(item)),
    count - first.length
  )
  const kept = new Set([...first, ...rest])
  return items.filter((item) => kept.has(item))
}
