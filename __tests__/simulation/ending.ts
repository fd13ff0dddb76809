import { readRecord } from '../../src/domain/read-record.ts'
import { isUnfinished } from '../../src/domain/record.ts'
import { isReady } from '../../src/kubernetes/health.ts'
import type { HorizontalPodAutoscaler } from '../../src/kubernetes/limits.ts'
import type { Lease } from '../../src/kubernetes/objects.ts'
import { autoscalerRef, leaseRef, workloadLeaseRef } from '../support/memory/shop.ts'
import type { Report } from './invariants/report.ts'
import { describeEnd, start, type Ended, type Started } from './runs.ts'
import type { Schedule } from './schedule.ts'
import { heal, type Stage } from './stage.ts'
import {
  deploymentIn,
  entriesOf,
  INTERNAL,
  isOurs,
  ownerOf,
  podsIn,
  routesIn,
  serviceIn,
  versionIn,
  waysOf
} from './users.ts'

/** An undisturbed run takes no longer, in milliseconds, and asks no oftener: the lock of a dead one is 15 s of that. */
const LONGEST = 3 * 60_000
const MOST_CALLS = 200
/** A second Service has a lock that is renewed, a selector and endpoints of its own. */
const MORE_FOR_A_SERVICE = 60
/** So has a second route its reads and writes, in the release and in what it has to end first. */
const MORE_FOR_A_ROUTE = 25

const LAST_VERSION = '99'

/** All is well again, and one more run comes: after it nothing of what has been is left. */
export async function playEnding(
  { ending, acts }: Schedule,
  stage: Stage,
  report: Report,
  runs: Started[]
): Promise<void> {
  await heal(stage)
  stage.story.note('the world', '(from here on nothing goes wrong)')
  if (ending === 'post') await runs.at(-1)?.post()
  if (ending === 'abort' || ending === 'rollback')
    await undisturbed(stage, report, runs, acts.length + 1, ending)
  const size = sizeAtBegin(stage, `${acts.length + 2}-1`)
  const { ended } = await undisturbed(stage, report, runs, acts.length + 2, 'deploy')
  await stage.clock.sleep(10_000)
  const result = ended.kind === 'outcome' ? ended.outcome.result : ended.kind
  if (result !== 'promoted') report.add('end', `the last deploy ended: ${describeEnd(ended)}`)
  for (const leftover of leftovers(stage, size())) report.add('end', leftover)
}

async function undisturbed(
  stage: Stage,
  report: Report,
  runs: Started[],
  at: number,
  command: 'deploy' | 'abort' | 'rollback'
): Promise<{ readonly ended: Ended }> {
  const inputs = { bake: '1s' }
  const version = command === 'deploy' ? LAST_VERSION : undefined
  const begun = stage.clock.now()
  const run = start(stage, { name: `run ${at}`, command, inputs, version, faults: [] })
  runs.push(run)
  const late = stage.clock.sleep(LONGEST).then((): Ended => ({ kind: 'died' }))
  const ended = await Promise.race([run.ended, late])
  stage.story.note(run.name, `(ends: ${describeEnd(ended)})`)
  if (ended.kind === 'died') report.add('end', `the last ${command} has not ended after ${LONGEST / 1000} s`)
  const { internal, routes } = stage.world
  const more = (internal ? MORE_FOR_A_SERVICE : 0) + Math.max(0, routes.length - 1) * MORE_FOR_A_ROUTE
  if (run.process.calls() > MOST_CALLS + more)
    report.add('end', `the last ${command} took ${run.process.calls()} calls`)
  // To refuse is right where there is nothing to abort or to go back to.
  if (ended.kind === 'error' && ended.error.name !== 'InputError')
    report.add(
      'end',
      `the last ${command} failed after ${stage.clock.now() - begun} ms: ${ended.error.message}`
    )
  const record = readRecord(serviceIn(stage.cluster))
  if (record !== undefined && isUnfinished(record))
    report.add('end', `after the last ${command} the release is ${record.phase}`)
  await stage.clock.sleep(1000)
  return { ended }
}

/** How many pods serve when a release begins: what was left unfinished has been put back by then. */
function sizeAtBegin(stage: Stage, id: string): () => number {
  let size = servingSize(stage)
  let begun = false
  stage.cluster.subscribe((now) => {
    if (begun || now.kind !== 'Service' || now.metadata.name !== 'web' || readRecord(now)?.id !== id) return
    begun = true
    size = servingSize(stage)
  })
  return () => size
}

function servingSize({ cluster }: Stage): number {
  const [service] = waysOf(cluster, [])
  const names = new Set(service?.pods.map(ownerOf))
  return Math.max(...[...names].map((name) => deploymentIn(cluster, name)?.spec.replicas ?? 1), 1)
}

function leftovers(stage: Stage, size: number): readonly string[] {
  const { cluster } = stage
  const [service] = waysOf(cluster, [])
  const pods = service?.pods ?? []
  const serving = new Set(pods.map(ownerOf))
  const [name = ''] = serving
  const others = podsIn(cluster).filter((pod) => ownerOf(pod) !== name)
  const ready = pods.filter(isReady).length
  const strangers = pods.filter((pod) => versionIn(pod) !== LAST_VERSION)
  return [
    ...(serving.size === 1 ? [] : [`${serving.size} Deployments serve in the end`]),
    ...strangers.slice(0, 1).map((pod) => `in the end users are on version ${versionIn(pod)}`),
    ...(ready === size ? [] : [`in the end ${ready} pods answer, and there were ${size}`]),
    ...[...new Set(others.map(ownerOf))].map((left) => `pods of ${left} are left over`),
    ...followerLeftovers(stage, name),
    ...routeLeftovers(stage),
    ...lockLeftovers(stage),
    ...autoscalerLeftovers(stage, name)
  ]
}

const followerLeftovers = ({ cluster }: Stage, serving: string): readonly string[] =>
  waysOf(cluster, [])
    .filter(
      ({ title, pods }) => title === `service/${INTERNAL}` && pods.some((pod) => ownerOf(pod) !== serving)
    )
    .map(
      ({ title, pods }) =>
        `${serving} serves, and ${title} leads to ${[...new Set(pods.map(ownerOf))].join()}`
    )

const routeLeftovers = ({ cluster }: Stage): readonly string[] =>
  routesIn(cluster).flatMap((route) => [
    ...entriesOf(route)
      .filter(isOurs)
      .map(({ backend }) => `httproute/${route.metadata.name} still leads to ${backend.name}`),
    ...Object.keys(route.metadata.annotations ?? {}).map(
      (key) => `httproute/${route.metadata.name} still has the annotation ${key}`
    )
  ])

function lockLeftovers({ cluster }: Stage): readonly string[] {
  return [workloadLeaseRef, leaseRef].flatMap((ref) => {
    const holder = cluster.read<Lease>(ref)?.spec?.holderIdentity ?? ''
    return holder === '' ? [] : [`lease/${ref.name} is still held by ${holder}`]
  })
}

function autoscalerLeftovers({ cluster }: Stage, serving: string): readonly string[] {
  const target = cluster.read<HorizontalPodAutoscaler>(autoscalerRef)?.spec.scaleTargetRef.name
  return target === undefined || target === serving
    ? []
    : [`the autoscaler minds ${target}, and ${serving} serves`]
}
