import { ClusterError } from '../../base/errors.ts'
import { isOpen, readDrivenRecord, type DrivenRecord } from '../../domain/driven-record.ts'
import type { Outcome } from '../../domain/outcome.ts'
import type { Lease } from '../../kubernetes/objects.ts'
import { isHeld } from '../../lock/acquire.ts'
import { observeDriven } from '../../observe/driven.ts'
import { knownDriven } from '../../plan/driven-versions.ts'
import { drivenLines } from '../../report/driven.ts'
import { versionLines } from '../../report/history.ts'
import { lookedAtDriven } from './looked-at.ts'
import type { DrivenInvocation } from './invocation.ts'
import { describeDrivenRecord, nextForDriven } from './tell-record.ts'
import { drivenLease } from './with-lock.ts'

/** Tells what the controller is at, what it has measured, whose release it is, and which versions can be gone back to. */
export async function status(invocation: DrivenInvocation): Promise<Outcome> {
  const { target, ports } = invocation
  const driven = await observeDriven(target, ports.cluster)
  const record = await recordIn(invocation)
  const runner = await runnerOf(record, invocation)
  // A run that ends gives its lock back: it may have ended while its lock was watched.
  if (runner === 'gone' && (await recordIn(invocation))?.phase !== record?.phase) return status(invocation)
  const versions = knownDriven(driven, record).map(({ version }) =>
    runner === 'gone' && version.release === record?.id && version.phase !== undefined
      ? { ...version, abandoned: true }
      : version
  )
  const outcome: Outcome = {
    ...lookedAtDriven(driven, invocation),
    reason:
      record === undefined
        ? 'Greenlight has not released this workload yet'
        : describeDrivenRecord(record, runner),
    versions,
    ...(record === undefined ? {} : { next: nextForDriven(record, driven, runner) }),
    ...(runner === undefined ? {} : { runner })
  }
  for (const line of [...drivenLines(outcome), ...versionLines(versions)]) ports.log.quote(line)
  return outcome
}

/** Whether somebody follows a release that has not ended; undefined where its run has gone on purpose. */
async function runnerOf(
  record: DrivenRecord | undefined,
  { target, ports, signal }: DrivenInvocation
): Promise<Outcome['runner']> {
  if (record === undefined || !isOpen(record)) return undefined
  if (record.phase === 'waiting' || record.phase === 'left') return undefined
  return (await isHeld(drivenLease(target), ports, signal)) ? 'alive' : 'gone'
}

/** What serves can be told without the right to read the record. */
async function recordIn({ target, ports }: DrivenInvocation): Promise<DrivenRecord | undefined> {
  try {
    return readDrivenRecord(await ports.cluster.get<Lease>(drivenLease(target)))
  } catch (error) {
    if (error instanceof ClusterError && error.status === 403) return undefined
    throw error
  }
}
