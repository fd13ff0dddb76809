import type { Clock } from '../../base/clock.ts'
import { ClusterError } from '../../base/errors.ts'
import type { HttpAnswer } from '../cluster.ts'
import { mayHeal, noAnswer } from './no-answer.ts'

export interface RetryOptions {
  readonly clock: Clock
  readonly server: string
  readonly signal: AbortSignal | undefined
}

const PAUSES = [250, 500, 1000, 2000]
const LONGEST_PAUSE = 5_000
const GIVE_UP_AFTER = 10_000

type Outcome = HttpAnswer | ClusterError

/**
 * Sends again while that may help: an API server that restarts, a leader election, a moment of overload.
 *
 * A write may reach the API server twice, when only the answer to the first was lost. That does no harm: our writes are
 * either idempotent (an apply, a patch of one value), or name the resourceVersion they are for and get a 409 the second
 * time, as a create does. All callers handle 409.
 * @throws ClusterError with status 0 when no answer came
 */
export async function withRetries(
  send: () => Promise<HttpAnswer>,
  { clock, server, signal }: RetryOptions
): Promise<HttpAnswer> {
  const started = clock.now()
  for (let tries = 0; ; tries++) {
    const outcome = await send().catch(asOutcome)
    const pause = isTransient(outcome) ? pauseBefore(outcome, tries) : undefined
    const elapsed = clock.now() - started
    if (pause === undefined || elapsed + pause > GIVE_UP_AFTER) {
      if (!(outcome instanceof ClusterError)) return outcome
      throw tries === 0 ? outcome : noAnswer(server, outcome.cause, elapsed)
    }
    await clock.sleep(pause, signal)
  }
}

function asOutcome(error: unknown): Outcome {
  if (error instanceof ClusterError) return error
  throw error
}

const isTransient = (outcome: Outcome): boolean =>
  outcome instanceof ClusterError
    ? mayHeal(outcome.cause)
    : outcome.status === 429 || (outcome.status >= 500 && outcome.status !== 501)

/** Undefined when it has been tried often enough. */
function pauseBefore(outcome: Outcome, tries: number): number | undefined {
  const asked = outcome instanceof ClusterError ? NaN : Number(outcome.headers['retry-after']) * 1000
  const pause = PAUSES[tries]
  if (pause === undefined) return undefined
  return asked > 0 ? Math.min(asked, LONGEST_PAUSE) : jittered(pause)
}

/** Runs that were refused at the same moment must not retry at the same moment. */
const jittered = (pause: number): number => pause * (0.75 + Math.random() / 2)
