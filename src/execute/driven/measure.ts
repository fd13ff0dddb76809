import type { MeasuredStep, Sampler } from '../../checks/sampler.ts'
import { runChecks } from '../steps/run-checks.ts'
import { checkedDriven } from './checked.ts'
import type { DrivenRun } from './driven-run.ts'
import { measuredNew } from './measured.ts'

/** For how long checks are measured, and what comes then. */
export interface Measuring {
  /** Before the first users: what is measured belongs to this. */
  readonly unused?: MeasuredStep
  /** Milliseconds from now; without an end only a check that fails ends it. */
  readonly length: number
  /** Why the release cannot wait for a decision then; undefined where it can. */
  readonly hindered: string | undefined
}

/**
 * Measures every check at the interval, by default only while users are on the new version, until the time is over and the
 * last round has passed.
 * @throws ReleaseFailed with the check's line
 * @throws Undecided when the comparison came to nothing, and the release is to wait for a person then
 */
export const measureWhile = (
  run: DrivenRun,
  sampler: Sampler,
  { length, hindered, unused }: Measuring,
  signal: AbortSignal
): Promise<string> =>
  runChecks(
    checkedDriven(run, hindered),
    sampler,
    {
      step: () => unused ?? run.progress.watched,
      since: run.ports.clock.now(),
      length: () => length,
      canary: (warmUp) => measuredNew(run, warmUp),
      underUsers: unused === undefined
    },
    signal
  )
