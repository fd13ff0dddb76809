import { afterAll, beforeAll, expect } from '@jest/globals'
import type { KubernetesObject, Service } from '../../src/kubernetes/objects.ts'
import type { Ended, Started } from '../support/action.ts'
import {
  getRollout,
  patchRolloutStatus,
  rollout,
  setRolloutImage,
  untilRollout,
  type Rollout
} from '../support/cluster/argo-rollouts.ts'
import { atOnce, table } from '../support/cluster/at-once.ts'
import {
  BUILDING,
  prepareArgoRollouts,
  startArgoRollouts,
  stopControllers
} from '../support/cluster/controllers.ts'
import { eventually } from '../support/cluster/eventually.ts'
import {
  gatewayUrl,
  ingressRoute,
  traefikService,
  uniqueHost,
  untilServed
} from '../support/cluster/gateway.ts'
import { openLiveStage, type LiveStage } from '../support/cluster/live-scene.ts'
import { playTogether } from '../support/cluster/live-suite.ts'
import { startLoad, type Counted, type Load } from '../support/cluster/load.ts'
import type { Program } from '../support/cluster/program.ts'
import { admin } from '../support/cluster/real-cluster.ts'
import { image } from '../support/cluster/workload.ts'

/** Releases by Argo Rollouts whose run leaves, is cancelled or lost, and people and controllers that do what they want meanwhile. */

beforeAll(prepareArgoRollouts, BUILDING)
afterAll(stopControllers)

/** So few for each of many. */
const PER_SECOND = 10

const labelsOf = (name: string) => ({ app: 'web', rollout: name })

const versionService = (name: string, of: string): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { selector: labelsOf(of), ports: [{ name: 'http', port: 80, targetPort: 'http' }] }
})

/** A Rollout of one pod that shares requests out by a TraefikService, and its Services. */
function canary(name: string, steps: readonly object[], replicas = 1): readonly KubernetesObject[] {
  const strategy = {
    canary: {
      canaryService: `${name}-canary`,
      stableService: `${name}-stable`,
      trafficRouting: { traefik: { weightedTraefikServiceName: name } },
      steps
    }
  }
  return [
    versionService(`${name}-stable`, name),
    versionService(`${name}-canary`, name),
    rollout(strategy, { name, replicas, labels: { rollout: name } })
  ]
}

interface Stage extends LiveStage {
  readonly argo: Program
  readonly hosts: ReadonlyMap<string, string>
}

/** Rollouts at rest in one namespace, with one controller. */
async function openRollouts(all: Readonly<Record<string, readonly KubernetesObject[]>>): Promise<Stage> {
  const names = Object.keys(all)
  const stage = await openLiveStage(Object.values(all).flat())
  const { namespace } = stage
  const hosts = new Map(names.map((name) => [name, uniqueHost()]))
  for (const [name, host] of hosts) {
    const backends = [{ name: `${name}-stable` }, { name: `${name}-canary` }]
    // The controller alone writes it: the published Role has no right to it.
    await admin.create(traefikService({ name, namespace, backends }))
    await admin.create(ingressRoute({ name, namespace, host }))
  }
  const argo = await startArgoRollouts(namespace)
  for (const name of names) await until(namespace, name, 'is Healthy', isHealthy)
  return { ...stage, argo, hosts }
}

const isHealthy = ({ status, metadata }: Rollout): boolean =>
  Number(status?.observedGeneration) === metadata.generation &&
  status?.phase === 'Healthy' &&
  status.stableRS === status.currentPodHash

const until = (
  namespace: string,
  name: string,
  what: string,
  isSo: (one: Rollout) => boolean
): Promise<Rollout> =>
  eventually(`rollout/${name} in ${namespace} ${what}`, () => getRollout(namespace, name), isSo)

const imageIn = ({ spec }: Rollout): string | undefined => spec.template.spec.containers[0]?.image
const weightIn = ({ status }: Rollout): number => status?.canary?.weights?.canary.weight ?? 0

const untilWeight = (namespace: string, name: string, weight: number): Promise<Rollout> =>
  until(namespace, name, `has ${weight}%`, (one) => weightIn(one) === weight)

/** In a pause, and its controller has written all that it had to write: it would overlook what others write meanwhile. */
const untilPaused = (namespace: string, name: string): Promise<Rollout> =>
  untilRollout(
    namespace,
    'pauses at 10%',
    (one) => weightIn(one) === 10 && one.status?.phase === 'Paused',
    name
  )

async function usersOf({ hosts }: Stage, name: string, perSecond = PER_SECOND): Promise<Load> {
  const host = hosts.get(name) ?? ''
  await untilServed(host)
  return startLoad(await gatewayUrl(), perSecond, { Host: host })
}

const release = (name: string, inputs: Readonly<Record<string, string>> = {}) => ({
  workload: `rollout/${name}`,
  images: image(2),
  bake: '0s',
  ...inputs
})

const LONG = [{ setWeight: 10 }, { pause: { duration: '10m' } }]

