import { playEnding } from './ending.ts'
import { watchDrain } from './invariants/drain.ts'
import { watchFence } from './invariants/fence.ts'
import { watchForeign } from './invariants/foreign.ts'
import { watchForged } from './invariants/forged.ts'
import { watchLock } from './invariants/lock.ts'
import { watchOutcome, type OutcomeWatch } from './invariants/outcome.ts'
import { watchRecord } from './invariants/record.ts'
import { openReport, type Report, type Violation } from './invariants/report.ts'
import { watchServing } from './invariants/serving.ts'
import { watchTested } from './invariants/tested.ts'
import { happen } from './actors.ts'
import { describeEnd, start, taskOf, type Started } from './runs.ts'
import { isProcessFault, type Act, type Schedule } from './schedule.ts'
import { openStage, type Stage } from './stage.ts'

/** What came of a schedule. */
export interface Played {
  readonly violations: readonly Violation[]
  readonly story: readonly string[]
  /** The ends of its runs, in words. */
  readonly ends: readonly string[]
  /** Milliseconds that passed in the world. */
  readonly passed: number
}

/** Milliseconds after which a run that nothing keeps asleep has to have ended. */
const LONGEST_RUN = 15 * 60_000

interface Play {
  readonly stage: Stage
  readonly report: Report
  readonly outcomes: OutcomeWatch
  readonly runs: Started[]
  readonly ends: string[]
}

export async function play(schedule: Schedule): Promise<Played> {
  const stage = await openStage(schedule.world)
  const report = openReport(stage)
  const runs: Started[] = []
  const begun = stage.clock.now()
  watchServing(stage, report)
  watchDrain(stage, report)
  watchRecord(stage, report)
  watchForeign(stage, report)
  watchForged(stage, report)
  watchFence(stage, report)
  watchLock(stage, report)
  watchTested(stage, report, (writer) => testsWhatItBrings(runs, writer))
  const playing: Play = { stage, report, outcomes: watchOutcome(stage, report), runs, ends: [] }
  try {
    await playActs(schedule, playing)
    await playEnding(schedule, stage, report, runs)
  } catch (error) {
    report.add('end', error instanceof Error ? (error.stack ?? error.message) : String(error))
  }
  const passed = stage.clock.now() - begun
  stage.clock.stop()
  return { violations: report.violations, story: stage.story.lines, ends: playing.ends, passed }
}

const testsWhatItBrings = (runs: readonly Started[], writer: string): boolean =>
  (runs.find(({ name }) => name === writer)?.inputs.smokeTests.length ?? 0) > 0

async function playActs({ acts, dice }: Schedule, playing: Play): Promise<void> {
  const underWay: Promise<void>[] = []
  let version = 1
  for (const [index, act] of acts.entries()) {
    if (!act.rival) await Promise.all(underWay.splice(0))
    await playing.stage.clock.sleep(act.after)
    if (act.command === 'deploy' && (act.version === 'new' || version === 1)) {
      version += 1
      playing.stage.fates.set(String(version), act.fate)
    }
    const brought = act.command === 'deploy' ? String(version) : undefined
    underWay.push(playAct(act, index + 1, brought, dice + index, playing))
  }
  await Promise.all(underWay)
}

async function playAct(
  act: Act,
  at: number,
  version: string | undefined,
  dice: number,
  { stage, report, outcomes, runs, ends }: Play
): Promise<void> {
  for (const fault of act.faults)
    if (!isProcessFault(fault))
      void stage.clock.sleep(fault.at).then(() => {
        happen(stage, fault)
      })
  const run = start(stage, taskOf(act, at, version), dice)
  runs.push(run)
  const tooLong = stage.clock.sleep(LONGEST_RUN).then(() => 'too long' as const)
  const ended = await Promise.race([run.ended, tooLong])
  if (ended === 'too long') {
    report.add('end', `${run.name} has not ended after ${LONGEST_RUN / 60_000} min`)
    return
  }
  outcomes.judge(run, ended)
  stage.story.note(run.name, `(ends: ${describeEnd(ended)})`)
  ends.push(`${act.command} ${describeEnd(ended)}`)
  const unsettled = ended.kind === 'died' || (ended.kind === 'outcome' && ended.outcome.unsettled === true)
  if (act.post && unsettled) {
    const error = await run.post()
    stage.story.note(run.name, `(its post step ends${error === undefined ? '' : `: ${error.message}`})`)
  }
}
