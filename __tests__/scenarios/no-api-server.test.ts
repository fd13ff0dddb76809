import { describe, expect, it } from '@jest/globals'
import { ClusterError } from '../../src/base/errors.ts'
import type { Call, Hooks } from '../support/memory/memory-cluster.ts'
import { READY } from '../support/memory/controllers.ts'
import { openScene, serviceRef, STARTED, SERVING, type Scene } from './scene.ts'
import { onService, noAnswer } from './interference.ts'

function unauthorized(): never {
  throw new ClusterError('Unauthorized. The credentials are not valid (any more)', 401)
}

/** A step that is given up takes the time that one may take that waits for an API server. */
async function minutesOf(scene: Scene, work: () => Promise<unknown>): Promise<number> {
  const began = scene.clock.now()
  await work()
  return (scene.clock.now() - began) / 60_000
}

describe('the API server does not answer', () => {
  const goneFor = (scene: Scene, minutes: number, answer = noAnswer) => {
    let until = Infinity
    return (call: Call): void => {
      const isSwitch =
        onService(call) && scene.record()?.weight === 0 && scene.controllers.podsOf('web-green').length > 0
      if (isSwitch) until = Math.min(until, scene.clock.now() + minutes * 60_000)
      if (until !== Infinity && scene.clock.now() < until) answer()
    }
  }

  it('but for refusals of the credentials, because the new token comes late: the release goes on when it is there', async () => {
    const scene = await openScene()
    const outcome = await scene.run({ before: goneFor(scene, 1, unauthorized) }).deploy()
    expect(outcome).toMatchObject({ result: 'promoted', reason: '' })
    expect(scene.traffic()).toMatch(/-> v2 3$/)
    expect(scene.harm).toEqual([])
  })

  it('for a minute in the middle: the release goes on when it does', async () => {
    const scene = await openScene()
    const outcome = await scene.run({ before: goneFor(scene, 1) }).deploy()
    expect(outcome).toMatchObject({ result: 'promoted' })
    expect(scene.traffic()).toMatch(/-> v2 3$/)
    expect(scene.harm).toEqual([])
  })

  /** For a minute from such a call on: nobody gets through, and no news come. */
  const goneFrom = (scene: Scene, matches: (call: Call) => boolean): Hooks => {
    let until: number | undefined
    const isGone = (): boolean => until !== undefined && scene.clock.now() < until
    return {
      before: (call) => {
        if (matches(call)) until ??= scene.clock.now() + 60_000
        if (isGone()) noAnswer()
      },
      isSilent: isGone
    }
  }

  it('for a minute while endpoints are waited for: that time is not theirs', async () => {
    const scene = await openScene()
    const gone = goneFrom(scene, ({ verb, kind }) => verb === 'watch' && kind === 'EndpointSlice')
    const outcome = await scene.run(gone).deploy()
    expect(outcome).toMatchObject({ result: 'promoted', reason: '' })
    expect(scene.harm).toEqual([])
  })

  it('when the time of the pods is over: what counts is what they are when it does', async () => {
    const scene = await openScene()
    scene.controllers.life = () => ({ after: 8000, status: READY })
    let isStarted = false
    void scene.when(STARTED, 1000, () => {
      isStarted = true
    })
    const gone = goneFrom(scene, ({ kind }) => isStarted && kind === 'Lease')
    const outcome = await scene.run({ inputs: { timeout: '30s' }, ...gone }).deploy()
    expect(outcome).toMatchObject({ result: 'promoted', reason: '' })
    expect(scene.harm).toEqual([])
  })

  it('for a minute after somebody has moved the traffic: it is put back when it does', async () => {
    const scene = await openScene()
    let isMoved = false
    void scene.when(SERVING, 2000, () => {
      isMoved = true
      scene.cluster.patch(serviceRef, [{ op: 'replace', path: '/spec/selector', value: { app: 'web' } }])
    })
    const gone = goneFrom(scene, ({ verb, kind }) => isMoved && verb === 'get' && kind === 'Service')
    const outcome = await scene.run({ inputs: { bake: '2m' }, ...gone }).deploy()
    expect(outcome).toMatchObject({ result: 'promoted', reason: '' })
    expect(outcome.foreignWrites).toHaveLength(1)
  })

  it('for three minutes: the traffic is put back when it does', async () => {
    const scene = await openScene()
    const outcome = await scene.run({ before: goneFor(scene, 3) }).deploy()
    expect(outcome).toMatchObject({ result: 'rolled-back', reason: 'the connection broke: read ECONNRESET' })
    expect(scene.traffic()).toBe('app=web -> v1 3')
    expect(scene.harm).toEqual([])
  })

  it('any more: the run ends, and says what it knew last and the one command that helps', async () => {
    const scene = await openScene()
    const run = scene.run({ before: goneFor(scene, 600) })
    const minutes = await minutesOf(scene, async () => {
      const outcome = await run.deploy()
      expect(outcome).toMatchObject({ result: 'failed', unsettled: true })
      expect(outcome.reason).toMatch(
        /The traffic could not be put back: .*; last known: all traffic on web-green \(shop\/web:2\)$/
      )
      expect(outcome.next[0]).toMatch(
        /^kubectl -n shop patch service\/web --type=json -p '\[\{"op":"replace","path":"\/spec\/selector","value":\{"app":"web","pod-template-hash":"\w+"\}\}\]' {3}# all of it to web$/
      )
    })
    expect(minutes).toBeLessThan(7)
  })

  it('and the run is cancelled: it ends before it is killed, and leaves the rest to the post step', async () => {
    const scene = await openScene()
    const gone = goneFor(scene, 10)
    let cancelledAt: number | undefined
    const run = scene.run({
      before: async (call) => {
        try {
          gone(call)
        } catch (error) {
          cancelledAt ??= (run.cancel(), scene.clock.now())
          // The client sends again for about as long.
          await scene.clock.sleep(4000)
          throw error
        }
      }
    })
    const outcome = await run.deploy()
    expect(outcome).toMatchObject({ result: 'failed', unsettled: true })
    expect(scene.clock.now() - (cancelledAt ?? 0)).toBeLessThan(7500)
    await scene.clock.sleep(9 * 60_000)
    await run.post({ before: gone })
    expect(scene.traffic()).toBe('app=web -> v1 3')
  })
})
