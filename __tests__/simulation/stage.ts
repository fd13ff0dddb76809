import type { HttpAnswer, HttpRequest } from '../../src/kubernetes/cluster.ts'
import { isEnding, isReady } from '../../src/kubernetes/health.ts'
import type { Pod } from '../../src/kubernetes/objects.ts'
import { FakeClock } from '../support/memory/fake-clock.ts'
import { MemoryCluster } from '../support/memory/memory-cluster.ts'
import { Controllers, READY, UNREADY, waiting, type Life } from '../support/memory/controllers.ts'
import { serveRoutes, type HttpRoute } from '../support/memory/gateway-controller.ts'
import { openAttribution, type Attribution } from './attribution.ts'
import type { Fate, World } from './schedule.ts'
import { openStory, type Story } from './story.ts'
import { podsIn, versionIn } from './users.ts'
import { objectsOf } from './world.ts'

/** A world in which time passes. */
export interface Stage {
  readonly world: World
  readonly clock: FakeClock
  readonly cluster: MemoryCluster
  readonly controllers: Controllers
  /** The routes as gateways have them. */
  readonly inForce: () => readonly HttpRoute[]
  /** What becomes of the pods of each version. */
  readonly fates: Map<string, Fate>
  /** Nobody reaches the API server until then; milliseconds since the epoch. */
  readonly api: { goneUntil: number }
  /** Names of pods that have passed a smoke test. */
  readonly tested: Set<string>
  readonly attribution: Attribution
  readonly story: Story
  /** From now on nothing goes wrong any more. */
  isWell: boolean
}

const LIVED = 6000

export async function openStage(world: World): Promise<Stage> {
  const clock = new FakeClock({ auto: true })
  const cluster = new MemoryCluster(clock)
  const controllers = new Controllers(cluster)
  const stage: Stage = {
    world,
    clock,
    cluster,
    controllers,
    inForce: serveRoutes(cluster, () => world.gatewayLag),
    fates: new Map(),
    api: { goneUntil: 0 },
    tested: new Set(),
    attribution: openAttribution(clock),
    story: openStory(cluster),
    isWell: false
  }
  controllers.life = (pod) => lifeOf(stage, pod)
  cluster.answer = (request) => answerTo(stage, request)
  for (const object of objectsOf(world)) cluster.create(object)
  await clock.sleep(30_000)
  controllers.lag = world.lag
  cluster.subscribe((now, before) => {
    if (now.kind === 'Pod') spoil(stage, now as Pod, before as Pod | undefined)
  })
  return stage
}

const fateOf = ({ fates }: Stage, pod: Pod): Fate => fates.get(versionIn(pod)) ?? 'good'

function lifeOf(stage: Stage, pod: Pod): Life {
  const after = stage.world.startup
  const fate = fateOf(stage, pod)
  if (fate === 'slow') return { after: after + 15_000, status: READY }
  if (fate === 'never ready') return { after, status: UNREADY }
  return { after, status: fate === 'crash at once' ? waiting('CrashLoopBackOff') : READY }
}

/** Some versions show only after a while what is wrong with them. */
function spoil(stage: Stage, pod: Pod, before: Pod | undefined): void {
  const fate = fateOf(stage, pod)
  const came = isReady(pod) && (before === undefined || !isReady(before))
  if (!came || (fate !== 'crashes' && fate !== 'unready')) return
  void stage.clock.sleep(LIVED).then(
    () => {
      const live = podsIn(stage.cluster).find(({ metadata }) => metadata.name === pod.metadata.name)
      if (live === undefined || fateOf(stage, live) !== fate) return
      stage.attribution.afflict(live)
      stage.controllers.change(live, fate === 'crashes' ? waiting('CrashLoopBackOff') : UNREADY)
    },
    () => undefined
  )
}

/** What pods answer to smoke tests. */
function answerTo(stage: Stage, { path }: HttpRequest): HttpAnswer {
  const [, name = ''] = /\/pods\/(?:https?:)?([^:/]+)/.exec(path) ?? []
  const pod = podsIn(stage.cluster).find(({ metadata }) => metadata.name === name)
  const passes = pod !== undefined && isReady(pod) && fateOf(stage, pod) !== 'fails tests'
  if (passes) stage.tested.add(name)
  return { status: passes ? 200 : 503, headers: {}, body: '' }
}

/** Whatever was wrong with the world is not any more. */
export async function heal(stage: Stage): Promise<void> {
  stage.isWell = true
  stage.api.goneUntil = 0
  stage.fates.clear()
  stage.controllers.lag = 5
  for (const pod of podsIn(stage.cluster))
    if (!isReady(pod) && !isEnding(pod)) stage.controllers.change(pod, READY)
  await stage.clock.sleep(40_000)
  stage.attribution.forgive()
}
