import { isDeepStrictEqual } from 'node:util'
import { describe, expect, it } from '@jest/globals'
import type { Ended, Started } from '../support/action.ts'
import { isWrite, shortened, startApiDoor, through, type ApiDoor } from '../support/cluster/api-door.ts'
import { atOnce, table } from '../support/cluster/at-once.ts'
import { httpRoute, uniqueHost } from '../support/cluster/gateway.ts'
import { leftovers, routeOf } from '../support/cluster/leftovers.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { ONE_OF_MANY, openLiveScene, type Seen } from '../support/cluster/live-scene.ts'
import { essence, getDeployment, getService, image, service, workload } from '../support/cluster/workload.ts'

playLiveScenes()

/** When the run is cancelled: at a line of its log, or while its nth write of that kind is on its way. */
type Moment = readonly [name: string, line: RegExp] | readonly [name: string, write: string, nth: number]

/** Up to here a cancelled run puts the old version back. */
const WAY_BACK: readonly Moment[] = [
  ['taking the lock', 'POST leases', 1],
  ['starting the new version', 'POST deployments', 1],
  ['waiting for its pods', /Wait until web-green is ready/],
  ['in the smoke tests', /Smoke tests/],
  ['making the route ready', 'PATCH httproutes/web', 1],
  ['moving 20%', 'PATCH httproutes/web', 2],
  ['in the step of 20%', /for 3s: watch/],
  ['between two steps', /Size web-green for all traffic/],
  ['moving 100%', 'PATCH httproutes/web', 3],
  ['in the bake', /Bake/]
]

/** From the first of these on the new version has passed and has all traffic: there is nothing to go back for. */
const PAST_IT: readonly Moment[] = [
  ['letting the Service follow', 'PATCH services/web', 4],
  ['settling the route', 'PATCH httproutes/web', 4],
  ['in the drain', /Drain/],
  ['scaling the old version down', 'PATCH deployments/web', 1]
]

const RELEASE = {
  strategy: 'canary',
  route: 'httproute/web',
  images: image(2),
  steps: '20% for 3s\n100%',
  'smoke-tests': 'GET /slow?ms=2000 -> 200 within 10s',
  bake: '3s'
}

/** Each scene has a namespace and users of its own. */
const AT_ONCE = 7
/** Long enough never to be reached by a slow machine. */
const LONGEST = 400_000

interface Played {
  readonly moment: string
  readonly main: Ended
  readonly post: Ended
  /** From SIGINT on. */
  readonly untilLastAnswerOfNew: number | undefined
  readonly seen: Seen
  readonly isAsBefore: boolean
  readonly left: readonly string[]
}

function untilThen(started: Started, door: ApiDoor, [, at, nth]: Moment): Promise<void> {
  if (typeof at !== 'string') return started.seen(at)
  let writes = 0
  return Promise.race([
    new Promise<void>((resolve) => {
      door.befall((request) => {
        if (isWrite(request) && shortened(request) === at && (writes += 1) === nth) resolve()
        return undefined
      })
    }),
    started.ended.then(({ log }) => {
      throw new Error(`the run has made no write ${String(nth)} of ${at}:\n${log}`)
    })
  ])
}

const everything = async (namespace: string): Promise<unknown> => [
  await routeOf(namespace),
  essence(await getService(namespace)),
  essence(await getDeployment(namespace, 'web'))
]

async function play(moment: Moment): Promise<Played> {
  const host = uniqueHost()
  const scene = await openLiveScene(
    [workload({ replicas: 2 }), service(), httpRoute({ host })],
    host,
    ONE_OF_MANY
  )
  const before = await everything(scene.namespace)
  const door = await startApiDoor()
  const started = scene.start({ ...RELEASE, ...through(door, scene.inputs) })
  await untilThen(started, door, moment)
  const cancelledAt = Date.now()
  const { main, post } = await started.cancel()
  door.close()
  const seen = await scene.end()
  const { lastSeen, startedAt } = seen.users
  const last = lastSeen.find(({ version }) => version === 'v2')
  return {
    moment: moment[0],
    main,
    post,
    untilLastAnswerOfNew: last === undefined ? undefined : (startedAt - cancelledAt) / 1000 + last.at,
    seen,
    isAsBefore: isDeepStrictEqual(await everything(scene.namespace), before),
    left: await leftovers(scene.namespace)
  }
}

const seconds = (value: number | undefined): string => (value === undefined ? '–' : `${value.toFixed(2)} s`)

function row({ moment, main, post, seen, untilLastAnswerOfNew, isAsBefore, left }: Played) {
  const restored = main.outputs['restore-seconds'] ?? ''
  return [
    moment,
    main.outputs.result ?? '',
    restored === '' ? '–' : seconds(Number(restored)),
    seconds(untilLastAnswerOfNew),
    seconds(post.milliseconds / 1000),
    `${seen.users.failed} of ${seen.users.total}`,
    isAsBefore ? 'as before' : left.join(', ') || 'the new version serves'
  ]
}

const HEADING = [
  'SIGINT',
  'result',
  'restored after',
  'last v2 after',
  'post step',
  'failed requests',
  'then'
]

/** A run that is cancelled is killed after 10 s; the gateway takes up to 2 s until a change is effective. */
const LATEST = 12

describe('a canary on an HTTPRoute that is cancelled', () => {
  it(
    'at any moment: nobody notices; the old version is back at once, or the new one had passed and stays',
    async () => {
      const played = await atOnce([...WAY_BACK, ...PAST_IT], AT_ONCE, play)
      console.log(table(HEADING, played.map(row)))
      for (const { seen, post, left } of played) {
        expect(seen.users.failures).toEqual([])
        expect(seen.empty).toEqual([])
        expect(left).toEqual([])
        expect(post.exitCode).toBe(0)
      }
      for (const { main, isAsBefore, untilLastAnswerOfNew = 0 } of played.slice(0, WAY_BACK.length)) {
        expect(main).toMatchObject({ exitCode: 1, outputs: { result: 'aborted', image: image(1) } })
        expect(main.outputs.reason).toBe('the run was cancelled (SIGINT)')
        expect(isAsBefore).toBe(true)
        expect(untilLastAnswerOfNew).toBeLessThan(LATEST)
      }
      for (const { main, seen } of played.slice(WAY_BACK.length)) {
        expect(main.outputs).toMatchObject({ result: 'promoted', image: image(2) })
        expect(seen.users.lastSeen.find(({ version }) => version === 'v2')).toBeDefined()
      }
    },
    LONGEST
  )
})
