import { withBegin } from '../../domain/driven-record.ts'
import { shareAt } from '../../plan/driven-course.ts'
import { describeState } from '../../report/driven.ts'
import { clean, oneLine } from '../../report/text.ts'
import type { DrivenRun } from './driven-run.ts'

/** Says in the log what the controller is at, once for each place of its way. The words of others may change all the time. */
export function tellPlace({ progress, ports }: DrivenRun): void {
  const { state } = progress
  if (state.at === 'rest' || state.at === 'unseen') return
  const { at, weight, step } = state
  const place = [at, state.wished, weight.now, weight.wanted, step].join(' ')
  if (place !== progress.told) ports.log.quote(oneLine(clean(describeState(state))))
  progress.told = place
}

/** Tells every new share of users of the new version, and begins a time that is measured by itself. */
export function noteShare({ engine, progress, journal, ports }: DrivenRun): void {
  const { state, record } = progress
  const { hash } = record.canary
  if (hash === '' || state.at === 'unseen') return
  const weight = shareOf(progress, hash)
  const last = journal.shifts.at(-1)?.split.weight ?? 0
  const now = ports.clock.now()
  if (weight !== last) journal.shifts.push({ at: now, split: { weight } })
  if (weight > 0) progress.exposed = true
  if (weight === 0) progress.watched = undefined
  else if (weight !== last || progress.watched === undefined) {
    progress.watched = { name: nameOf(progress, weight), startedAt: now }
    progress.record = withBegin(record, shareAt(engine.shares(progress.seen.object), state), now)
  }
}

/** Percent of the users on the version with this hash. */
function shareOf({ state }: DrivenRun['progress'], hash: string): number {
  if (state.at === 'rest' || state.at === 'unseen') return state.stable === hash ? 100 : 0
  return state.wished === hash ? state.weight.now : 0
}

function nameOf({ state }: DrivenRun['progress'], weight: number): string {
  const { step, of } = 'weight' in state ? state : {}
  return step === undefined || of === undefined
    ? `${weight}% of the traffic`
    : `step ${step} of ${of}, ${weight}%`
}
