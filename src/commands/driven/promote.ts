import { InputError, refuse } from '../../base/errors.ts'
import { samplerFor } from '../../checks/sampler.ts'
import { isOpen } from '../../domain/driven-record.ts'
import type { Outcome } from '../../domain/outcome.ts'
import type { DrivenRun } from '../../execute/driven/driven-run.ts'
import { executeDriven } from '../../execute/driven/execute.ts'
import { executeOrVeto } from '../../execute/driven/execute-or-veto.ts'
import { measuredOld } from '../../execute/driven/measured.ts'
import { planProceed } from '../../plan/driven-step.ts'
import { wishFor } from '../../plan/driven-wish.ts'
import { keepRecord } from '../../execute/driven/record.ts'
import { drivenOutcome } from './outcome-of.ts'
import { hasServed, takeUp } from './deploy.ts'
import type { DrivenInvocation } from './invocation.ts'
import { tryWrites } from './prepare.ts'
import { withDrivenLock } from './with-lock.ts'

/**
 * Says yes at the gate at which a release waits, and goes on with it.
 * @throws InputError when none waits
 */
export async function promote(invocation: DrivenInvocation): Promise<Outcome> {
  const { inputs, origin, signal, target } = invocation
  return withDrivenLock(invocation, async (lock, record) => {
    if (record === undefined || !isOpen(record)) throw nothingWaits(target, 'there is no release of ours')
    const taken = await takeUp(invocation, record, lock)
    if (hasServed(taken)) {
      await executeDriven([{ kind: 'finish' }], taken, signal)
      const reason = `somebody had promoted release ${record.id} already`
      return drivenOutcome(taken, { result: 'promoted', reason }, invocation)
    }
    const { state } = taken.progress
    if (state.at !== 'gate' || state.wished !== taken.progress.record.canary.hash)
      throw nothingWaits(target, `release ${record.id} is not at a gate`)
    if (state.gate === 'held') throw nothingWaits(target, state.what)
    await refuseAnother(taken, invocation)
    const sampler = samplerFor(inputs, invocation.createSampler, [])
    const run = { ...taken, sampler }
    if (sampler !== undefined) {
      const { faults, warnings } = await sampler.preflight(await measuredOld(run), signal)
      refuse(faults)
      run.journal.warnings.push(...warnings)
    }
    // From here on it is this run's: should that be killed, its post step ends it.
    await keepRecord(run, { holder: origin.holder, phase: 'running' })
    const ending = await executeOrVeto(planProceed(inputs), run, signal)
    return drivenOutcome(run, ending, invocation)
  })
}

/** Inputs with images or manifests name the version that is meant. @throws InputError unless it is the one that waits */
async function refuseAnother(
  run: DrivenRun,
  { inputs, manifests, ports: { cluster } }: DrivenInvocation
): Promise<void> {
  if (inputs.images.length === 0 && manifests.length === 0) return
  const { engine, progress } = run
  const driven = { ...run, ...progress }
  const wished = wishFor(driven, inputs, manifests)
  refuse(wished.faults)
  const tried = await tryWrites(engine.bring(progress.seen, wished.wish), wished, driven, cluster)
  refuse(tried.flatMap(({ fault }) => fault ?? []))
  const lines = tried.flatMap(({ change }) => (change?.state === 'same' ? [] : (change?.diff ?? [])))
  if (lines.length === 0) return
  const differing = lines
    .filter((line) => /^[-+]/.test(line))
    .map((line) => `${line.slice(0, 1)} ${line.slice(1).trim()}`)
  throw new InputError([
    {
      input: 'command',
      problem: `the inputs ask for another version than the one that waits: ${differing.slice(0, MOST_LINES).join('; ')}`,
      example: 'command: abort, and release what is wanted from the start'
    }
  ])
}

/** Of a difference, in a fault. */
const MOST_LINES = 6

const nothingWaits = ({ engine, workload }: DrivenInvocation['target'], why: string): InputError =>
  new InputError([
    {
      input: 'command',
      problem: `nothing of ${engine}/${workload} waits for a yes: ${why}`,
      example: 'command: status tells what it is at'
    }
  ])
