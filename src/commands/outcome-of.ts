import { formatDuration } from '../base/duration.ts'
import { sh } from '../base/shell.ts'
import { emptyOutcome } from '../domain/empty-outcome.ts'
import type { Outcome, Version } from '../domain/outcome.ts'
import { hasRoutes, isUnfinished, splitOf, type Release } from '../domain/record.ts'
import type { Ending } from '../execute/execute-or-restore.ts'
import type { Progress, ReleaseRun } from '../execute/release-run.ts'
import { routeWritersOf, trafficsOf } from '../execute/route-writers.ts'
import { printRoute } from '../inputs/route.ts'
import { nameStep, type TrafficStep } from '../inputs/step.ts'
import { readyReplicas } from '../kubernetes/health.ts'
import { selects } from '../kubernetes/selectors.ts'
import { afterFirst } from './after-first.ts'
import { type Observed, versionOf } from '../observe/observed.ts'
import { readyOfServing } from '../report/traffic-facts.ts'
import { isCompared, lacksData } from '../report/verdict.ts'
import { describeSplit } from '../routes/split.ts'
import { jobsToDo, unfinishedJob } from './jobs-told.ts'
import type { PostInvocation } from './invocation.ts'

/** What is known of the cluster when a run ends without having changed anything. */
export function lookedAt(observed: Observed, { inputs, origin, ports }: PostInvocation): Outcome {
  const { slot, deployment, hash } = observed.stable
  return {
    ...emptyOutcome(inputs.command, origin, ports.clock.now()),
    result: 'unchanged',
    namespace: observed.namespace,
    workload: observed.workload,
    route: [observed.service, ...observed.companions]
      .map(({ metadata }) => `service/${metadata.name}`)
      .join(', '),
    ...(observed.first === true
      ? { first: true }
      : { serving: versionOf(slot, deployment, hash), ready: readyReplicas(deployment) })
  }
}

/** Who has how much of the traffic in the middle of a release, as its record says. */
export const underWay = (record: Release, observed: Observed): Partial<Outcome> => ({
  ...(record.weight === 100 ? { serving: record.canary, ready: readyOfServing(observed) } : {}),
  canary: record.canary,
  weight: record.weight,
  shareOf: hasRoutes(record) ? 'requests' : 'connections',
  ...(hasRoutes(record) ? { route: record.routes.map(printRoute).join(', ') } : {}),
  shifts: record.shiftedAt === undefined ? [] : [{ at: Date.parse(record.shiftedAt), split: splitOf(record) }]
})

/** What a release came to. */
export function outcomeOf(
  run: ReleaseRun,
  ending: Ending,
  { inputs, origin, ports }: PostInvocation
): Outcome {
  const { canary, stable, ready, release, gap } = run.progress
  const serving = hasCanaryTheTraffic(run.progress) ? canary : stable
  const first = run.initial.first === true
  return {
    ...emptyOutcome(inputs.command, origin, ports.clock.now()),
    result: ending.result,
    reason: ending.reason,
    namespace: run.namespace,
    workload: run.workload,
    route: [...routeWritersOf(run), ...(run.routes.length > 0 ? [] : run.companions)]
      .map(({ traffic }) => traffic.title)
      .join(', '),
    ...(first ? { first } : {}),
    ...(first && serving === stable ? {} : { serving }),
    ...(serving === stable && ready !== undefined ? { ready } : {}),
    canary,
    ...(first ? {} : previousOf(run.progress, serving)),
    ...(release.keptUntil === undefined ? {} : { keptUntil: Date.parse(release.keptUntil) }),
    weight: serving === canary ? 100 : isUnfinished(release) ? release.weight : 0,
    shareOf: run.routes.length > 0 ? 'requests' : 'connections',
    ...run.journal,
    ...unfinishedJob(run, ending),
    ...toldBy(ending),
    ...(gap === undefined ? {} : { gapSeconds: gap / 1000 }),
    foreignWrites: trafficsOf(run).flatMap(({ foreignWrites }) => foreignWrites),
    ...(run.initial.sha === undefined ? {} : { commit: run.initial.sha }),
    next: [
      ...ending.next,
      ...(first ? afterFirst(run, ending) : nextSteps(run, ending, serving)),
      ...jobsToDo(run, ending)
    ]
  }
}

function toldBy(ending: Ending): Partial<Outcome> {
  const { failedCheck, restoreSeconds, unexposed, returning, unsettled } = ending
  return {
    ...(failedCheck === undefined ? {} : { failedCheck }),
    ...(unsettled === true ? { unsettled } : {}),
    ...(restoreSeconds === undefined ? {} : { restoreSeconds }),
    ...(unexposed === true ? { unexposed } : {}),
    ...(returning === true ? { returning } : {})
  }
}

