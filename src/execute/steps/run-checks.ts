import { ReleaseFailed, Undecided } from '../../base/errors.ts'
import { judgeLook, type Compared } from '../../checks/compared-standing.ts'
import { judgeRound, sentence, type Reading } from '../../checks/judge.ts'
import type { MeasuredStep, Sampler } from '../../checks/sampler.ts'
import { isOvertime } from '../../checks/warm-up.ts'
import type { Crash } from '../../domain/judgement.ts'
import { isBound } from '../../inputs/check-line.ts'
import type { MeasuredVersion } from '../../checks/measured-version.ts'
import { checkName, printCheck } from '../../inputs/check.ts'
import { watchedWell } from '../../report/judgement-log.ts'
import { crashed } from '../../report/judgement.ts'
import type { Checked } from '../checked.ts'
import { besideOf, compare, comparisonsOf, lookAtBoth } from './compare.ts'
import { brokenBy, weighBounds, windowOf } from './read-bounds.ts'
import { tellRounds, type Rounds } from './rounds.ts'

export interface Watched {
  /** Under whose name the measurements are kept; only traffic since its begin is judged. Undefined while there is nothing to measure. */
  readonly step: () => MeasuredStep | undefined
  /** Since when its time runs, in milliseconds since the epoch; by default since the step began. */
  readonly since?: number
  /** How long it takes, in milliseconds; infinite while that is not known. */
  readonly length: () => number
  /** The new version as it is at a measurement. @param warmUp of its pods, in milliseconds */
  readonly canary: (warmUp: number) => MeasuredVersion
  /** Users are on the canary: it can be compared with stable. */
  readonly underUsers: boolean
}

/**
 * Measures every check at the interval until the step is over and the latest round has passed.
 * @throws ReleaseFailed with the check's line once it has failed as often as it may, or is worse than stable
 * @throws Undecided when the comparison with stable came to nothing, and the release is to wait for a person then
 */
export async function runChecks(
  release: Checked,
  sampler: Sampler,
  watched: Watched,
  signal: AbortSignal
): Promise<string> {
  const { clock, log } = release.ports
  const told = tellRounds(log)
  try {
    for (let rounds = 1; ;) {
      await clock.sleep(release.settings.checkInterval, signal)
      const step = watched.step()
      if (step === undefined) continue
      const { bounds, compared } = await takeRound({ release, sampler, watched, told, step }, signal)
      const isOver = clock.now() >= (watched.since ?? step.startedAt) + watched.length()
      if (bounds && isOver && mayEnd(release, compared)) return endedWell(release, step, rounds)
      rounds += 1
    }
  } finally {
    told.end()
  }
}

/** What was compared, or could not be told, is told besides the rounds of measurements. */
function endedWell(release: Checked, step: MeasuredStep, rounds: number): string {
  const { settings, journal, progress } = release
  tellWaved(release, step)
  const waved = (progress.standing.waved ?? []).map(({ check }) => checkName(check))
  return watchedWell({ count: settings.checks.filter(isBound).length, waved }, journal.judgement, rounds)
}

interface Watching {
  readonly release: Checked
  readonly sampler: Sampler
  readonly watched: Watched
  readonly told: Rounds
  readonly step: MeasuredStep
}

type Decision = Checked['progress']['compared']['decision']

/** What a round has come to: whether all bounds let the step end, and what the comparison says. */
interface Round {
  readonly bounds: boolean
  readonly compared: Decision
}

async function takeRound(watching: Watching, signal: AbortSignal): Promise<Round> {
  const { release, sampler, watched, step } = watching
  const { underUsers } = watched
  // Under a load line no user comes, and there is no warm-up.
  const canary = watched.canary(underUsers ? release.settings.warmUp : 0)
  const window = windowOf(release, step, underUsers)
  const [readings, seen] = await Promise.all([
    sampler.measure(window.step, canary, signal),
    underUsers ? lookAtBoth(release, sampler, canary, signal) : undefined
  ])
  const beside = besideOf(release, seen)
  const weighed = await weighBounds(release, { sampler, window }, { readings, beside }, signal)
  const bounds = judgeBounds(watching, window.step, weighed)
  if (comparisonsOf(release).length === 0 && beside?.crash !== undefined) endIfBroken(release, beside.crash)
  return { bounds, compared: judgeCompared(watching, compare(release, seen)) }
}

/** Whether all of them let the step end. */
function judgeBounds(
  { release, watched, told, step }: Watching,
  window: MeasuredStep,
  readings: readonly Reading[]
): boolean {
  const { progress, journal, ports, settings } = release
  journal.measurements.push(...readings)
  told.tell(readings)
  const begun = { ...step, startedAt: watched.since ?? step.startedAt }
  const overtime = isOvertime(ports.clock.now(), begun, window, watched.length())
  progress.standing = judgeRound(progress.standing, readings, settings, overtime)
  const { decision, failed } = progress.standing
  if (failed !== undefined) throw new ReleaseFailed(failed.reason, printCheck(failed.check))
  return decision === 'pass'
}

/** A crash is not waited out, nor is the warm-up. */
function endIfBroken(release: Checked, crash: Crash): void {
  const broken = brokenBy(release, crash)
  if (broken !== undefined) throw new ReleaseFailed(crashed(crash), printCheck(broken))
}

function judgeCompared({ release, step, told }: Watching, compared: Compared | undefined): Decision {
  if (compared === undefined) return 'pass'
  const { progress, journal, ports, settings } = release
  const at = ports.clock.now()
  const look = { at, age: at - step.startedAt, compared, checks: comparisonsOf(release) }
  progress.compared = judgeLook(progress.compared, look, settings)
  told.compared(compared, journal.judgement)
  if ('judgement' in compared) journal.judgement = compared.judgement
  const { decision, reason, failedCheck } = progress.compared
  if (decision === 'fail') throw new ReleaseFailed(reason, failedCheck)
  return decision
}

/** Of the bounds that were not judged to the end of the step. */
function tellWaved({ progress, journal }: Checked, { name }: MeasuredStep): void {
  for (const reading of progress.standing.waved ?? [])
    journal.warnings.push(
      `${sentence(reading)}: ${reading.why ?? ''}. ${name} took twice its time, and so it counted as passed`
    )
}

/** Whether the comparison lets the step end. What stays undecided is told, and ends it as the user wants. */
function mayEnd(release: Checked, decision: Decision): boolean {
  if (decision !== 'undecided') return decision === 'pass'
  const { settings, journal, progress } = release
  const { reason } = progress.compared
  const { onInconclusive } = settings
  journal.undecided = true
  if (onInconclusive === 'abort' && !isThinly(release)) throw new ReleaseFailed(reason)
  const waits = onInconclusive === 'hold' && !isThinly(release)
  const hindered = release.cannotWait()
  if (waits && hindered === undefined) throw new Undecided(reason)
  journal.warnings.push(
    `the release went on although it could not be told whether the new version is as good as stable: ${reason}` +
      (waits && hindered !== undefined ? `. ${hindered}` : '')
  )
  return true
}

/** Nothing speaks against the new version, but too little was seen for much to be excluded. */
function isThinly({ journal: { judgement } }: Checked): boolean {
  const decision = judgement?.decision
  return decision?.kind === 'inconclusive' && decision.why === 'thin'
}
