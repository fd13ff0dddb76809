import type { Outcome, Result, Version } from '../domain/outcome.ts'
import { printCheck } from '../inputs/check.ts'

const UNRELEASED: readonly Result[] = ['rolled-back', 'aborted', 'failed']

const failures: Readonly<Record<Outcome['command'], readonly Result[]>> = {
  deploy: UNRELEASED,
  promote: UNRELEASED,
  abort: ['failed'],
  rollback: ['aborted', 'failed'],
  status: ['failed'],
  plan: ['aborted', 'failed'],
  // What it undoes has failed before, and was told then.
  cleanup: ['aborted', 'failed']
}

/** Whether the step must be red. A rollback or an abort that was asked for and done is a success. */
export const failsTheStep = ({ command, result }: Pick<Outcome, 'command' | 'result'>): boolean =>
  failures[command].includes(result)

/** Whether both are the same pods: the same template in the same Deployment. */
export const sameVersion = (one: Version | undefined, other: Version | undefined): boolean =>
  one?.deployment === other?.deployment && one?.hash === other?.hash

/** Whether the check that failed has done so because nothing could be measured: no value was ever on the wrong side. */
export function lacksData({
  failedCheck,
  measurements
}: Pick<Outcome, 'failedCheck' | 'measurements'>): boolean {
  if (failedCheck === undefined) return false
  const verdicts = measurements.flatMap(({ check, verdict }) =>
    printCheck(check) === failedCheck ? [verdict] : []
  )
  return verdicts.at(-1) === 'no-data' && !verdicts.includes('fail')
}
