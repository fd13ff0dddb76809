import { isUnfinished } from '../domain/record.ts'
import type { Ending } from './execute-or-restore.ts'
import { practiceOf } from './practice.ts'
import type { ReleaseRun } from './release-run.ts'

/** Why a release whose traffic was put back is not over yet; undefined when it is. */
export const untidied = ({ progress: { release }, journal: { timeline } }: ReleaseRun): string | undefined =>
  isUnfinished(release) ? (timeline.findLast(({ status }) => status === 'failed')?.detail ?? '') : undefined

/**
 * How a run ends that could put the traffic of a release back, but not tidy up. It does not go on to what it was asked
 * for: what keeps the release from being tidied up may last, and every later run would find it again.
 * @returns undefined when nothing is left of the release
 */
export function untidyEnding(run: ReleaseRun): Ending | undefined {
  const why = untidied(run)
  if (why === undefined) return undefined
  const { id, first } = run.progress.release
  const who = first === true ? 'nobody is served' : `${run.progress.stable.deployment} serves all traffic`
  const reason =
    `release ${id} was undone and ${who}, ` +
    `but not everything of it could be cleaned up: ${why}. Nothing new is begun before that`
  return { result: 'failed', reason, next: nextSteps(run) }
}

function urgency({ progress: { ready, stable, release } }: ReleaseRun): string {
  if (release.first === true) return 'Nobody is served until it is installed.'
  return ready === 0
    ? `Urgent: no pod of ${stable.deployment} is ready, so that nobody serves.`
    : 'Not urgent: users are on the old version.'
}

const nextSteps = (run: ReleaseRun): string[] => [
  `${urgency(run)} Find in the reason above who refuses it: a policy, a webhook or a quota.`,
  practiceOf(run).byHand.tidy(run),
  'Then run the workflow again: it cleans up first, and goes on with what you ask for.'
]
