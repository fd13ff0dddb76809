/** Lines around a change that are shown with it. */
const CONTEXT = 3

/** Comparing costs the product of both lengths: beyond this everything is shown as replaced. */
const MOST_CELLS = 4_000_000

interface Line {
  readonly mark: ' ' | '-' | '+'
  readonly text: string
}

const marked = (mark: Line['mark'], lines: readonly string[]): Line[] => lines.map((text) => ({ mark, text }))

/** What turns the one into the other, as `diff -u` prints it; nothing when they are the same. */
export function unifiedDiff(before: readonly string[], after: readonly string[]): readonly string[] {
  const lines = compare(before, after)
  const near = lines.map((_, at) =>
    lines.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some(({ mark }) => mark !== ' ')
  )
  const starts = lines.flatMap((_, at) => (near[at] === true && near[at - 1] !== true ? [at] : []))
  return starts.flatMap((start) => {
    const end = near.indexOf(false, start)
    return hunk(lines, start, end < 0 ? lines.length : end)
  })
}

function hunk(lines: readonly Line[], start: number, end: number): readonly string[] {
  const shown = lines.slice(start, end)
  const range = (other: Line['mark']): string => {
    const first = lines.slice(0, start).filter(({ mark }) => mark !== other).length
    const count = shown.filter(({ mark }) => mark !== other).length
    return `${count === 0 ? first : first + 1},${count}`
  }
  return [`@@ -${range('+')} +${range('-')} @@`, ...shown.map(({ mark, text }) => mark + text)]
}

/** What both have at their beginning and end is the most, and costs nothing. */
function compare(before: readonly string[], after: readonly string[]): readonly Line[] {
  const shorter = Math.min(before.length, after.length)
  let head = 0
  while (head < shorter && before[head] === after[head]) head += 1
  let tail = 0
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1
  return [
    ...marked(' ', before.slice(0, head)),
    ...compareMiddle(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...marked(' ', before.slice(before.length - tail))
  ]
}

function compareMiddle(before: readonly string[], after: readonly string[]): readonly Line[] {
  if (before.length * after.length > MOST_CELLS) return [...marked('-', before), ...marked('+', after)]
  const common = commonLengths(before, after)
  const lines: Line[] = []
  let [at, other] = [0, 0]
  while (at < before.length && other < after.length) {
    const [gone = '', come = ''] = [before[at], after[other]]
    if (gone === come) {
      lines.push({ mark: ' ', text: gone })
      at += 1
      other += 1
    } else if (common(at + 1, other) >= common(at, other + 1)) {
      lines.push({ mark: '-', text: gone })
      at += 1
    } else {
      lines.push({ mark: '+', text: come })
      other += 1
    }
  }
  return [...lines, ...marked('-', before.slice(at)), ...marked('+', after.slice(other))]
}

/** How many lines in order both have in common from these places on. */
function commonLengths(
  before: readonly string[],
  after: readonly string[]
): (at: number, other: number) => number {
  const width = after.length + 1
  const table = new Uint32Array((before.length + 1) * width)
  const length = (at: number, other: number): number => table[at * width + other] ?? 0
  for (let at = before.length - 1; at >= 0; at -= 1)
    for (let other = after.length - 1; other >= 0; other -= 1)
      table[at * width + other] =
        before[at] === after[other]
          ? length(at + 1, other + 1) + 1
          : Math.max(length(at + 1, other), length(at, other + 1))
  return length
}
