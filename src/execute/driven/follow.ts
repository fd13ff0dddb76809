import { formatDuration } from '../../base/duration.ts'
import { begunIn } from '../../domain/driven-record.ts'
import type { EngineState } from '../../engines/engine.ts'
import { untilSilent } from './blind.ts'
import { requireOurs } from './disturbed.ts'
import type { DrivenRun } from './driven-run.ts'
import { passGate, type GateState } from './gate.ts'
import { inSight } from './in-sight.ts'
import { leaving, makeSure, untilLeaving } from './leave.ts'
import { testLate, untestedPods } from './smoke.ts'
import { tellUnproven } from './unproven.ts'
import { untilDisturbed } from './until-disturbed.ts'
import { untilState } from './until-state.ts'

type Reached = { readonly at: 'done' | 'leaving' } | GateState

/**
 * Watches while the controller moves the users, until it is done.
 * @throws ReleaseFailed as soon as something speaks against the new version, Undecided where a person has to say yes, Left
 * when the time of the run is over
 */
export async function follow(run: DrivenRun, signal: AbortSignal): Promise<string> {
  for (;;) {
    const reached = await inSight(
      run,
      { length: Infinity, hindered: undefined },
      (watching) =>
        Promise.race([
          untilState(run, (state) => nextIn(run, state), watching),
          untilSilent(run, watching),
          untilLeaving(run, watching)
        ]),
      signal
    )
    const found = reached?.at === 'leaving' ? await beforeLeaving(run, signal) : reached
    if (found?.at === 'leaving') throw leaving(run)
    if (found?.at !== 'gate') break
    await passGate(run, found, signal)
  }
  if (untestedPods(run).length > 0) await testLate(run, signal)
  tellUnproven(run)
  return 'all traffic is on the new version'
}

/** What the release has come to while the run made sure that it can be left. */
async function beforeLeaving(run: DrivenRun, signal: AbortSignal): Promise<Reached> {
  await makeSure(run, signal)
  // A change that the controller has not seen is waited for, but no longer than a living one takes.
  return untilState<Reached>(
    run,
    (state) => (state.at === 'unseen' ? undefined : (nextIn(run, state) ?? { at: 'leaving' })),
    signal
  )
}

function nextIn(run: DrivenRun, state: EngineState): Reached | undefined {
  requireOurs(run, state)
  if (state.at === 'gate') return state
  return state.at === 'rest' && state.stable === run.progress.record.canary.hash ? { at: 'done' } : undefined
}

/** Watches with all users on it, as long as no run before has done so. @throws as `follow` does */
export async function bake(run: DrivenRun, duration: number, signal: AbortSignal): Promise<string> {
  const { engine, sampler } = run
  const hindered = `${engine.title} has ended the release, so that it cannot wait`
  const reached = await inSight(
    run,
    { length: restOf(run, duration), hindered },
    (watching) => Promise.race([untilDisturbed(run, watching), untilLeaving(run, watching)]),
    signal
  )
  if (reached !== undefined) {
    const passed = await makeSure(run, signal)
    if (!passed || restOf(run, duration) > 0) throw leaving(run)
  }
  const checked = sampler === undefined ? '' : ', and every check passed'
  return `${formatDuration(duration)}; all pods kept running${checked}`
}

/** What is left of it, by when a run has first seen all users on the new version. */
function restOf({ engine, ports, progress }: DrivenRun, duration: number): number {
  const shares = engine.shares(progress.seen.object)
  const now = ports.clock.now()
  const since = begunIn(progress.record)[shares.length] ?? now
  return Math.min(duration, Math.max(0, since + duration - now))
}
