import type { Outcome, Result, Version } from '../outcome.ts'

const failures: Readonly<Record<Outcome['command'], readonly Result[]>> = {
  deploy: ['rolled-back', 'aborted', 'failed'],
  rollback: ['aborted', 'failed'],
  status: ['failed']
}

/** Whether the step must be red. A rollback that was asked for and done is a success. */
export const failsTheStep = ({ command, result }: Pick<Outcome, 'command' | 'result'>): boolean =>
  failures[command].includes(result)

/** Whether both are the same pods: the same template in the same Deployment. */
export const sameVersion = (one: Version | undefined, other: Version | undefined): boolean =>
  one?.deployment === other?.deployment && one?.hash === other?.hash

/** Whether the traffic is divided between two versions at the end of the run. */
export const isSplit = ({ weight, serving, canary }: Outcome): boolean =>
  weight > 0 && weight < 100 && canary !== undefined && !sameVersion(serving, canary)
