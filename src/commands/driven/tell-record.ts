import { isOpen, type DrivenRecord } from '../../domain/driven-record.ts'
import type { Outcome } from '../../domain/outcome.ts'
import type { Driven } from '../../observe/driven.ts'

/** What the record says of the last release, and what can be done about it. Pure. */

type Runner = Outcome['runner']

/** In one sentence without a dot. */
export function describeDrivenRecord(record: DrivenRecord, runner: Runner): string {
  const { id, command, actor, run, startedAt } = record
  const by = actor === undefined ? '' : ` by ${actor}`
  const where = run === undefined ? '' : ` (${run})`
  return `the last ${command}, ${id}${by}${where}, began at ${startedAt} and ${standing(record, runner)}`
}

function standing({ phase, leftAt, holder }: DrivenRecord, runner: Runner): string {
  const since = leftAt === undefined ? '' : `, since ${leftAt}`
  if (phase === 'promoted' || phase === 'rolled-back') return `ended: ${phase}`
  if (phase === 'waiting') return `waits for a yes${since}: nobody follows it`
  if (phase === 'left') return `was left to its controller, which goes on${since}: nobody follows it`
  const doing = phase === 'aborting' ? 'is being taken back' : 'is under way'
  if (runner === 'alive') return `${doing}, followed by run ${holder}`
  return runner === 'gone'
    ? `${doing}: its run is gone, and nobody follows it`
    : `${doing}; whether its run lives cannot be told, these credentials may not get leases`
}

/** One line each; none where nothing is to be done. */
export function nextForDriven(
  record: DrivenRecord,
  { state, engine }: Pick<Driven, 'state' | 'engine'>,
  runner: Runner
): readonly string[] {
  if (!isOpen(record)) return []
  const { phase, canary, stable, run = 'run unknown' } = record
  if (runner === 'alive')
    return [
      `A run is at work on it (${run}): wait for it. Cancelled, it puts the old version back by itself; until it has ended every other run is refused.`
    ]
  if (state.at !== 'unseen' && canary.hash !== '' && state.wished !== canary.hash)
    return ['It is not what is wished for any more: command: follow notes how it ended.']
  if (state.at === 'rest' && state.stable === canary.hash)
    return ['Its version serves all users: command: follow tests and measures it, and notes that.']
  const back = `command: abort puts ${stable.images.join(', ') || 'the old version'} back.`
  if (state.at === 'gate' && state.gate !== 'held') return [`command: promote goes on with it, ${back}`]
  const urgent = phase === 'running' ? 'Urgent: nobody watches it any more. ' : ''
  return [`${urgent}${engine.title} goes on by itself; command: follow watches it, ${back}`]
}
