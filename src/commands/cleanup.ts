import { Cancelled, messageOf } from '../base/errors.ts'
import type { Outcome } from '../domain/outcome.ts'
import { isUnfinished } from '../domain/record.ts'
import { trafficsOf } from '../execute/route-writers.ts'
import { LockedError } from '../lock/acquire.ts'
import type { Lock } from '../lock/lock.ts'
import { rivalFaults } from '../observe/neighbours.ts'
import { observe } from '../observe/observe.ts'
import type { Observed } from '../observe/observed.ts'
import { retirable } from '../plan/retirement.ts'
import { CHORES, needsOfChores, type Deed } from './chores.ts'
import { exclusively } from './exclusively.ts'
import type { Invocation } from './invocation.ts'
import { lookedAt, underWay } from './outcome-of.ts'

/**
 * Ends what dead runs have left, and scales down what was kept for a rollback. A release that waits for approval, or
 * whose run is alive, is left alone.
 */
export async function cleanup(invocation: Invocation): Promise<Outcome> {
  const seen = await observe(invocation.target, invocation.ports)
  const { record } = seen
  const untouched = (reason: string): Outcome => ({
    ...lookedAt(seen, invocation),
    ...(record !== undefined && isUnfinished(record) ? underWay(record, seen) : {}),
    reason
  })
  if (record?.phase === 'waiting')
    return untouched(`release ${record.id} waits for approval: it is left alone`)
  const [rival] = rivalFaults(seen)
  if (rival !== undefined) return untouched(`${rival.problem}: nothing is cleaned up meanwhile`)
  const needs = await needsOfChores(seen, invocation.ports)
  if (needs === undefined)
    return untouched(
      retirable(seen, invocation.ports.clock.now()).left.join('; ') || 'there is nothing to clean up'
    )
  try {
    return await exclusively(invocation, seen, needs, (observed, lock) =>
      doChores(observed, lock, invocation)
    )
  } catch (error) {
    if (!(error instanceof LockedError)) throw error
    return untouched(error.message)
  }
}

async function doChores(first: Observed, lock: Lock, invocation: Invocation): Promise<Outcome> {
  const { target, ports } = invocation
  const deeds: Deed[] = []
  let observed = first
  for (const chore of CHORES) {
    const { record } = observed
    if (record === undefined || !(await chore.isDue(observed, ports))) continue
    const work = chore.work({ ...observed, record }, lock, invocation)
    const deed = await work.catch((error: unknown) => failed(error, deeds))
    deeds.push(deed)
    if (deed.isLast === true) break
    observed = await observe(target, ports)
  }
  return toldOf(deeds, observed, invocation)
}

/** A failure after other work is told after that work, instead of hiding it. */
function failed(error: unknown, deeds: readonly Deed[]): Deed {
  if (deeds.length === 0) throw error
  const result = error instanceof Cancelled ? 'aborted' : 'failed'
  return {
    told: `after that it ${result === 'aborted' ? 'was stopped' : 'failed'}: ${messageOf(error)}`,
    result,
    runs: [],
    isLast: true
  }
}

function toldOf(deeds: readonly Deed[], observed: Observed, invocation: Invocation): Outcome {
  const runs = deeds.flatMap((deed) => deed.runs)
  const failure = deeds.find(({ isLast }) => isLast === true)
  const [first] = deeds
  return {
    ...lookedAt(observed, invocation),
    ...(first === undefined ? {} : { result: (failure ?? first).result }),
    ...(runs[0] === undefined ? {} : { canary: runs[0].progress.canary }),
    reason: deeds.map(({ told }) => told).join('; ') || 'another run has cleaned up meanwhile',
    timeline: runs.flatMap(({ journal: { timeline } }) => timeline),
    shifts: runs.flatMap(({ journal: { shifts } }) => shifts),
    evidence: runs.flatMap(({ journal: { evidence } }) => evidence),
    foreignWrites: runs.flatMap(trafficsOf).flatMap(({ foreignWrites }) => foreignWrites),
    warnings: [
      ...retirable(observed, invocation.ports.clock.now()).left,
      ...runs.flatMap(({ journal: { warnings } }) => warnings)
    ]
  }
}
