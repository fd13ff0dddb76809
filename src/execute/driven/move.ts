import { ClusterError } from '../../base/errors.ts'
import { isCall, type Seen, type Write } from '../../engines/engine.ts'
import { readSeen } from '../../observe/driven.ts'
import { call } from './call.ts'
import { deleted } from './disturbed.ts'
import type { DrivenRun } from './driven-run.ts'

/** A controller writes at the same time, and every write of ours tests what was seen. */
const ATTEMPTS = 20

/**
 * Writes what is decided on what is there now, and decides again for as long as something has changed in between.
 * @returns what was written; nothing when nothing had to be
 */
export async function move(
  run: DrivenRun,
  decide: (seen: Seen) => readonly Write[]
): Promise<readonly Write[]> {
  for (let left = ATTEMPTS; ; left -= 1) {
    await run.lock.assure()
    const seen = await look(run)
    try {
      const writes = decide(seen)
      for (const write of writes) await carryOut(run, seen, write)
      return writes
    } catch (error) {
      const changed = error instanceof ClusterError && [409, 422].includes(error.status)
      if (!changed || left === 0) throw error
    }
  }
}

async function carryOut(run: DrivenRun, seen: Seen, write: Write): Promise<void> {
  if (isCall(write)) {
    await call(run, write)
    return
  }
  const { ref, patch, subresource } = write
  if (subresource === undefined) note(run, seen)
  await run.ports.cluster.patch(ref, patch, { subresource })
}

/** From the write on, what the controller has noted of an earlier wish says nothing any more. */
function note({ engine, progress }: DrivenRun, seen: Seen): void {
  progress.noted = engine.noted(seen)
  progress.seen = { ...progress.seen, noted: progress.noted }
}

/** What is there now. @throws Superseded when the object is gone */
export async function look(run: DrivenRun): Promise<Seen> {
  const found = await readSeen(run.engine, run, run.ports.cluster)
  if (found === undefined) throw deleted(run)
  // What the controller had made when this began is not read again.
  const { made } = run.progress.seen
  const { noted } = run.progress
  run.progress.seen = { ...found, noted, ...(made === undefined ? {} : { made }) }
  run.progress.state = run.engine.state(run.progress.seen)
  return run.progress.seen
}
