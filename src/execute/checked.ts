import type { ComparedStanding } from '../checks/compared-standing.ts'
import type { Standing } from '../checks/judge.ts'
import { judgedSteps, type Judged } from '../checks/judged-steps.ts'
import type { MeasuredVersion } from '../checks/measured-version.ts'
import { methodOf } from '../plan/method.ts'
import { measuredStable } from './measured-versions.ts'
import type { Journal, Ports, ReleaseRun, Settings } from './release-run.ts'

/** A release as far as its checks are concerned, whoever moves its users. */
export interface Checked {
  readonly settings: Settings
  readonly ports: Pick<Ports, 'clock' | 'log'>
  readonly progress: { standing: Standing; compared: ComparedStanding }
  readonly journal: Pick<Journal, 'measurements' | 'warnings' | 'judgement' | 'undecided'>
  /** How far it has come; undefined before the new version has got any requests of users. */
  judged(): Judged | undefined
  /** Since when there are users, or copies of their requests, on the new version; in milliseconds since the epoch. */
  firstUsers(): number | undefined
  /** The old version, with the pods that it has now. */
  stable(): Promise<MeasuredVersion>
  /** Whether the old version has users in these minutes, too. */
  hasStableBeside(): boolean
  /** Why it cannot wait for a decision, and what to do then; undefined where it can. */
  cannotWait(): string | undefined
}

/** Of a release that this run carries out itself. */
export const checkedOf = (run: ReleaseRun): Checked => ({
  settings: run.settings,
  ports: run.ports,
  progress: run.progress,
  journal: run.journal,
  judged: () => judgedPart(run),
  firstUsers: () => firstUsers(run),
  stable: () => measuredStable(run),
  // In place, and once it has no users any more, stable says nothing of these minutes.
  hasStableBeside: () => methodOf(run.initial).canWait && run.progress.release.weight < 100,
  cannotWait: () =>
    methodOf(run.initial).canWait
      ? undefined
      : 'Its pods have replaced the old ones, so it cannot wait; command: rollback brings these back'
})

/** A run that takes it up knows the steps before its own from the record. */
function judgedPart({ steps, settings, progress }: ReleaseRun): Judged | undefined {
  const { release, watched } = progress
  return judgedSteps({
    steps,
    bake: settings.bake,
    begun: (release.begunAt ?? []).map((at) => Date.parse(at)),
    ...(watched?.name === 'bake' && { bakeBegun: watched.startedAt })
  })
}

function firstUsers({ progress: { release, watched } }: ReleaseRun): number | undefined {
  const [first] = release.begunAt ?? []
  return first === undefined ? watched?.startedAt : Date.parse(first)
}
