import type { Version } from '../domain/outcome.ts'
import { practiceOf } from '../execute/practice.ts'
import { untidied } from '../execute/untidy.ts'
import { LockedError } from '../lock/acquire.ts'
import { observe } from '../observe/observe.ts'
import { inRelease, type Observed } from '../observe/observed.ts'
import { retirable } from '../plan/retirement.ts'
import { throughOutages } from '../traffic/through-outages.ts'
import { exclusively } from './exclusively.ts'
import { isDrivenTarget, recoverDriven } from './driven/recover.ts'
import type { PostInvocation } from './invocation.ts'
import { recover } from './recover.ts'
import { retireVersions } from './retire-versions.ts'
import { settleDown } from './settle-down.ts'

/**
 * The post step: finishes what its own run has begun. A release is undone, a rollback settled, the version that served
 * before a promotion is scaled down. Repeated while the cluster does not answer, which may be what stopped the run.
 * @returns what was done, for the summary; undefined when there was nothing to do
 */
export async function recoverOwn(own: Omit<PostInvocation, 'signal'>): Promise<string | undefined> {
  const { log } = own.ports
  const invocation = { ...own, signal: new AbortController().signal }
  const { target } = invocation
  const finish = (): Promise<string | undefined> =>
    isDrivenTarget(target) ? recoverDriven({ ...invocation, target }) : finishOwn(invocation)
  try {
    return await throughOutages(finish, own.ports, invocation.signal)
  } catch (error) {
    if (!(error instanceof LockedError)) throw error
    log.line(`what this run has left is undone by the one that has taken over: ${error.message}`)
    return undefined
  }
}

async function finishOwn(invocation: PostInvocation): Promise<string | undefined> {
  const seen = await observe(invocation.target, invocation.ports)
  if (leftOf(seen, invocation) === undefined) return undefined
  return exclusively(invocation, seen, [], async (observed, lock) => {
    const { record } = observed
    const left = leftOf(observed, invocation)
    if (record === undefined || left === undefined) return undefined
    const found = { ...observed, record }
    const run = left === 'undo' ? await recover(found, lock, invocation) : undefined
    if (left === 'retire') await retireVersions(replacedIn(observed), found, lock, invocation)
    if (left === 'settle') await settleDown(found, lock, invocation)
    const { id, stable, canary } = record
    if (run === undefined)
      return `Release ${id} was finished: ${stable.deployment} has all traffic, ${canary.deployment} is scaled down.`
    const untidy = untidied(run)
    return untidy === undefined
      ? `Release ${id} was ${practiceOf(run).recovered(run)}.`
      : `Release ${id} was undone: ${record.first === true ? 'nobody is served' : `${stable.deployment} has all traffic`}. Cleaning up is not finished: ${untidy}; the next run does it first.`
  })
}

/** What this run has left to do. */
function leftOf(
  observed: Observed,
  { origin: { release, holder }, inputs: { previous } }: PostInvocation
): 'undo' | 'settle' | 'retire' | undefined {
  const { record } = observed
  if (record === undefined || record.phase === 'waiting') return undefined
  if (record.holder === undefined ? record.id !== release : record.holder !== holder) return undefined
  if (inRelease(observed) !== undefined) return 'undo'
  if (record.settle !== undefined) return 'settle'
  return previous === 'scale-down' && replacedIn(observed).length > 0 ? 'retire' : undefined
}

/** The version that served before, if it still runs. */
const replacedIn = (observed: Observed): readonly Version[] =>
  retirable(observed, Infinity).versions.filter(
    ({ deployment }) => deployment === observed.record?.canary.deployment
  )
