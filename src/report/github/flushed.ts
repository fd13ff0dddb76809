import type { Writable } from 'node:stream'
import { within } from '../../base/within.ts'

/** A reader that has stopped reading must not keep a job from ending. */
const LONGEST = 30_000

/** Resolves when all that was written has been taken, however slow the reader is; a process that exits drops the rest. */
export async function flushed(...streams: readonly Writable[]): Promise<void> {
  await within({ milliseconds: LONGEST }, () => Promise.all(streams.map(taken))).catch(() => undefined)
}

/** When the last write has been taken, all have been. A closed pipe is no error of ours. */
const taken = (stream: Writable): Promise<void> =>
  new Promise((resolve) => {
    stream.once('error', () => {
      resolve()
    })
    stream.write('', () => {
      resolve()
    })
  })
