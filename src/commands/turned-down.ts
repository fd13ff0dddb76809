import { Cancelled, ClusterError, messageOf } from '../base/errors.ts'
import { emptyOutcome } from '../domain/empty-outcome.ts'
import type { Outcome } from '../domain/outcome.ts'
import { splitOf } from '../domain/record.ts'
import { practiceOf } from '../execute/practice.ts'
import type { ReleaseRun } from '../execute/release-run.ts'
import { observeDriven } from '../observe/driven.ts'
import { observe } from '../observe/observe.ts'
import { inRelease, type Observed } from '../observe/observed.ts'
import { describeSplit } from '../routes/split.ts'
import { isDriven } from './driven/invocation.ts'
import { lookedAtDriven } from './driven/looked-at.ts'
import type { Invocation } from './invocation.ts'
import { lookedAt, outcomeOf, underWay } from './outcome-of.ts'

/**
 * The outcome of a run that has thrown: the error, and who has the traffic if the cluster can still be asked. A release
 * that waits for approval goes on waiting, and nobody watches it.
 */
export async function turnedDown(
  error: unknown,
  invocation: Invocation,
  isTouched: boolean
): Promise<Outcome> {
  const { origin, target, ports, inputs } = invocation
  const known = (await lookAgain(error, invocation)) ?? {
    ...emptyOutcome(inputs.command, origin, ports.clock.now()),
    namespace: target.namespace,
    workload: target.workload
  }
  return { ...known, ...endOf(error), ...(isTouched ? { touched: true } : {}) }
}

async function lookAgain(error: unknown, invocation: Invocation): Promise<Outcome | undefined> {
  const { ports, signal } = invocation
  // A cancelled run has only seconds, and a cluster that does not answer has been asked for long enough.
  if (signal.aborted || (error instanceof ClusterError && error.status === 0)) return undefined
  if (isDriven(invocation)) {
    const driven = await observeDriven(invocation.target, ports.cluster).catch(() => undefined)
    return driven && lookedAtDriven(driven, invocation)
  }
  const observed = await observe(invocation.target, ports).catch(() => undefined)
  return observed && { ...lookedAt(observed, invocation), ...leftIn(observed) }
}

const endOf = (error: unknown): Pick<Outcome, 'result' | 'reason'> => ({
  result: error instanceof Cancelled ? 'aborted' : 'failed',
  reason: messageOf(error)
})

function leftIn(observed: Observed): Partial<Outcome> {
  const record = inRelease(observed)?.record
  if (record === undefined) return {}
  const { id, phase, canary } = record
  const next = `Release ${id} still waits for approval, with ${describeSplit(splitOf(record))} on ${canary.deployment}, and nobody watches: command: promote goes on with it, command: abort puts stable back.`
  return { ...underWay(record, observed), ...(phase === 'waiting' ? { next: [next] } : {}) }
}

/** The outcome when a command fails after it has ended the release that another run had left. */
export function turnedDownAfter(error: unknown, run: ReleaseRun, invocation: Invocation): Outcome {
  const { result, reason } = endOf(error)
  const told = `release ${run.initial.id}, which its run had left, was ${practiceOf(run).recovered(run)}. Nothing was begun after that:\n${reason}`
  return outcomeOf(run, { result, reason: told, next: [] }, invocation)
}
