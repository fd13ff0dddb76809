import { remark, sh } from '../base/shell.ts'
import { splitOf, type Selector } from '../domain/record.ts'
import { describeSplit } from '../routes/split.ts'
import { trafficsOf } from './begin-run.ts'
import type { ReleaseRun } from './release-run.ts'
import { backendsFor, backendsIn } from './route-writers.ts'

/** Where the traffic was when it was last heard of. */
export function lastKnown({ release, shiftedAt, canary }: ReleaseRun): string {
  const since = shiftedAt === undefined ? '' : ` since ${new Date(shiftedAt).toISOString()}`
  return `last known: ${describeSplit(splitOf(release))} on ${canary.deployment} (${canary.images.join(', ')})${since}`
}

/** What a person has to do because we could not: the command that puts stable back, and how to look. */
export const byHand = (run: ReleaseRun): string[] => [
  ...(run.initial.strategy === undefined ? moveByHand(run) : undoByHand(run)),
  'or run the workflow again: it puts stable back before it does anything else'
]

/** The lock is another run's, or was: a command that moves traffic would be against that one. */
export const leftToOthers = (run: ReleaseRun): string[] => [
  `${lastKnown(run)}; the run that has taken the lock decides about it, and without one command: abort puts stable back`,
  ...(run.initial.strategy === undefined ? lookByHand(run) : [])
]

const lookByHand = (run: ReleaseRun): string[] =>
  trafficsOf(run).map(
    ({ title }) => `${sh`kubectl -n ${run.namespace} get ${title} -o yaml`}   # who has the traffic`
  )

const undoByHand = ({ namespace, stable }: ReleaseRun): string[] => [
  `${sh`kubectl -n ${namespace} rollout undo deployment/${stable.deployment}`}   # back to ${remark(stable.images.join(', '))}`,
  `${sh`kubectl -n ${namespace} rollout history deployment/${stable.deployment}`}   # which template does it have`
]

/**
 * With routes the Service selects stable all the time, and the canary's Service is where the routes send its share: it
 * is the one to change, whatever the route is.
 */
function moveByHand(run: ReleaseRun): string[] {
  const { namespace, traffic, routes, stable } = run
  const target = routes.length > 0 ? backendsIn(run).canary : traffic.name
  return [
    `${sh`kubectl -n ${namespace} patch service/${target} --type=json -p ${selecting(run.release.selectors.stable)}`}   # all of it to ${remark(stable.deployment)}`,
    ...run.companions.map(({ own, traffic: { name } }) => {
      const { stable: theirs } = backendsFor(own, backendsIn(run)).selectors
      return `${sh`kubectl -n ${namespace} patch service/${name} --type=json -p ${selecting(theirs)}`}   # and all of that`
    }),
    ...lookByHand(run)
  ]
}

const selecting = (value: Selector): string =>
  JSON.stringify([{ op: 'replace', path: '/spec/selector', value }])

/** In place there is nothing: the version that served before has no pods of its own. */
export const leftOver = ({ initial, namespace, stable }: ReleaseRun): string[] =>
  initial.strategy !== undefined
    ? []
    : [
        `${sh`kubectl -n ${namespace} scale deployment/${stable.deployment} --replicas=0`}   # the version that served before still runs`
      ]
