import { formatDuration } from '../../base/duration.ts'
import { Undecided } from '../../base/errors.ts'
import type { EngineState } from '../../engines/engine.ts'
import { isBound } from '../../inputs/check-line.ts'
import { gateTime } from '../../inputs/gates.ts'
import { awaitPods } from './await-pods.ts'
import { requireOurs } from './disturbed.ts'
import { objectTitle, type DrivenRun } from './driven-run.ts'
import { inSight } from './in-sight.ts'
import { leaving, makeSure, untilLeaving } from './leave.ts'
import type { Measuring } from './measure.ts'
import { proceed } from './proceed.ts'
import { smokePods } from './smoke.ts'
import { untilState } from './until-state.ts'

export type GateState = Extract<EngineState, { at: 'gate' }>

/**
 * Goes past a gate where the checks may say yes, and have; or somebody else has said it meanwhile.
 * @throws Undecided where a person has to say it, ReleaseFailed as soon as something speaks against the new version
 */
export async function passGate(run: DrivenRun, gate: GateState, signal: AbortSignal): Promise<void> {
  const { settings, ports } = run
  if (gate.gate !== 'pause') throw new Undecided(gate.what)
  if (settings.smokeTests.length > 0) {
    await awaitPods(run, signal)
    await smokePods(run, signal)
  }
  const measuring = measuringAt(run, gate)
  const ended =
    measuring &&
    (await inSight(
      run,
      measuring,
      (watching) => Promise.race([untilPassed(run, watching), untilLeaving(run, watching)]),
      signal
    ))
  if (ended?.at === 'passed') return
  if (ended !== undefined) await makeSure(run, signal)
  if (settings.gates.kind === 'approve') throw new Undecided(gate.what)
  if (ended !== undefined) throw leaving(run)
  ports.log.line(`every check has passed: ${objectTitle(run)} goes on`)
  await proceed(run, signal)
}

/** Somebody has said yes, or no. */
const untilPassed = (run: DrivenRun, signal: AbortSignal): Promise<{ readonly at: 'passed' }> =>
  untilState(
    run,
    (state) => {
      requireOurs(run, state)
      return state.at === 'gate' || state.at === 'unseen' ? undefined : ({ at: 'passed' } as const)
    },
    signal
  )

/** What has to be measured before a yes; undefined for nothing. */
function measuringAt(run: DrivenRun, { weight }: GateState): Measuring | undefined {
  const { sampler, settings, ports } = run
  const { gates } = settings
  if (sampler === undefined) return undefined
  const hasUsers = weight.now > 0
  if (hasUsers) return { length: gateTime(settings), hindered: undefined }
  // Nobody is on it: a person knows that, and under the load of a smoke test every check has passed already.
  const hasBounds = settings.checks.some(isBound)
  const isLoaded = hasBounds && settings.smokeTests.some(({ kind }) => kind === 'load')
  if (gates.kind === 'approve' || isLoaded) return undefined
  if (!hasBounds)
    throw new Undecided(
      'no user is on the new version yet, so that it cannot be compared with the old one: a person has to say yes'
    )
  const length = gateTime(settings)
  const name = `${formatDuration(length)} before the first users`
  return { length, hindered: undefined, unused: { name, startedAt: ports.clock.now() } }
}
