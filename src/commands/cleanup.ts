import { Cancelled, ClusterError, messageOf } from '../base/errors.ts'
import type { Outcome, Result } from '../domain/outcome.ts'
import { isUnfinished, type Release } from '../domain/record.ts'
import { trafficsOf } from '../execute/begin-run.ts'
import type { Ports, ReleaseRun } from '../execute/release-run.ts'
import { findUnreferencedConfig, removeUnreferencedConfig } from '../execute/unreferenced-config.ts'
import { untidyEnding } from '../execute/untidy.ts'
import { missingRights, type Right } from '../kubernetes/rights.ts'
import { LockedError } from '../lock/acquire.ts'
import type { Lock } from '../lock/lease.ts'
import { rivalFaults } from '../observe/neighbours.ts'
import { observe } from '../observe/observe.ts'
import type { Observed } from '../observe/observed.ts'
import { planRetirement, retirable } from '../plan/retirement.ts'
import { planSettle } from '../plan/rollback.ts'
import { CONFIG_REMOVAL_NEEDS, needsOf, TEMPLATE_NEEDS } from '../preflight/needs.ts'
import { needsToEnd, requireRights } from '../preflight/rights.ts'
import type { Invocation } from './invocation.ts'
import { lookedAt, underWay } from './outcome-of.ts'
import { recover } from './recover.ts'
import { retireVersions } from './retire-versions.ts'
import { settleDown } from './settle-down.ts'
import { withLock } from './with-lock.ts'

type CleanupRequest = Omit<Invocation, 'manifests' | 'metrics'>

/** Something that was done, in one sentence. */
interface Deed {
  readonly told: string
  readonly result: Result
  readonly runs: readonly ReleaseRun[]
  /** It was not done, and nothing is begun after it. */
  readonly isLast?: true
}

/** One kind of thing that releases may leave behind. */
interface Chore {
  readonly isDue: (observed: Observed, ports: Ports) => boolean | Promise<boolean>
  readonly needs: (observed: Recorded, ports: Ports) => readonly Right[] | Promise<readonly Right[]>
  readonly work: (request: CleanupRequest, observed: Recorded, lock: Lock) => Promise<Deed>
}

type Recorded = Observed & { readonly record: Release }

/** In this order: what a release has left is known when it is over. */
const CHORES: readonly Chore[] = [
  {
    isDue: ({ record }) => record !== undefined && isLeft(record),
    needs: needsAfterRun,
    work: endRelease
  },
  {
    isDue: ({ record }) => record?.settle !== undefined,
    needs: ({ record: { settle = {} } }) => needsOf({ steps: planSettle(settle), routes: [] }),
    work: settleRollback
  },
  {
    isDue: (observed) => retirable(observed).versions.length > 0,
    needs: () => needsOf({ steps: planRetirement(0), routes: [] }),
    work: scaleDownKept
  },
  {
    isDue: hasOldConfig,
    needs: () => [...needsOf({ steps: [], routes: [] }), ...CONFIG_REMOVAL_NEEDS],
    work: removeOldConfig
  }
]

/** Of the chores that are due; undefined when none is. */
async function needsOfChores(observed: Observed, ports: Ports): Promise<readonly Right[] | undefined> {
  const { record } = observed
  const needs: Right[] = []
  let isDue = false
  for (const chore of CHORES) {
    if (record === undefined || !(await chore.isDue(observed, ports))) continue
    isDue = true
    needs.push(...(await chore.needs({ ...observed, record }, ports)))
  }
  return isDue ? [...needs, ...TEMPLATE_NEEDS] : undefined
}

/** Ended, it may leave what earlier ones have kept. */
async function needsAfterRun(observed: Recorded, ports: Ports): Promise<readonly Right[]> {
  const toEnd = await needsToEnd(observed, observed.record, ports)
  return [...toEnd, ...needsOf({ steps: planRetirement(0), routes: [] })]
}

/** Unfinished, and waiting for nobody. */
const isLeft = (record: Release): boolean => isUnfinished(record) && record.phase !== 'waiting'

/**
 * Ends what dead runs have left, and scales down what was kept for a rollback. A release that waits for approval, or
 * whose run is alive, is left alone.
 */
