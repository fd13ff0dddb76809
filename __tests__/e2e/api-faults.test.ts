import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import type { Ended } from '../support/action.ts'
import {
  isWrite,
  shortened,
  startApiDoor,
  through,
  type ApiDoor,
  type Mishap
} from '../support/cluster/api-door.ts'
import { httpRoute, uniqueHost } from '../support/cluster/gateway.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { openLiveScene } from '../support/cluster/live-scene.ts'
import { getService, image, service, workload } from '../support/cluster/workload.ts'

playLiveScenes()

let door: ApiDoor
beforeAll(async () => {
  door = await startApiDoor()
})
afterEach(() => {
  door.open()
  door.befall(() => undefined)
})
afterAll(() => {
  door.close()
})

const CANARY = { strategy: 'canary', route: 'httproute/web', steps: '50% for 1s\n100%', bake: '0s' }

const MISHAPS: readonly Mishap[] = [
  { status: 429 },
  { status: 500 },
  'refused',
  { lost: () => undefined },
  { status: 503 },
  { late: 3000 }
]

/** Every fifth request, and each time another way to go wrong. */
function oneInFive() {
  let requests = 0
  return (): Mishap | undefined => {
    requests += 1
    return requests % 5 === 0 ? MISHAPS[(requests / 5) % MISHAPS.length] : undefined
  }
}

describe('an API server that fails one request in five', () => {
  it('delays a release in steps, and the undoing of one that fails, and harms neither', async () => {
    const host = uniqueHost()
    const scene = await openLiveScene([workload(), service(), httpRoute({ host })], host)
    const inputs = { ...through(door, scene.inputs), route: 'httproute/web', bake: '0s' }
    door.take()
    door.befall(oneInFive())
    const promoted = await scene.run({
      ...inputs,
      strategy: 'canary',
      steps: '20% for 2s\n50% for 2s\n100%',
      images: image(2)
    })
    expect(promoted).toMatchObject({ exitCode: 0, outputs: { result: 'promoted', image: image(2) } })
    const undone = await scene.run({ ...inputs, images: image(3), 'smoke-tests': 'GET /missing -> 404' })
    expect(undone).toMatchObject({ exitCode: 1, outputs: { result: 'rolled-back', image: image(2) } })
    expect(undone.outputs.reason).toMatch(/^smoke test failed/)
    const back = await scene.run({ ...through(door, scene.inputs), command: 'rollback' })
    expect(back).toMatchObject({ exitCode: 0, outputs: { result: 'rolled-back', image: image(1) } })
    const seconds = [promoted, undone, back].map(
      ({ milliseconds }) => `${(milliseconds / 1000).toFixed(1)} s`
    )
    console.log(`${seconds.join(', ')} for ${door.take().length} requests`)
    const { users, empty } = await scene.end()
    expect(users.failures).toEqual([])
    expect(Object.keys(users.versions).sort()).toEqual(['v1', 'v2'])
    expect(empty).toEqual([])
  })
})

/** Each write is carried out, and nobody hears of it; then it is sent again. */
function losingAnswers() {
  const lost = new Set<string>()
  return (request: string): Mishap | undefined => {
    const line = shortened(request)
    if (!isWrite(request) || lost.has(line)) return undefined
    lost.add(line)
    return { lost: () => undefined }
  }
}

describe('an API server whose first answer to every kind of write is lost', () => {
  it.each([
    ['to new Deployments and ones that are there, on a route', CANARY, uniqueHost()],
    ['to a Deployment in place', { strategy: 'rolling', bake: '0s', route: 'service/web' }, undefined]
  ])('%s: releases and rollbacks go on', async (_, settings, host) => {
    const routes = host === undefined ? [] : [httpRoute({ host })]
    const scene = await openLiveScene([workload(), service(), ...routes], host)
    const { strategy, route } = settings
    const play = (inputs: Readonly<Record<string, string>>): Promise<Ended> => {
      door.befall(losingAnswers())
      return scene.run({ ...through(door, scene.inputs), ...inputs })
    }
    for (const version of [2, 3, 2]) {
      const ended = await play({ ...settings, images: image(version) })
      expect(ended.outputs).toMatchObject({ reason: '', result: 'promoted', image: image(version) })
    }
    const back = await play({ command: 'rollback', strategy, route })
    expect(back.outputs).toMatchObject({ reason: '', result: 'rolled-back', image: image(3) })
    const { users, empty } = await scene.end()
    expect(users.failures).toEqual([])
    expect(empty).toEqual([])
  })
})

describe('an API server that is gone', () => {
  it('for a minute in the middle of a release: that goes on when it is back', async () => {
    const scene = await openLiveScene()
    const started = scene.start({ ...through(door, scene.inputs), images: image(2), bake: '5s' })
    await started.seen('Wait until web-green is ready')
    door.shut()
    await sleep(60_000)
    door.open()
    const ended = await started.ended
    expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted', image: image(2) } })
    const { users, empty } = await scene.end()
    expect(users.failures).toEqual([])
    expect(empty).toEqual([])
  })

  it('when a release is cancelled: the run says what it knew last and what to do, and the post step does it', async () => {
    const scene = await openLiveScene()
    const started = scene.start({ ...through(door, scene.inputs), images: image(2), bake: '60s' })
    await started.seen(/Bake/)
    await sleep(1000)
    door.shut()
    void sleep(12_000).then(() => {
      door.open()
    })
    const { main, post } = await started.cancel()
    expect(main).toMatchObject({ exitCode: 1, outputs: { result: 'failed' } })
    expect(main.outputs.reason).toContain('last known: all traffic on web-green')
    expect(main.summary).toContain(`kubectl -n ${scene.namespace} patch service/web --type=json`)
    expect(post.exitCode).toBe(0)
    expect((await getService(scene.namespace)).spec.selector).toStrictEqual({ app: 'web' })
    const { users, empty } = await scene.end()
    expect(users.failures).toEqual([])
    expect(empty).toEqual([])
  })
})
