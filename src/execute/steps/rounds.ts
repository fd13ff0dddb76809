import { counted } from '../../base/counted.ts'
import { formatDuration } from '../../base/duration.ts'
import type { Log } from '../../base/log.ts'
import type { Compared } from '../../checks/compared-standing.ts'
import type { Reading } from '../../checks/judge.ts'
import type { Judgement } from '../../domain/judgement.ts'
import type { Measurement } from '../../domain/outcome.ts'
import { checkName } from '../../inputs/check.ts'
import { judgementNews } from '../../report/judgement-log.ts'
import { asWritten } from '../../inputs/figure.ts'

/** Tells the rounds of one watch. */
export interface Rounds {
  tell(readings: readonly Reading[]): void
  /** Tells a look at both versions where it brings news. @param before what was known until then */
  compared(compared: Compared, before: Judgement | undefined): void
  /** Tells how many rounds were only counted. */
  end(): void
}

/** A round that lacks the same figures as the one before is counted instead of told. */
export function tellRounds(log: Pick<Log, 'line' | 'quote'>): Rounds {
  let last = ''
  let again = 0
  let isForgiven = false
  const end = (): void => {
    if (again > 0) log.line(`the same in ${counted(again, 'more round')}`)
    again = 0
  }
  let lastSilence: string | undefined
  return {
    end,
    compared: (compared, before) => {
      const silence = 'why' in compared ? `? compared with stable: ${compared.why}` : undefined
      const news = 'why' in compared ? silence : judgementNews(compared.judgement, before)
      if (news !== undefined && news !== lastSilence) log.quote(news)
      lastSilence = silence
    },
    tell: (readings) => {
      if (readings.length === 0) return
      const text = readings.map(printReading).join('   ')
      const youth = readings.find(({ early }) => early === true)?.youth
      if (youth !== undefined && !isForgiven) {
        isForgiven = true
        log.line(
          `no data is no failed measurement in the first ${formatDuration(youth)} of a step: until then Prometheus may not know of its requests`
        )
      }
      if (text === last && readings.some(({ verdict }) => verdict === 'no-data')) {
        again += 1
        return
      }
      end()
      last = text
      log.quote(text)
    }
  }
}

const marks: Readonly<Record<Measurement['verdict'], string>> = {
  pass: '✓',
  fail: '✗',
  held: '~',
  'no-data': '?'
}

function printReading({ check, value, verdict, why = '' }: Measurement): string {
  const found = value === undefined ? why || 'no data' : asWritten(check, value)
  return `${marks[verdict]} ${checkName(check)} ${found}${verdict === 'held' ? ` (${why})` : ''}`
}
