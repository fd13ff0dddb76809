import { counted } from '../../base/counted.ts'
import { formatDuration } from '../../base/duration.ts'
import type { Log } from '../../base/log.ts'
import type { Reading } from '../../checks/judge.ts'
import type { Measurement } from '../../domain/outcome.ts'
import { checkName } from '../../inputs/check.ts'
import { asWritten } from '../../inputs/figure.ts'

/** Tells the rounds of one watch. */
export interface Rounds {
  tell(readings: readonly Reading[]): void
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
  return {
    end,
    tell: (readings) => {
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

const marks: Readonly<Record<Measurement['verdict'], string>> = { pass: '✓', fail: '✗', 'no-data': '?' }

const printReading = ({ check, value, verdict, why }: Measurement): string =>
  `${marks[verdict]} ${checkName(check)} ${value === undefined ? (why ?? 'no data') : asWritten(check, value)}`
