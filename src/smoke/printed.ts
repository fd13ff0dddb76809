import { beginningOf } from '../base/cut.ts'

/** Longest line that is shown whole, in characters: a command may print a file of any size. */
const LONGEST_LINE = 64 * 1024

export interface LineSplitter {
  readonly push: (text: string) => void
  /** Nothing follows: what has no line break is a line too. */
  readonly end: () => void
}

/** Cuts a stream of text into lines. It keeps no more than one line, and of that no more than 64 KB. */
export function lineSplitter(onLine: (line: string) => void): LineSplitter {
  let line = ''
  let dropped = 0
  let afterReturn = false
  const add = (text: string): void => {
    // One more shows whether a word ends there.
    const room = LONGEST_LINE + 1 - line.length
    line += text.slice(0, room)
    dropped += Math.max(0, text.length - room)
  }
  const flush = (): void => {
    const shown = beginningOf(line, LONGEST_LINE)
    dropped += line.length - shown.length
    onLine(dropped === 0 ? line : `${shown}… ${dropped} more`)
    line = ''
    dropped = 0
  }
  return {
    push(text) {
      // The two of \r\n may come apart.
      const rest = afterReturn && text.startsWith('\n') ? text.slice(1) : text
      if (text !== '') afterReturn = text.endsWith('\r')
      const [first = '', ...others] = rest.split(/\r\n|[\r\n]/)
      add(first)
      for (const other of others) {
        flush()
        add(other)
      }
    },
    end() {
      if (line !== '') flush()
    }
  }
}