/** The version that served before the one that serves; without a new version, the way back that the record has kept. */
function previousOf({ stable, release }: Progress, serving: Version): Pick<Outcome, 'previous'> {
  if (serving !== stable) return { previous: stable }
  if (release.previous === undefined) return {}
  const { strategy: _, ...previous } = release.previous
  return { previous: { ...previous, replicas: 0 } }
}

/** As the record says. After the end of a release, its stable version is the one that serves. */
const hasCanaryTheTraffic = ({ release, canary }: Progress): boolean =>
  isUnfinished(release)
    ? release.weight === 100
    : release.stable.deployment === canary.deployment && release.stable.hash === canary.hash

/** The old version by its images, or by its template where the new version has the same images. */
function oldVersion({ stable, canary }: Progress): string {
  const images = stable.images.join(', ')
  return images === canary.images.join(', ') && stable.hash !== ''
    ? `the template of before, ${stable.hash} (${images} too; what differs is its config or other fields)`
    : images
}

/** Advice for checks without data: perhaps nobody has used the service just then. */
function withoutData(
  { settings, journal: { measurements, judgement } }: ReleaseRun,
  { failedCheck = '' }: Ending
): readonly string[] {
  const compared = judgement === undefined ? {} : { judgement }
  if (!lacksData({ measurements, failedCheck, ...compared })) return []
  if (isCompared(failedCheck))
    return [
      'That there was no data says nothing of the version. Is it scraped, and does it count its requests? Should nobody have sent it any, give the step more time or a larger share, or let the release wait for data (on-no-data: wait, up to no-data-timeout).'
    ]
  const hasLoad = settings.smokeTests.some(({ kind }) => kind === 'load')
  const load =
    'give it some before the switch by a load line in smoke-tests (GET / at 20/s for 2m -> 200), or '
  return [
    `That there was no data says nothing of the version. Is it scraped? Should nobody have sent it requests, ${hasLoad ? '' : load}let the release wait for data (on-no-data: wait, up to no-data-timeout).`
  ]
}

/** However short a bake was, one that long shows something, in milliseconds. */
const TELLING = 300_000

/** What may be done that it does not come to this again. */
function whatWouldTell({ journal, settings, steps }: ReleaseRun): readonly string[] {
  if (journal.undecided !== true) return []
  const beside = steps.findLast(
    ({ split: { weight }, until }) => weight > 0 && weight < 100 && until.kind === 'duration'
  )
  const example =
    beside === undefined ? `bake: ${formatDuration(Math.max(2 * settings.bake, TELLING))}` : longer(beside)
  return [
    `Next time more requests would tell: a longer step or a larger share, for example \`${example}\`. With on-inconclusive: promote or abort nobody has to decide.`
  ]
}

/** The step of twice the time. */
function longer({ split, until }: TrafficStep): string {
  const duration = until.kind === 'duration' ? 2 * until.duration : 0
  return `steps: ${nameStep({ split, until: { kind: 'duration', duration } })}`
}

/** What a person may want to do next, with commands to copy. */
function nextSteps(run: ReleaseRun, ending: Ending, serving: Version): string[] {
  const { namespace } = run
  const { canary, release, ready } = run.progress
  const { result, returning } = ending
  if (returning === true)
    return [
      `The pods of ${serving.images.join(', ')} come back by themselves: ${sh`kubectl -n ${namespace} rollout status deployment/${serving.deployment}`}`
    ]
  if (result === 'promoted')
    return [`To go back to ${oldVersion(run.progress)}: run the rollback workflow (command: rollback).`]
  if (result === 'waiting')
    return [
      `To go on: run the workflow with command: promote. To put ${oldVersion(run.progress)} back: command: abort.`,
      `Until then nobody watches: ${describeSplit(splitOf(release))} stays on ${canary.deployment}.`,
      ...whatWouldTell(run)
    ]
  if (result === 'rolled-back' && release.command === 'deploy') {
    const read = `Read the ${ending.failedCheck === undefined ? 'reason above' : 'failing check'} and the log below`
    return [
      ready === 0
        ? `Urgent: nobody serves, because no pod of ${serving.deployment} (${serving.images.join(', ')}) is ready: ${sh`kubectl -n ${namespace} describe deployment/${serving.deployment}`}, or scale it up if it is scaled down.`
        : `No action needed: ${serving.images.join(', ')} serves all users.`,
      ...(run.progress.deployment === undefined || selects(release.selectors.before, release.selectors.canary)
        ? [`${read}.`]
        : [
            `${read}, or start one pod of it by hand, which gets no traffic: ${sh`kubectl -n ${namespace} scale deployment/${canary.deployment} --replicas=1`}`
          ]),
      ...withoutData(run, ending),
      'Fix it and push again: the next run releases it from the start.'
    ]
  }
  return []
}
