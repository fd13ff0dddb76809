import { messageOf, Undecided } from '../../base/errors.ts'
import type { TimelineEntry } from '../../domain/outcome.ts'
import { endedRecord } from '../../domain/driven-record.ts'
import type { Wish } from '../../engines/engine.ts'
import { describeDriven, type DrivenStep } from '../../plan/driven-step.ts'
import { throughOutages } from '../../traffic/through-outages.ts'
import { apply } from '../apply.ts'
import { awaitPods } from './await-pods.ts'
import { settle } from './call.ts'
import { collectDriven } from './evidence.ts'
import { bake, follow } from './follow.ts'
import { hasten } from './hasten.ts'
import { look, move } from './move.ts'
import { keepRecord, closeRecord } from './record.ts'
import { objectTitle, type DrivenRun } from './driven-run.ts'
import { proceed } from './proceed.ts'
import { smokePods } from './smoke.ts'
import { untilState } from './until-state.ts'
import { revert, untilHeard, veto } from './veto.ts'

type Of<Kind extends DrivenStep['kind']> = Extract<DrivenStep, { kind: Kind }>

const DOERS: {
  readonly [Kind in DrivenStep['kind']]: (
    step: Of<Kind>,
    run: DrivenRun,
    signal: AbortSignal
  ) => Promise<string>
} = {
  async begin(_, run) {
    await settle(run, 'before')
    run.progress.begun = true
    await keepRecord(run)
    return `on lease/${run.lease.name}`
  },
  async apply({ manifest }, run) {
    const { kind, metadata } = await apply(manifest.object, run.ports.cluster)
    return `${kind} ${metadata.name} is as the manifest says`
  },
  bring: (_, run, signal) => bring(run, signal),
  proceed: (_, run, signal) => proceed(run, signal),
  hasten: (_, run, signal) => hasten(run, signal),
  'await-pods': (_, run, signal) => awaitPods(run, signal),
  async smoke(_, run, signal) {
    const told = await smokePods(run, signal)
    await keepRecord(run, { proved: true })
    return told
  },
  follow: (_, run, signal) => follow(run, signal),
  bake: ({ duration }, run, signal) => bake(run, duration, signal),
  finish: (_, run) => finish(run, true),
  veto: (_, run, signal) => veto(run, signal),
  'collect-evidence': (_, run) => collectDriven(run),
  revert: (_, run, signal) => revert(run, signal),
  close: (_, run, signal) => close(run, signal)
}

/**
 * Does the steps one by one.
 * @throws what made the first failing step fail; the steps after it are not done
 */
export async function executeDriven(
  steps: readonly DrivenStep[],
  run: DrivenRun,
  signal: AbortSignal
): Promise<void> {
  for (const step of steps) await perform(step, run, signal)
}

async function perform(step: DrivenStep, run: DrivenRun, signal: AbortSignal): Promise<void> {
  const { clock, log } = run.ports
  const title = describeDriven(step, { object: objectTitle(run), controller: run.engine.title })
  const startedAt = clock.now()
  const note = (status: TimelineEntry['status'], detail: string): void => {
    run.journal.timeline.push({ title, startedAt, milliseconds: clock.now() - startedAt, status, detail })
  }
  log.group(title)
  try {
    const attempt = async (): Promise<string> => {
      signal.throwIfAborted()
      await run.lock.assure()
      return (DOERS[step.kind] as (typeof DOERS)['begin'])(step as Of<'begin'>, run, signal)
    }
    const detail = await throughOutages(attempt, run.ports, signal)
    note('done', detail)
    log.line(detail)
  } catch (error) {
    note(error instanceof Undecided ? 'undecided' : 'failed', messageOf(error))
    throw error
  } finally {
    log.endGroup()
  }
}

/** The record says what is brought before it is, so that any run can take it back. */
async function bring(run: DrivenRun, signal: AbortSignal): Promise<string> {
  const { record } = run.progress
  const wish: Wish = record.brought ?? record.before
  await move(run, (seen) => run.engine.bring(seen, wish))
  await look(run)
  const hash = await untilState(run, (state) => (state.at === 'unseen' ? undefined : state.wished), signal)
  const { noted } = run.progress
  await keepRecord(run, { canary: { ...record.canary, hash }, ...(noted === undefined ? {} : { noted }) })
  return `template ${hash}`
}

async function finish(run: DrivenRun, served: boolean): Promise<string> {
  await settle(run, 'after')
  const { record } = run.progress
  await closeRecord(run, endedRecord(record, served, run.ports.clock.now()))
  return `noted on lease/${run.lease.name}`
}

async function close(run: DrivenRun, signal: AbortSignal): Promise<string> {
  await untilHeard(run, signal)
  return finish(run, false)
}
