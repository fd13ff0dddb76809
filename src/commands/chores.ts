import { ClusterError } from '../base/errors.ts'
import type { Result } from '../domain/outcome.ts'
import { isUnfinished, type Release } from '../domain/record.ts'
import type { Ports, ReleaseRun } from '../execute/release-run.ts'
import { findUnreferencedConfig, removeUnreferencedConfig } from '../execute/unreferenced-config.ts'
import { untidyEnding } from '../execute/untidy.ts'
import { missingRights, type Right } from '../kubernetes/rights.ts'
import type { Lock } from '../lock/lock.ts'
import type { Observed, Recorded } from '../observe/observed.ts'
import { planRetirement, retirable } from '../plan/retirement.ts'
import { planSettle } from '../plan/rollback.ts'
import { CONFIG_REMOVAL_NEEDS, needsOf, TEMPLATE_NEEDS } from '../preflight/needs.ts'
import { needsToEnd } from '../preflight/rights.ts'
import { isServingFirst } from './first.ts'
import type { Invocation } from './invocation.ts'
import { recover } from './recover.ts'
import { retireVersions } from './retire-versions.ts'
import { settleDown } from './settle-down.ts'

/** Something that cleanup has done. */
export interface Deed {
  readonly told: string
  readonly result: Result
  readonly runs: readonly ReleaseRun[]
  /** It failed, and nothing is begun after it. */
  readonly isLast?: true
}

/** One kind of thing that releases may leave behind. */
export interface Chore {
  readonly isDue: (observed: Observed, ports: Ports) => boolean | Promise<boolean>
  readonly needs: (observed: Recorded, ports: Ports) => readonly Right[] | Promise<readonly Right[]>
  readonly work: (observed: Recorded, lock: Lock, invocation: Invocation) => Promise<Deed>
}

/** In this order: only when a release is over can be told what it has left. */
export const CHORES: readonly Chore[] = [
  {
    // What serves is left for a deploy to finish: to undo it would take it from its users.
    isDue: (observed) =>
      observed.record !== undefined && isLeft(observed.record) && !isServingFirst(observed),
    needs: needsAfterRun,
    work: endRelease
  },
  {
    isDue: ({ record }) => record?.settle !== undefined,
    needs: ({ record: { settle = {} } }) => needsOf({ steps: planSettle(settle), routes: [] }),
    work: settleRollback
  },
  {
    isDue: (observed, { clock }) => retirable(observed, clock.now()).versions.length > 0,
    needs: () => needsOf({ steps: planRetirement(0), routes: [] }),
    work: scaleDownKept
  },
  {
    isDue: hasOldConfig,
    needs: () => [...needsOf({ steps: [], routes: [] }), ...CONFIG_REMOVAL_NEEDS],
    work: removeOldConfig
  }
]

/** The rights for the chores that are due; undefined when none is. */
export async function needsOfChores(observed: Observed, ports: Ports): Promise<readonly Right[] | undefined> {
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

/** Once the release has ended, versions that earlier ones have kept may be scaled down, too. */
async function needsAfterRun(observed: Recorded, ports: Ports): Promise<readonly Right[]> {
  const toEnd = await needsToEnd(observed, ports)
  return [...toEnd, ...needsOf({ steps: planRetirement(0), routes: [] })]
}

/** Whether its run has left it: it is unfinished, and does not wait for approval. */
const isLeft = (record: Release): boolean => isUnfinished(record) && record.phase !== 'waiting'

async function endRelease(observed: Recorded, lock: Lock, invocation: Invocation): Promise<Deed> {
  const { id, run: where = 'run unknown' } = observed.record
  const run = await recover(observed, lock, invocation)
  const untidy = untidyEnding(run)
  if (untidy !== undefined) return { told: untidy.reason, result: untidy.result, runs: [run] }
  const finished = run.progress.release.phase === 'promoted'
  const told = finished ? 'had passed and was finished' : 'was unfinished and was undone'
  return {
    told: `release ${id} (${where}) ${told}`,
    result: finished ? 'promoted' : 'rolled-back',
    runs: [run]
  }
}

async function settleRollback(observed: Recorded, lock: Lock, invocation: Invocation): Promise<Deed> {
  const run = await settleDown(observed, lock, invocation)
  return { told: `rollback ${observed.record.id} was finished`, result: 'rolled-back', runs: [run] }
}

async function scaleDownKept(observed: Recorded, lock: Lock, invocation: Invocation): Promise<Deed> {
  const { versions } = retirable(observed, invocation.ports.clock.now())
  const runs = await retireVersions(versions, observed, lock, invocation)
  return {
    told: runs
      .map(({ progress: { canary } }) => `deployment/${canary.deployment} was scaled down`)
      .join(', '),
    result: 'promoted',
    runs
  }
}

/** Without the rights to list and delete config, none is removed. */
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

async function removeOldConfig(observed: Recorded, lock: Lock, { ports, signal }: Invocation): Promise<Deed> {
  await lock.assure()
  const stop = AbortSignal.any([signal, lock.lost])
  const removed = await removeUnreferencedConfig(observed, ports.cluster, stop)
  return {
    told: `${removed.join(', ')} ${removed.length === 1 ? 'was' : 'were'} removed, which no version refers to`,
    result: 'promoted',
    runs: []
  }
}