/** Three runs, each a process of its own, and a controller that goes on between them. */
async function relay(): Promise<void> {
  const steps = [
    { setWeight: 10 },
    { pause: { duration: '15s' } },
    { setWeight: 50 },
    { pause: { duration: '10m' } }
  ]
  const stage = await openRollouts({ web: canary('web', steps, 4) })
  const { namespace, run } = stage
  const inputs = release('web', {
    'leave-after': '1s',
    'smoke-tests': 'GET / -> 200 contains "v2"'
  })
  const load = await usersOf(stage, 'web', 50)
  try {
    const first = await run(inputs)
    expect(first).toMatchObject({ exitCode: 0, outputs: { result: 'waiting', image: image(1) } })
    expect(first.outputs.reason).toContain('Argo Rollouts goes on without it')
    expect(first.summary).toContain('command: follow')

    const told = await run({ workload: 'rollout/web', command: 'status' })
    expect(told.outputs.reason).toMatch(
      /was left to its controller, which goes on, since .*: nobody follows it$/
    )

    // Nobody is there, and the controller goes on.
    await untilWeight(namespace, 'web', 50)
    const second = await run({ ...inputs, command: 'follow' })
    expect(second).toMatchObject({ exitCode: 0, outputs: { result: 'waiting', weight: '50' } })
    expect(second.log).toMatch(/on 1 pod/)

    await patchRolloutStatus(namespace, { status: { promoteFull: true } })
    await until(namespace, 'web', 'is Healthy with v2', (one) => isHealthy(one) && imageIn(one) === image(2))
    const third = await run({ ...inputs, command: 'follow' })
    expect(third).toMatchObject({ exitCode: 0, outputs: { result: 'promoted', image: image(2) } })
    const again = await run({ ...inputs, command: 'follow' })
    expect(again).toMatchObject({ exitCode: 0, outputs: { result: 'unchanged', image: image(2) } })

    const users = await load.stop()
    console.log(
      `relay: ${users.failed} of ${users.total} failed, ${JSON.stringify(users.versions)}; ` +
        `runs of ${[first, second, third, again].map(({ milliseconds }) => milliseconds).join(', ')} ms`
    )
    expect(users.failures).toEqual([])
    expect(users.versions.v2).toBeGreaterThan(0)
  } finally {
    await load.stop()
  }
}

/** When a run is cancelled: at a line of its log, or so long after a share of users. */
type Moment = readonly [what: string, when: RegExp | number, after?: number]

const MOMENTS: readonly Moment[] = [
  ['noting the release', /Note the release/],
  ['bringing the version', /Bring the new version/],
  ['waiting for its pods', /Wait until pods/],
  ['in the smoke tests', /Run 1 smoke test/],
  ['watching', /Watch while Argo Rollouts/],
  ['at 10%', 10],
  ['in the pause of 10%', 10, 1500],
  ['at 50%', 50],
  ['in the pause of 50%', 50, 1500],
  ['in the bake', /Watch with all traffic/]
]

const SHORT = [
  { setWeight: 10 },
  { pause: { duration: '5s' } },
  { setWeight: 50 },
  { pause: { duration: '5s' } },
  { setWeight: 100 }
]

interface Cancelled {
  readonly what: string
  readonly main: Ended
  readonly post: Ended
  readonly users: Counted
  /** Seconds from SIGINT until the last answer of the new version; undefined where nobody was on it. */
  readonly lastOfNew: number | undefined
  readonly after: Rollout
}

async function cancelAt(stage: Stage, [what, when, after = 0]: Moment, name: string): Promise<Cancelled> {
  const { namespace } = stage
  const load = await usersOf(stage, name)
  try {
    const started: Started = stage.start(
      release(name, { 'smoke-tests': 'GET /slow?ms=1000 -> 200 within 10s', bake: '20s' })
    )
    if (when instanceof RegExp) await started.seen(when)
    else await untilWeight(namespace, name, when)
    await new Promise((resolve) => setTimeout(resolve, after))
    const cancelledAt = Date.now()
    const { main, post } = await started.cancel()
    // It is Healthy before the share is written.
    const back = await until(
      namespace,
      name,
      'is Healthy with v1 alone',
      (one) => isHealthy(one) && imageIn(one) === image(1) && weightIn(one) === 0
    )
    const users = await load.stop()
    const last = users.lastSeen.find(({ version }) => version === 'v2')
    const lastOfNew = last && (users.startedAt - cancelledAt) / 1000 + last.at
    return { what, main, post, users, lastOfNew, after: back }
  } finally {
    await load.stop()
  }
}

const secondsOf = (value = ''): string => (value === '' ? '–' : `${value} s`)

/** A run that is cancelled is killed after 10 s; Traefik takes up to 2 s until a change is effective. */
const LATEST = 12

