import type { ReleaseFailed } from '../../base/errors.ts'
import { readMade } from '../../observe/driven.ts'
import type { DrivenRun } from './driven-run.ts'

/** What the controller says beside its status may come a moment later. */
const LOOKS = 4
const LOOK_AGAIN = 500

/** Why the controller has ended the release, in its own words, as far as it has any. */
export async function inItsWords(run: DrivenRun, failure: ReleaseFailed): Promise<string> {
  const { engine, progress, ports } = run
  for (let left = LOOKS; left > 0; left -= 1) {
    const made = await readMade(engine, progress.seen, ports.cluster).catch(() => [])
    const said = engine.said({ ...progress.seen, made }, progress.record.startedAt)
    if (said !== undefined) return `${engine.title}: ${said}`
    if (engine.made.every(({ kind }) => kind !== 'Event')) break
    await ports.clock.sleep(LOOK_AGAIN)
  }
  return failure.message
}
