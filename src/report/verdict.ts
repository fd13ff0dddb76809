import type { Crash } from '../domain/judgement.ts'
import type { Outcome, Result, Version } from '../domain/outcome.ts'
import { printCheck } from '../inputs/check.ts'
import { parseStableCheck } from '../inputs/parse-stable-check.ts'

const UNRELEASED: readonly Result[] = ['rolled-back', 'aborted', 'failed']

const failures: Readonly<Record<Outcome['command'], readonly Result[]>> = {
  deploy: UNRELEASED,
  promote: UNRELEASED,
  follow: UNRELEASED,
  abort: ['failed'],
  rollback: ['aborted', 'failed'],
  status: ['failed'],
  plan: ['aborted', 'failed'],
  // What it undoes has failed before, and was told then.
  cleanup: ['aborted', 'failed'],
  leave: ['rolled-back', 'aborted', 'failed']
}

/**
 * Whether the step must be red. A rollback or an abort that was asked for and done is a success; a release is none whose last
 * Job has not come to its end, although its version serves.
 */
export const failsTheStep = ({
  command,
  result,
  failedJob
}: Pick<Outcome, 'command' | 'result' | 'failedJob'>): boolean =>
  failures[command].includes(result) || (failedJob !== undefined && failures[command] === UNRELEASED)

/** What most requests of a version failed by, where that ended it. */
export function crashOf({ judgement }: Pick<Outcome, 'judgement'>): Crash | undefined {
  const decision = judgement?.decision
  return decision?.kind === 'rollback' && 'crash' in decision ? decision.crash : undefined
}

/** Whether both are the same pods: the same template in the same Deployment. */
export const sameVersion = (one: Version | undefined, other: Version | undefined): boolean =>
  one?.deployment === other?.deployment && one?.hash === other?.hash

/** Whether a line of `checks` names stable. */
export const isCompared = (line: string): boolean => 'value' in parseStableCheck(line)

/**
 * Whether the check that failed has done so because nothing could be measured: no value was ever on the wrong side, or the comparison
 * has not come to a rollback.
 */
export function lacksData({
  failedCheck,
  measurements,
  judgement
}: Pick<Outcome, 'failedCheck' | 'measurements' | 'judgement'>): boolean {
  if (failedCheck === undefined) return false
  if (isCompared(failedCheck)) return judgement?.decision.kind !== 'rollback'
  const verdicts = measurements.flatMap(({ check, verdict }) =>
    printCheck(check) === failedCheck ? [verdict] : []
  )
  return verdicts.at(-1) === 'no-data' && !verdicts.includes('fail')
}
