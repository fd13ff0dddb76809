import type { Clock } from '../base/clock.ts'
import { messageOf } from '../base/errors.ts'
import type { SmokeTest } from '../inputs/smoke-test.ts'
import type { ReplyFault } from './expectation.ts'

export type Load = Extract<SmokeTest, { kind: 'load' }>

export interface LoadCounts {
  readonly sent: number
  readonly passed: number
  readonly failed: number
  /** The first few. */
  readonly firstFailures: readonly ReplyFault[]
}

/** Unanswered requests beyond this are not sent but counted as failed, or a dead pod would eat our memory. */
const MOST_UNANSWERED = 1_000
const KEPT_FAILURES = 5

/**
 * Sends at a constant rate, however long the answers take: a slow version must not get fewer requests.
 * @param send sends the request of that number and says what was wrong with the answer, if anything
 */
export async function runLoad(
  { perSecond, duration }: Load,
  send: (number: number) => Promise<ReplyFault | undefined>,
  clock: Clock,
  signal: AbortSignal
): Promise<LoadCounts> {
  const total = Math.max(1, Math.round((perSecond * duration) / 1000))
  const tally = createTally(send)
  const started = clock.now()
  const dueAt = (number: number): number => started + (number * 1000) / perSecond
  for (let number = 0; number < total; number++) {
    const early = dueAt(number) - clock.now()
    if (early > 0) await clock.sleep(early, signal)
    signal.throwIfAborted()
    tally.launch(number)
  }
  const counts = await tally.counts()
  signal.throwIfAborted()
  return counts
}

/** Counts what comes back while more is sent. */
function createTally(send: (number: number) => Promise<ReplyFault | undefined>) {
  const unanswered = new Set<Promise<void>>()
  const firstFailures: ReplyFault[] = []
  let sent = 0
  let failed = 0
  const take = (fault: ReplyFault | undefined): void => {
    if (fault === undefined) return
    failed++
    if (firstFailures.length < KEPT_FAILURES) firstFailures.push(fault)
  }
  return {
    launch(number: number): void {
      sent++
      if (unanswered.size >= MOST_UNANSWERED) {
        take({ problem: `not sent: ${MOST_UNANSWERED} requests were still unanswered`, evidence: '' })
        return
      }
      const answer = send(number).then(take, (error: unknown) => {
        take({ problem: 'no answer; the log says why', evidence: messageOf(error) })
      })
      unanswered.add(answer)
      void answer.then(() => unanswered.delete(answer))
    },
    async counts(): Promise<LoadCounts> {
      await Promise.all(unanswered)
      return { sent, passed: sent - failed, failed, firstFailures }
    }
  }
}
