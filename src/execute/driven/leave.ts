import { formatDuration } from '../../base/duration.ts'
import { Left } from '../../base/errors.ts'
import { Overdue, within } from '../../base/within.ts'
import { awaitPods } from './await-pods.ts'
import type { DrivenRun } from './driven-run.ts'
import { inSight } from './in-sight.ts'
import { smokePods } from './smoke.ts'
import { untilDisturbed } from './until-disturbed.ts'

const LOOK_AGAIN = 60_000

/** Resolves when this run has to leave. */
export async function untilLeaving(
  { leaveAt, ports }: DrivenRun,
  signal: AbortSignal
): Promise<{ readonly at: 'leaving' }> {
  const { clock } = ports
  // Not one long sleep: a machine that was suspended has slept for less than has passed.
  for (let rest = leaveAt - clock.now(); rest > 0; rest = leaveAt - clock.now())
    await clock.sleep(Math.min(rest, LOOK_AGAIN), signal)
  return { at: 'leaving' }
}

/** Milliseconds for which a round of checks that passes is waited for: then it is left as it is. */
const LINGER = 600_000

/**
 * What has to be so before nobody watches any more: every pod of the new version has passed the smoke tests, since users may
 * come to it while nobody is there, and what the checks have measured last has passed. A check that is about to fail may do
 * so first; one that is never judged does not hold the run for ever.
 * @returns whether all has passed
 * @throws ReleaseFailed
 */
export async function makeSure(run: DrivenRun, signal: AbortSignal): Promise<boolean> {
  const { ports, settings, sampler, progress, journal } = run
  if (settings.smokeTests.length > 0) {
    await awaitPods(run, signal)
    await smokePods(run, signal)
  }
  if (sampler === undefined || progress.watched === undefined) return true
  const late = new Overdue()
  const measuring = { length: 0, hindered: `this run leaves, and ${run.engine.title} goes on` }
  try {
    await within({ milliseconds: LINGER, signal, clock: ports.clock, late: () => late }, (stop) => {
      const watching = AbortSignal.any([signal, stop])
      return inSight(run, measuring, (until) => untilDisturbed(run, until), watching)
    })
    return true
  } catch (error) {
    if (error !== late) throw error
    journal.warnings.push(
      `it was left although not every check had passed after ${formatDuration(LINGER)} more; none had failed`
    )
    return false
  }
}

/** What ends the run, and not the release. */
export const leaving = ({ engine, settings, progress }: DrivenRun): Left =>
  new Left(
    `this run leaves after ${formatDuration(settings.leaveAfter)} (leave-after), and ` +
      (progress.state.at === 'gate'
        ? `${engine.title} waits until another one has measured for long enough`
        : `${engine.title} goes on without it`)
  )
