import type { Clock } from '../clock.ts'
import { ClusterError } from '../errors.ts'
import type { HttpAnswer } from './cluster.ts'
import { mayHeal, noAnswer, wasNeverSent } from './no-answer.ts'

export interface RetryOptions {
  readonly clock: Clock
  readonly server: string
  /** Whether it changes nothing, so that it may reach the API server twice. */
  readonly reading: boolean
  readonly signal: AbortSignal | undefined
}

const PAUSES = [250, 500, 1000, 2000]
const LONGEST_PAUSE = 5_000
const GIVE_UP_AFTER = 10_000

type Outcome = HttpAnswer | ClusterError

/**
 * Sends again while that may help: an API server that restarts, a leader election, a moment of overload.
 * @throws ClusterError with status 0 when no answer came
 */
export async function withRetries(
  send: () => Promise<HttpAnswer>,
  options: RetryOptions
): Promise<HttpAnswer> {
  const { clock, server, reading, signal } = options
  const started = clock.now()
  for (let tries = 0; ; tries++) {
    const outcome = await send().catch(asOutcome)
    const pause = isTransient(outcome, reading) ? pauseBefore(outcome, tries) : undefined
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

function isTransient(outcome: Outcome, reading: boolean): boolean {
  if (outcome instanceof ClusterError) return reading ? mayHeal(outcome.cause) : wasNeverSent(outcome.cause)
  return outcome.status === 429 || (reading && outcome.status >= 500 && outcome.status !== 501)
}

/** Undefined when it has been tried often enough. */
function pauseBefore(outcome: Outcome, tries: number): number | undefined {
  const asked = outcome instanceof ClusterError ? NaN : Number(outcome.headers['retry-after']) * 1000
  const pause = PAUSES[tries]
  return pause === undefined || !(asked > 0) ? pause : Math.min(asked, LONGEST_PAUSE)
}
