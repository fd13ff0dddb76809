import { remark, sh } from '../base/shell.ts'
import { splitOf } from '../domain/record.ts'
import type { Labels } from '../kubernetes/selectors.ts'
import { describeSplit } from '../routes/split.ts'
import type { Progress, ReleaseRun } from './release-run.ts'
import { backendsFor, backendsIn, trafficsOf } from './route-writers.ts'

/** What a person has to do because the run could not, as commands. */
export interface ByHand {
  /** What puts stable back, and how to look. */
  readonly putBack: (run: ReleaseRun) => readonly string[]
  /** Only how to look, since another run has taken the lock and may be moving the traffic. */
  readonly leftToOthers: (run: ReleaseRun) => readonly string[]
  /** What a promotion has left running. */
  readonly leftOver: (run: ReleaseRun) => readonly string[]
  /** What ends the rest of a release that was undone. */
  readonly tidy: (run: ReleaseRun) => string
}

/** Where the traffic was when the cluster last answered. */
export function lastKnown({ release, shiftedAt, canary }: Progress): string {
  const since = shiftedAt === undefined ? '' : ` since ${new Date(shiftedAt).toISOString()}`
  return `last known: ${describeSplit(splitOf(release))} on ${canary.deployment} (${canary.images.join(', ')})${since}`
}

const lookByHand = (run: ReleaseRun): string[] =>
  trafficsOf(run).map(
    ({ title }) => `${sh`kubectl -n ${run.namespace} get ${title} -o yaml`}   # who has the traffic`
  )

/**
 * Commands that point a Service to stable. With routes that is the canary's Service: whatever their kind, the routes send
 * the canary's share there, and the other Service selects stable all the time.
 */
function moveByHand(
  run: ReleaseRun,
  what = `all of it to ${remark(run.progress.stable.deployment)}`
): string[] {
  const { namespace, traffic, routes } = run
  const target = routes.length > 0 ? backendsIn(run).canary : traffic.name
  return [
    `${sh`kubectl -n ${namespace} patch service/${target} --type=json -p ${selecting(run.progress.release.selectors.stable)}`}   # ${what}`,
    ...run.companions.map(({ own, traffic: { name } }) => {
      const { stable: theirs } = backendsFor(own, backendsIn(run)).selectors
      return `${sh`kubectl -n ${namespace} patch service/${name} --type=json -p ${selecting(theirs)}`}   # and all of that`
    }),
    ...lookByHand(run)
  ]
}

const selecting = (value: Labels): string =>
  JSON.stringify([{ op: 'replace', path: '/spec/selector', value }])

const AGAIN = 'or run the workflow again: it puts stable back before it does anything else'

const otherDecides = (run: ReleaseRun): string =>
  `${lastKnown(run.progress)}; the run that has taken the lock decides about it, and without one command: abort puts stable back`

export const byHandBeside: ByHand = {
  putBack: (run) => [...moveByHand(run), AGAIN],
  leftToOthers: (run) => [otherDecides(run), ...lookByHand(run)],
  leftOver: ({ namespace, progress: { stable } }) => [
    `${sh`kubectl -n ${namespace} scale deployment/${stable.deployment} --replicas=0`}   # the version that served before still runs`
  ],
  tidy: ({ namespace, progress: { canary } }) =>
    `${sh`kubectl -n ${namespace} scale deployment/${canary.deployment} --replicas=0`}   # works when it is no longer refused`
}

/** The version that served before has no pods of its own, and no route leads to them. */
export const byHandInPlace: ByHand = {
  putBack: ({ namespace, progress: { stable } }) => [
    `${sh`kubectl -n ${namespace} rollout undo deployment/${stable.deployment}`}   # back to ${remark(stable.images.join(', '))}`,
    `${sh`kubectl -n ${namespace} rollout history deployment/${stable.deployment}`}   # which template does it have`,
    AGAIN
  ],
  leftToOthers: (run) => [otherDecides(run)],
  leftOver: () => [],
  tidy: ({ namespace, progress: { stable } }) =>
    `${sh`kubectl -n ${namespace} rollout status deployment/${stable.deployment}`}   # has it its previous template everywhere`
}

/** The way back is that nobody is served. */
export const byHandFirst: ByHand = {
  ...byHandBeside,
  putBack: (run) => [
    ...moveByHand(run, 'nobody is served'),
    'or command: abort, which does the same and scales the new version down'
  ],
  leftToOthers: (run) => [
    `${lastKnown(run.progress)}; the run that has taken the lock decides about it, and without one command: abort takes it back`,
    ...lookByHand(run)
  ]
}
