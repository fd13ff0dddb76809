import { UNEASY_ODDS, type Counts, type Judgement } from '../domain/judgement.ts'
import { failedBeside } from './comparison.ts'
import { timeOfDay, wholes } from './figures.ts'

/** Both versions fail at least so many of their requests lately, and the new one not so many times as many. */
const TROUBLE = 0.01
const ALIKE = 2

const rate = ({ errors, requests }: Counts): number => errors / Math.max(requests, 1)

const areAlike = (own: number, stable: number): boolean =>
  Math.min(own, stable) >= TROUBLE && own <= ALIKE * stable

/** Where both versions fail alike the new one is not to blame: something that both need may be down. Else nothing. */
export function sharedTrouble({ findings }: Pick<Judgement, 'findings'>): string {
  const finding = findings.find(({ metric }) => metric === 'errors')
  if (finding?.metric !== 'errors' || finding.beforeAfter || finding.logE >= Math.log(UNEASY_ODDS)) return ''
  const { canary, stable, since } = finding.recent
  if (!areAlike(rate(canary), rate(stable))) return ''
  const both = failedBeside({ ...finding, counts: finding.recent })
  return (
    `since ${timeOfDay(since)} ${both.own} of ${wholes(canary.requests, 'request')} failed, ` +
    `and ${both.stable} of stable's: both suffer alike, so that is not held against it`
  )
}
