import { endGroup, error, info, startGroup, warning } from '@actions/core'
import type { Log } from '../../base/log.ts'
import { beginningOf } from '../../base/cut.ts'
import { clean, forLog, lineForLog } from '../text.ts'

/** The runner shows ten annotations of a kind for a step; the tenth is left for the verdict. */
const MOST_ANNOTATIONS = 9
/** The runner cuts a longer message. */
const LONGEST_ANNOTATION = 4_000

type Annotate = (message: string) => void

/** The runner masks secrets that it finds whole. */
function shortened(lines: string): string {
  const shown = beginningOf(lines, LONGEST_ANNOTATION)
  return shown === lines ? lines : `${shown}… ${lines.length - shown.length} more`
}

/** Annotations while there is room for them, then lines that say the same. */
function annotations(annotate: Annotate, print: Annotate, word: string): Annotate {
  let written = 0
  return (text) => {
    const lines = clean(text).split('\n').map(lineForLog).join('\n')
    written += 1
    if (written <= MOST_ANNOTATIONS) annotate(shortened(lines))
    else print(forLog(`${word}: ${lines}`))
  }
}

/** Named one by one, or the bundle would hold all of the library. */
const RUNNER = { endGroup, error, info, startGroup, warning }

/** The job's log, with groups that fold and warnings that also show at the top of the run. */
export function actionsLog(printer = RUNNER): Log {
  let open = false
  function closeGroup(): void {
    if (open) printer.endGroup()
    open = false
  }
  return {
    group(title) {
      closeGroup()
      printer.startGroup(lineForLog(title))
      open = true
    },
    endGroup: closeGroup,
    line(text) {
      printer.info(clean(text).split('\n').map(lineForLog).join('\n'))
    },
    warning: annotations(printer.warning, printer.info, 'Warning'),
    error: annotations(printer.error, printer.info, 'Error'),
    quote(text) {
      printer.info(forLog(text))
    }
  }
}