export async function cleanup(request: CleanupRequest): Promise<Outcome> {
  const { target, origin, ports, signal } = request
  const seen = await observe(target, ports)
  const { record } = seen
  const untouched = (reason: string): Outcome => ({
    ...lookedAt('cleanup', seen, origin, ports.clock.now()),
    ...(record !== undefined && isUnfinished(record) ? underWay(record, seen) : {}),
    reason
  })
  if (record?.phase === 'waiting')
    return untouched(`release ${record.id} waits for approval: it is left alone`)
  const [rival] = rivalFaults(seen)
  if (rival !== undefined) return untouched(`${rival.problem}: nothing is tidied up meanwhile`)
  const needs = await needsOfChores(seen, ports)
  if (needs === undefined) return untouched(retirable(seen).left.join('; ') || 'there is nothing to tidy up')
  await requireRights(seen, needs, ports)
  try {
    return await withLock(seen, origin, ports, signal, (lock) => doChores(request, lock))
  } catch (error) {
    if (!(error instanceof LockedError)) throw error
    return untouched(error.message)
  }
}

async function doChores(request: CleanupRequest, lock: Lock): Promise<Outcome> {
  const { target, ports } = request
  const deeds: Deed[] = []
  let observed = await observe(target, ports)
  for (const chore of CHORES) {
    const { record } = observed
    if (record === undefined || !(await chore.isDue(observed, ports))) continue
    const work = chore.work(request, { ...observed, record }, lock)
    const call = await work.catch((error: unknown) => failed(error, deeds))
    deeds.push(call)
    if (call.isLast === true) break
    observed = await observe(target, ports)
  }
  return toldOf(deeds, observed, request)
}

/** What was done before stays told. */
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

function toldOf(deeds: readonly Deed[], observed: Observed, { origin, ports }: CleanupRequest): Outcome {
  const runs = deeds.flatMap((call) => call.runs)
  const failure = deeds.find(({ isLast }) => isLast === true)
  const [first] = deeds
  return {
    ...lookedAt('cleanup', observed, origin, ports.clock.now()),
    ...(first === undefined ? {} : { result: (failure ?? first).result }),
    ...(runs[0] === undefined ? {} : { canary: runs[0].canary }),
    reason: deeds.map(({ told }) => told).join('; ') || 'another run has tidied up meanwhile',
    timeline: runs.flatMap(({ timeline }) => timeline),
    shifts: runs.flatMap(({ shifts }) => shifts),
    evidence: runs.flatMap(({ evidence }) => evidence),
    foreignWrites: runs.flatMap(trafficsOf).flatMap(({ foreignWrites }) => foreignWrites),
    warnings: [...retirable(observed).left, ...runs.flatMap(({ warnings }) => warnings)]
  }
}

async function endRelease({ inputs, ports }: CleanupRequest, observed: Recorded, lock: Lock): Promise<Deed> {
  const { id, run: where = 'run unknown' } = observed.record
  const run = await recover(observed, observed.record, ports, inputs, lock)
  const untidy = untidyEnding(run)
  if (untidy !== undefined) return { told: untidy.reason, result: untidy.result, runs: [run] }
  const finished = run.release.phase === 'promoted'
  const told = finished ? 'had passed and was finished' : 'was unfinished and was undone'
  return {
    told: `release ${id} (${where}) ${told}`,
    result: finished ? 'promoted' : 'rolled-back',
    runs: [run]
  }
}

async function settleRollback(
  { inputs, ports }: CleanupRequest,
  { record, ...observed }: Recorded,
  lock: Lock
): Promise<Deed> {
  const run = await settleDown(observed, record, record.settle ?? {}, ports, inputs, lock)
  return { told: `rollback ${record.id} was finished`, result: 'rolled-back', runs: [run] }
}

async function scaleDownKept(request: CleanupRequest, observed: Recorded, lock: Lock): Promise<Deed> {
  const { inputs, ports, signal } = request
  const runs = await retireVersions(retirable(observed).versions, observed, ports, inputs, lock, signal)
  return {
    told: runs.map(({ canary }) => `deployment/${canary.deployment} was scaled down`).join(', '),
    result: 'promoted',
    runs
  }
}

/** Whoever may not list or delete config has none removed. */
async function hasOldConfig(observed: Observed, { cluster }: Ports): Promise<boolean> {
  if (observed.record === undefined) return false
  try {
    if ((await findUnreferencedConfig(observed, cluster)).length === 0) return false
    return (await missingRights(cluster, observed.namespace, CONFIG_REMOVAL_NEEDS)).length === 0
  } catch (error) {
    if (error instanceof ClusterError && error.status === 403) return false
    throw error
  }
}

async function removeOldConfig(
  { ports, signal }: CleanupRequest,
  observed: Recorded,
  lock: Lock
): Promise<Deed> {
  await lock.assure()
  const removed = await removeUnreferencedConfig(
    observed,
    ports.cluster,
    AbortSignal.any([signal, lock.lost])
  )
  return {
    told: `${removed.join(', ')} ${removed.length === 1 ? 'was' : 'were'} removed, which no version refers to`,
    result: 'promoted',
    runs: []
  }
}
