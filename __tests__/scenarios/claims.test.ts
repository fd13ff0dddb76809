import { describe, expect, it } from '@jest/globals'
import { printRecord, RECORD_ANNOTATION } from '../../src/domain/record.ts'
import type { Lease } from '../../src/kubernetes/objects.ts'
import { FENCE_ANNOTATION } from '../../src/lock/fence.ts'
import type { Call, Verb } from '../support/memory/memory-cluster.ts'
import {
  autoscaler,
  autoscalerRef,
  deploymentRef,
  found,
  leaseRef,
  openScene,
  service,
  serviceRef,
  STARTED,
  workload,
  type Run,
  type Scene
} from './scene.ts'

/** A process can be suspended with a write on its way, which is carried out when nobody reckons with it any more. */

const RECORD = `/metadata/annotations/${RECORD_ANNOTATION.replace('/', '~1')}`

const slot = (name: string) => ({ 'greenlight.dev/slot': name })
const blue = workload('web-blue', { labels: slot('blue') })
/** As its controller leaves it. */
const BLUE = {
  ...blue,
  metadata: { ...blue.metadata, annotations: { 'deployment.kubernetes.io/revision': '1' } }
}
const GREEN_EMPTY = workload('web-green', { labels: slot('green'), replicas: 0 })
const BLUE_SERVES = 'app=web,greenlight.dev/slot=blue -> v1 3'
const slotted = () => [BLUE, GREEN_EMPTY, service({ app: 'web', ...slot('blue') })]

const isWriteOf =
  (verb: Verb, name: string, kind = 'Deployment') =>
  (call: Call): boolean =>
    call.verb === verb && call.kind === kind && call.name === name && !call.dryRun

const hasLock = ({ cluster }: Scene, holder: string): boolean =>
  cluster.read<Lease>(leaseRef)?.spec?.holderIdentity === holder

/** It sleeps for a minute right before this call is carried out, while another run does its work. */
async function sleepsIn(
  scene: Scene,
  isIt: (call: Call) => boolean,
  others: () => Promise<unknown>,
  inputs = {}
) {
  const asleep = Promise.withResolvers<undefined>()
  let hasSlept = false
  const sleeper: Run = scene.run({
    inputs,
    before: (call) => {
      if (hasSlept || !isIt(call)) return
      hasSlept = true
      sleeper.clock.stop()
      asleep.resolve(undefined)
    }
  })
  const ended = sleeper.deploy()
  await asleep.promise
  await scene.clock.sleep(60_000)
  const result = await others()
  const before = scene.story.length
  sleeper.clock.resume()
  const outcome = await ended
  await scene.clock.sleep(10_000)
  return { result, outcome, written: scene.story.slice(before) }
}

describe('a write that is on its way when another run takes over', () => {
  const undo = (scene: Scene) => () => scene.run().rollback()

  it('brings no version into a slot where the other run has found nothing to change', async () => {
    const scene = await openScene(slotted())
    const { outcome, written } = await sleepsIn(scene, isWriteOf('replace', 'web-green'), undo(scene))
    expect(written).toEqual([])
    expect(outcome).toMatchObject({ result: 'failed', reason: expect.stringContaining('another run') })
  })

  it('is refused as well when the watchdog has taken the lock from it and let go of it', async () => {
    const scene = await openScene(slotted())
    const { outcome, written } = await sleepsIn(scene, isWriteOf('replace', 'web-green'), () => {
      const value = printRecord({ ...found(scene.record()), phase: 'aborting' })
      scene.cluster.patch(serviceRef, [{ op: 'replace', path: RECORD, value }])
      scene.cluster.patch(leaseRef, [
        { op: 'replace', path: '/spec/holderIdentity', value: 'watchdog-of-1-1-a' },
        { op: 'replace', path: '/spec/leaseDurationSeconds', value: 1 }
      ])
      return scene.run().rollback()
    })
    expect(written).toEqual([])
    expect(outcome).toMatchObject({ result: 'failed', reason: expect.stringContaining('another run') })
  })

  it('makes a Deployment that nobody could refuse without any pod', async () => {
    const scene = await openScene()
    const { outcome, written } = await sleepsIn(scene, isWriteOf('create', 'web-green'), undo(scene))
    expect(written).toEqual(['deployment/web-green 0 x shop/web:2'])
    expect(scene.controllers.podsOf('web-green')).toEqual([])
    expect(outcome).toMatchObject({ result: 'failed' })
    expect(scene.traffic()).toBe('app=web -> v1 3')
    expect(await scene.run().deploy()).toMatchObject({ result: 'promoted' })
    expect(scene.harm).toEqual([])
  })

  it('gives no pods to a Deployment that it has made', async () => {
    const scene = await openScene()
    const { written } = await sleepsIn(scene, isWriteOf('patch', 'web-green'), undo(scene))
    expect(written).toEqual([])
  })

  it('does not scale down what the other run has sent users to, without any change in it', async () => {
    const scene = await openScene(slotted())
    const { result, written } = await sleepsIn(scene, isWriteOf('patch', 'web-blue'), undo(scene), {
      bake: '0s'
    })
    expect(result).toMatchObject({ result: 'rolled-back' })
    expect(written).toEqual([])
    expect(scene.traffic()).toBe(BLUE_SERVES)
    expect(scene.harm).toEqual([])
  })

  it('does not point the autoscaler elsewhere', async () => {
    const scene = await openScene([...slotted(), autoscaler('web-blue')])
    const { written } = await sleepsIn(
      scene,
      isWriteOf('patch', autoscalerRef.name, autoscalerRef.kind),
      undo(scene)
    )
    expect(written).toEqual([])
  })

  it('moves no users before the other run has written anything itself', async () => {
    const scene = await openScene(slotted())
    const asleep = Promise.withResolvers<undefined>()
    let hasSlept = false
    const isShift = (call: Call): boolean =>
      isWriteOf('patch', 'web', 'Service')(call) && scene.record()?.phase === 'running'
    const sleeper: Run = scene.run({
      inputs: { bake: '0s' },
      before: (call) => {
        if (hasSlept || !isShift(call)) return
        hasSlept = true
        sleeper.clock.stop()
        asleep.resolve(undefined)
      }
    })
    const ended = sleeper.deploy()
    await asleep.promise
    await scene.clock.sleep(60_000)
    let seen: string[] = []
    const other = scene.run({
      inputs: { images: 'shop/web:3', bake: '0s' },
      before: async (call) => {
        if (seen.length > 0 || call.verb !== 'list' || call.kind === 'Lease' || !hasLock(scene, '2-1-a'))
          return
        seen = [scene.traffic()]
        sleeper.clock.resume()
        await scene.clock.sleep(100)
        seen.push(scene.traffic())
      }
    })
    expect(await other.deploy()).toMatchObject({ result: 'promoted' })
    expect(seen).toEqual([BLUE_SERVES, BLUE_SERVES])
    expect(await ended).toMatchObject({ result: 'failed', reason: expect.stringContaining('another run') })
    expect(scene.harm).toEqual([])
  })
})