async function cancelled(): Promise<void> {
  const names = MOMENTS.map((_, i) => `web${i}`)
  const stage = await openRollouts(Object.fromEntries(names.map((name) => [name, canary(name, SHORT)])))
  const played = await atOnce([...MOMENTS.entries()], 5, ([i, moment]) => cancelAt(stage, moment, `web${i}`))
  console.log(
    table(
      ['SIGINT', 'result', 'restored after', 'last v2 after', 'post step', 'then', 'failed requests'],
      played.map(({ what, main, post, after, users, lastOfNew }) => [
        what,
        main.outputs.result ?? '',
        secondsOf(main.outputs['restore-seconds']),
        secondsOf(lastOfNew?.toFixed(2)),
        `${post.milliseconds} ms`,
        `${imageIn(after) ?? ''}, ${weightIn(after)}%`,
        `${users.failed} of ${users.total}`
      ])
    )
  )
  for (const { main, post, users, lastOfNew = 0 } of played) {
    expect(main).toMatchObject({ exitCode: 1, outputs: { result: 'aborted' } })
    expect(main.outputs.reason).toBe('the run was cancelled (SIGINT)')
    expect(post.exitCode).toBe(0)
    expect(lastOfNew).toBeLessThan(LATEST)
    expect(users.failures).toEqual([])
  }
}

/** A run that is lost, and people who do something meanwhile. */
async function disturbed(): Promise<void> {
  const names = ['lost', 'promoted', 'replaced', 'deleted']
  const stage = await openRollouts(Object.fromEntries(names.map((name) => [name, canary(name, LONG)])))
  const { namespace, start, run } = stage
  const begin = async (name: string): Promise<Started> => {
    const started = start(release(name))
    await started.seen(/Watch while Argo Rollouts/)
    await untilPaused(namespace, name)
    return started
  }
  const lost = async (): Promise<void> => {
    await (await begin('lost')).kill()
    const followed = await run(release('lost', { command: 'follow', 'leave-after': '1s' }))
    expect(followed).toMatchObject({ exitCode: 0, outputs: { result: 'waiting', weight: '10' } })
    const ended = await run(release('lost', { command: 'abort' }))
    expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'aborted', weight: '0', image: image(1) } })
  }
  const promoted = async (): Promise<void> => {
    const started = await begin('promoted')
    // As `kubectl argo rollouts promote --full`.
    await patchRolloutStatus(namespace, { status: { promoteFull: true } }, 'promoted')
    expect(await started.ended).toMatchObject({
      exitCode: 0,
      outputs: { result: 'promoted', image: image(2), weight: '100' }
    })
  }
  const replaced = async (): Promise<void> => {
    const started = await begin('replaced')
    await setRolloutImage(namespace, image(3), 'replaced')
    const { exitCode, outputs } = await started.ended
    expect([exitCode, outputs.result]).toEqual([1, 'failed'])
    expect(outputs.reason).toMatch(/^somebody has brought another version to rollout\/replaced meanwhile/)
    expect(imageIn(await getRollout(namespace, 'replaced'))).toBe(image(3))
  }
  const deleted = async (): Promise<void> => {
    const started = await begin('deleted')
    await admin.remove(await getRollout(namespace, 'deleted'))
    const { exitCode, outputs } = await started.ended
    expect([exitCode, outputs.result]).toEqual([1, 'failed'])
    expect(outputs.reason).toBe(`somebody deleted rollout/deleted in namespace ${namespace}`)
  }
  await Promise.all([lost(), promoted(), replaced(), deleted()])
}

/** Milliseconds: half a minute, and what a busy machine takes besides. */
const SOON = 60_000

/** A controller that stops: at once, and in a pause. */
async function blind(): Promise<void> {
  const stage = await openRollouts({
    paused: canary('paused', [{ setWeight: 10 }, { pause: { duration: '5s' } }, { setWeight: 50 }]),
    unseen: canary('unseen', LONG)
  })
  const { namespace, start, run, argo } = stage
  const paused = start(release('paused'))
  await untilPaused(namespace, 'paused')
  argo.pause()
  const since = Date.now()
  const ends = await Promise.all([paused.ended, run(release('unseen'))])
  const took = Date.now() - since
  console.log(`blind: ${ends.map(({ outputs }) => outputs.reason).join(' | ')} after ${took} ms`)
  for (const { exitCode, outputs, summary } of ends) {
    expect([exitCode, outputs.result]).toEqual([1, 'failed'])
    expect(outputs.reason).toMatch(
      /^Argo Rollouts does nothing with rollout\/\w+ for 30s: .* Is its controller running\?$/
    )
    expect(summary).toContain('Urgent: start Argo Rollouts again')
  }
  expect(ends[0].outputs.weight).toBe('10')
  expect(took).toBeLessThan(SOON)
  argo.resume()
  for (const name of ['paused', 'unseen'])
    await until(namespace, name, 'is back', (one) => isHealthy(one) && imageIn(one) === image(1))
  const noted = await run(release('paused', { command: 'follow' }))
  expect(noted.outputs).toMatchObject({ result: 'rolled-back', weight: '0', image: image(1) })
}

playTogether(
  {
    'a controller that stops is noticed within half a minute, at once and in a pause': blind,
    'a release is left and followed by three runs, and no request fails': relay,
    'a canary that is cancelled at ten moments goes back, and no request fails': cancelled,
    'a lost run is taken up; what people do meanwhile is told, and left as it is': disturbed
  },
  2
)
