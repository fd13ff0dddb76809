import type { Outcome } from '../../domain/outcome.ts'
import type { DrivenEnding } from '../../execute/driven/execute-or-veto.ts'
import { objectTitle, type DrivenRun } from '../../execute/driven/driven-run.ts'
import { observeDriven, type Driven } from '../../observe/driven.ts'
import { describeState, failedFigures } from '../../report/driven.ts'
import type { DrivenInvocation } from './invocation.ts'
import { lookedAtDriven } from './looked-at.ts'

/** What a release by a controller came to. What is known of the cluster is read once more, if that still answers. */
export async function drivenOutcome(
  run: DrivenRun,
  { byController, ...ending }: DrivenEnding,
  invocation: DrivenInvocation
): Promise<Outcome> {
  const { target, ports } = invocation
  const { namespace, workload, engine } = run
  const { seen, state, record } = run.progress
  const known: Driven = { namespace, workload, engine, seen, state }
  const now = invocation.signal.aborted
    ? known
    : await observeDriven(target, ports.cluster).catch(() => known)
  const looked = lookedAtDriven(now, invocation)
  const { warnings, ...journal } = run.journal
  const { serving = looked.weight === 100 ? record.canary : record.stable } = looked
  const isOld = serving.hash === record.stable.hash
  const analyses = engine.analyses(now.seen, record.canary.hash)
  const reason = byController ? [ending.reason, ...failedFigures(analyses)].join('; ') : ending.reason
  return {
    ...looked,
    ...journal,
    ...ending,
    reason,
    // Its version may not be wished for any more.
    ...(looked.driven === undefined ? {} : { driven: { ...looked.driven, analyses } }),
    serving,
    canary: record.canary,
    ...(isOld ? {} : { previous: { ...record.stable, replicas: 0 } }),
    weight: isOld ? shareIn(run, now, looked) : 100,
    ...(record.sha === undefined ? {} : { commit: record.sha }),
    warnings: [...looked.warnings, ...warnings],
    ...(ending.left === true ? { reason: `${ending.reason}, ${describeState(now.state)}` } : {}),
    next: nextSteps(run, ending),
    finishedAt: ports.clock.now()
  }
}

/** A controller that has not seen the last change says nothing of users: they are where they were. */
const shareIn = ({ journal }: DrivenRun, { state }: Driven, { weight }: Outcome): number =>
  state.at === 'unseen' ? (journal.shifts.at(-1)?.split.weight ?? weight) : weight

function nextSteps(run: DrivenRun, { result, left, blind }: DrivenEnding): readonly string[] {
  const { record, state } = run.progress
  const abort = `To put ${record.stable.images.join(', ')} back: command: abort.`
  if (blind === true)
    return [
      `Urgent: start ${run.engine.title} again. Until then nobody can move users; ${record.stable.images.join(', ')} is wished for already, so that it goes back by itself, and command: follow notes that.`
    ]
  if (left === true)
    return [
      `${aheadOf(run)}. Until command: follow takes it up nobody tests or measures it, and nobody notes how it ends: run that by the clock, or when you want to know.`,
      abort
    ]
  if (result === 'waiting' && state.at === 'gate' && state.gate === 'held')
    return [
      `To go on: let somebody take that pause away, then run the workflow with command: follow. ${abort}`
    ]
  if (result === 'waiting') return [`To go on: run the workflow with command: promote. ${abort}`]
  if (result === 'promoted' && record.command === 'deploy')
    return [
      `To go back to ${record.stable.images.join(', ')}: run the rollback workflow (command: rollback).`
    ]
  return result === 'rolled-back' && record.command === 'deploy'
    ? [`Fix it and push again: the next run releases it to ${objectTitle(run)} from the start.`]
    : []
}

/** What the controller is to do from here on, in words. */
function aheadOf({ engine, progress: { seen, state } }: DrivenRun): string {
  if (state.at === 'gate')
    return `${engine.title} waits for the checks, which command: follow measures further`
  const goesOn = `${engine.title} goes on by itself`
  if (state.at === 'rest') return `${goesOn}: all users are on it`
  const all = engine.steps(seen.object)
  const { step, of } = 'step' in state ? state : {}
  // The last one is all traffic; what goes on all the time comes first.
  const ahead =
    step === undefined || of === undefined ? all : all.slice(Math.max(0, all.length - 2 - of + step))
  return `${goesOn}: ${ahead.join(', then ')}`
}