describe('what others write in between', () => {
  const promotes = async (write: (scene: Scene) => unknown) => {
    const scene = await openScene([...slotted(), autoscaler('web-blue')])
    const touched = new Set<string>()
    const before = ({ verb, kind, name }: Call): void => {
      if (verb !== 'patch' || kind === 'Service' || touched.has(name)) return
      touched.add(name)
      write(scene)
    }
    expect(await scene.run({ before }).deploy()).toMatchObject({ result: 'promoted' })
    expect([...touched]).toEqual([autoscalerRef.name, 'web-blue'])
    return scene
  }
  const refs = [deploymentRef('web-blue'), deploymentRef('web-green'), autoscalerRef]

  it('stops no release', async () => {
    const scene = await promotes(({ cluster, clock }) => {
      const value = { reviewed: String(clock.now()) }
      for (const ref of refs) cluster.patch(ref, [{ op: 'add', path: '/metadata/annotations', value }])
    })
    expect(scene.deployment('web-blue').metadata.annotations).toHaveProperty('reviewed')
    expect(scene.harm).toEqual([])
  })

  it('nor does the claim of a run that had died before', async () => {
    const scene = await openScene(slotted())
    const dead = scene.run()
    void dead.deploy()
    await scene.when(STARTED, 100, () => {
      dead.kill()
    })
    expect(await scene.run({ inputs: { bake: '0s' } }).deploy()).toMatchObject({ result: 'promoted' })
    expect(scene.deployment('web-blue').metadata.annotations).toMatchObject({ [FENCE_ANNOTATION]: '2-1-a' })
    expect(await scene.run({ inputs: { images: 'shop/web:3' } }).deploy()).toMatchObject({
      result: 'promoted'
    })
    expect(scene.harm).toEqual([])
  })

  it('a healthy release leaves no claim on what was there', async () => {
    const scene = await openScene([...slotted(), autoscaler('web-blue')])
    await scene.run().deploy()
    for (const ref of refs)
      expect(scene.cluster.read(ref)?.metadata.annotations ?? {}).not.toHaveProperty([FENCE_ANNOTATION])
  })
})

describe('users that somebody has sent to the new version by hand', () => {
  it('are on record once they are back: a later run drains its pods', async () => {
    const scene = await openScene(slotted())
    void scene.run().deploy()
    const green = { op: 'replace', path: '/spec/selector', value: { app: 'web', ...slot('green') } } as const
    await scene.when(STARTED, 500, () => scene.cluster.patch(serviceRef, [green], 'kubectl'))
    await scene.clock.sleep(100)
    expect(scene.traffic()).toBe(BLUE_SERVES)
    expect(scene.record()).toMatchObject({ weight: 0, exposed: true })
  })
})
