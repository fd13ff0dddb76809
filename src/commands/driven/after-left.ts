import { Cancelled, messageOf } from '../../base/errors.ts'
import type { Outcome } from '../../domain/outcome.ts'
import type { Ended } from './deploy.ts'
import type { DrivenInvocation } from './invocation.ts'
import { drivenOutcome } from './outcome-of.ts'

/** What became of a release that was ended for another run, in one sentence without a dot. */
export function tellEnded({ run: { engine, journal, progress }, ending }: Ended): string {
  const { id, run, canary, stable, proved } = progress.record
  const release = `release ${id}${run === undefined ? '' : ` (${run})`}`
  if (ending.unsettled === true)
    return `${release}, which was unfinished, could not be undone: ${journal.warnings.join('; ')}`
  if (ending.result !== 'promoted')
    return `${release} was unfinished: it was undone, ${stable.images.join(', ')} serves`
  const untested = proved === true ? 'nobody has watched it to its end' : 'its smoke tests have not passed'
  return `${release} had come to its end without a run: ${engine.title} lets ${canary.images.join(', ')} serve all users. It is noted as promoted, although ${untested}`
}

/** Goes on after a release was ended for it; whatever comes of that, the summary tells what was ended. */
export async function afterLeft(
  ended: Ended,
  invocation: DrivenInvocation,
  work: () => Promise<Outcome>
): Promise<Outcome> {
  const { run, ending } = ended
  const told = tellEnded(ended)
  invocation.ports.log.warning(told)
  const stopped = (why: string, error?: unknown): Promise<Outcome> =>
    drivenOutcome(
      run,
      { ...ending, result: error instanceof Cancelled ? 'aborted' : 'failed', reason: `${told}. ${why}` },
      invocation
    )
  if (ending.unsettled === true) return stopped('Nothing was begun after that')
  try {
    const outcome = await work()
    return { ...outcome, warnings: [told, ...outcome.warnings] }
  } catch (error) {
    return stopped(`Nothing was begun after that:\n${messageOf(error)}`, error)
  }
}
