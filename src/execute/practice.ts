import { isUnfinished } from '../domain/record.ts'
import { methodOf, type Method } from '../plan/method.ts'
import { isNobody } from '../routes/split.ts'
import { untilChangedByOthers } from './in-place/replace.ts'
import { collectReplaced } from './in-place/undo.ts'
import { byHandBeside, byHandFirst, byHandInPlace, type ByHand } from './manual-recovery.ts'
import type { ReleaseRun } from './release-run.ts'
import { collectCanary } from './steps/collect-evidence.ts'
import { untilStableChanges } from './steps/ensure-stable.ts'

/** How the users came back to stable. */
export interface Return {
  /** From the cause until stable had all traffic again; absent when no user had been on the canary. */
  readonly restoreSeconds?: number
  /** It failed, and no user was ever on the canary. */
  readonly unexposed?: boolean
  /** In place: the template of before is back, its pods are not yet. */
  readonly returning?: boolean
}

/** What a method does in its own way while a release is carried out. What it plans is in `plan/method.ts`. */
interface Practice {
  /** Rejects when somebody changes a Deployment that the release cannot go on without. */
  readonly untilDisturbed: (run: ReleaseRun, signal: AbortSignal) => Promise<void>
  /** Keeps what is known of the canary's pods before they are gone. */
  readonly collectEvidence: (run: ReleaseRun) => Promise<string>
  /** @param since milliseconds since the epoch at which the cause of the failure came */
  readonly returnSince: (run: ReleaseRun, since: number) => Return
  /** What was done with a release that its run had left. */
  readonly recovered: (run: ReleaseRun) => string
  readonly byHand: ByHand
}

const secondsFrom = (since: number, until: number): number => (until - since) / 1000

/** Whether users may have been on the canary, be it by copies of their requests. */
const wasExposed = ({ progress: { release }, journal: { shifts } }: ReleaseRun): boolean =>
  release.exposed === true || shifts.some(({ split }) => !isNobody(split))

const beside: Practice = {
  untilDisturbed: untilStableChanges,
  collectEvidence: collectCanary,
  returnSince: (run, since) =>
    wasExposed(run)
      ? { restoreSeconds: secondsFrom(since, run.progress.shiftedAt ?? since) }
      : { unexposed: true },
  recovered: ({
    initial,
    progress: {
      release: { stable, canary }
    }
  }) =>
    `${stable.deployment === initial.stable.deployment ? 'undone' : 'finished'}: ${stable.deployment} has all traffic, ${canary.deployment} is scaled down`,
  byHand: byHandBeside
}

const inPlace: Practice = {
  untilDisturbed: untilChangedByOthers,
  collectEvidence: collectReplaced,
  returnSince: returnInPlace,
  recovered: ({ initial, progress: { stable, release } }) =>
    stable.hash === initial.stable.hash
      ? `undone: ${release.stable.deployment} has its previous template again`
      : `closed: ${release.stable.deployment} has another template by now, which is left as it is`,
  byHand: byHandInPlace
}

/** Users are back when all pods are, which a cancelled run does not await. */
function returnInPlace(
  { progress: { outdated, backAt, release }, journal: { shifts } }: ReleaseRun,
  since: number
): Return {
  if (!shifts.some(({ gradual }) => gradual === true))
    return outdated === undefined ? { unexposed: true } : {}
  if (backAt !== undefined) return { restoreSeconds: secondsFrom(since, backAt) }
  return isUnfinished(release) ? { returning: true } : {}
}

const first: Practice = {
  ...beside,
  untilDisturbed: () => Promise.resolve(),
  recovered: ({ progress: { release, canary } }) =>
    release.phase === 'promoted'
      ? `finished: ${canary.deployment} has all traffic`
      : `undone: nobody is served, ${canary.deployment} is scaled down`,
  byHand: byHandFirst
}

const practices: Readonly<Record<Method['name'], Practice>> = { beside, 'in place': inPlace, first }

export const practiceOf = ({ initial }: Pick<ReleaseRun, 'initial'>): Practice =>
  practices[methodOf(initial).name]
