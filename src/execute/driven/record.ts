import type { DrivenRecord } from '../../domain/driven-record.ts'
import { RECORD_ANNOTATION } from '../../domain/record.ts'
import { writeOnLease } from '../../lock/lease-record.ts'
import type { DrivenRun } from './driven-run.ts'

/** Keeps the record with these changes. */
export async function keepRecord(run: DrivenRun, changes: Partial<DrivenRecord> = {}): Promise<void> {
  await write(run, { ...run.progress.record, ...changes })
  // Another share may have begun meanwhile.
  run.progress.record = { ...run.progress.record, ...changes }
}

/** Keeps the record of the end: nothing comes after it. */
export async function closeRecord(run: DrivenRun, ended: DrivenRecord): Promise<void> {
  await write(run, ended)
  run.progress.record = ended
}

async function write({ lease, lock, ports }: DrivenRun, record: DrivenRecord): Promise<void> {
  await writeOnLease(lease, lock, { [RECORD_ANNOTATION]: JSON.stringify(record) }, ports.cluster)
}
