import { describe, expect, it } from '@jest/globals'
import type { ClusterEvent, Pod } from '../../src/kubernetes/objects.ts'
import { READY, UNREADY, waiting } from '../support/memory/controllers.ts'
import { NAMESPACE, openScene, type Scene } from './scene.ts'

type Status = NonNullable<Pod['status']>

const CREATING: Status = {
  ...waiting('ContainerCreating'),
  conditions: [{ type: 'PodScheduled', status: 'True' }]
}

/** The canary's pods are in one state after the other, each for so many seconds; the last one stays. */
function comesUp(scene: Scene, ...states: readonly (readonly [seconds: number, status: Status])[]): void {
  scene.controllers.life = (pod) => {
    const [first, ...others] = states
    if (!pod.metadata.name.startsWith('web-green') || first === undefined)
      return { after: 1000, status: READY }
    const follow = async (): Promise<void> => {
      let [wait] = first
      for (const [seconds, status] of others) {
        await scene.clock.sleep(wait * 1000)
        const live = scene.controllers
          .podsOf('web-green')
          .find(({ metadata }) => metadata.uid === pod.metadata.uid)
        if (live !== undefined) scene.controllers.change(live, status)
        wait = seconds
      }
    }
    void scene.clock.sleep(10).then(follow)
    return { after: 10, status: first[1] }
  }
}

const NO_SECRET = waiting('CreateContainerConfigError', 'secret "web-db" not found')

describe('what often heals by itself is waited for:', () => {
  it.each<[string, ...(readonly [number, Status])[]]>([
    ['a Secret that comes 8 s after the pods', [8, NO_SECRET], [0, READY]],
    ['a Secret that comes 20 s after the pods', [20, NO_SECRET], [0, READY]],
    [
      'a cache that is late',
      [
        40,
        waiting(
          'CreateContainerConfigError',
          'failed to sync secret cache: timed out waiting for the condition'
        )
      ],
      [0, READY]
    ],
    ['a busy node', [40, waiting('CreateContainerError', 'context deadline exceeded')], [0, READY]],
    [
      'DNS that fails once the image is pulled at last',
      [90, CREATING],
      [20, waiting('ErrImagePull', 'lookup ghcr.io: no such host')],
      [15, waiting('ImagePullBackOff', 'Back-off pulling image "shop/web:2"')],
      [0, READY]
    ],
    ['two crashes', [5, { ...waiting('CrashLoopBackOff'), containerStatuses: [crash(1)] }], [0, READY]]
  ])('%s', async (_, ...states) => {
    const scene = await openScene()
    comesUp(scene, ...states)
    expect(await scene.run().deploy()).toMatchObject({ result: 'promoted', reason: '' })
    expect(scene.harm).toEqual([])
  })
})

function crash(restartCount: number): NonNullable<Status['containerStatuses']>[number] {
  const [status] = waiting('CrashLoopBackOff').containerStatuses ?? []
  if (status === undefined) throw new Error('no status')
  return { ...status, restartCount }
}

describe('what does not heal is told within a minute:', () => {
  it.each<[string, Status, string]>([
    [
      'a Secret that never comes',
      NO_SECRET,
      'CreateContainerConfigError: container web: secret "web-db" not found'
    ],
    [
      'a registry that is gone',
      waiting('ErrImagePull', 'i/o timeout'),
      'ErrImagePull: container web: i/o timeout'
    ]
  ])('%s', async (_, status, reason) => {
    const scene = await openScene()
    comesUp(scene, [0, status])
    const started = scene.clock.now()
    const outcome = await scene.run().deploy()
    expect(outcome).toMatchObject({ result: 'rolled-back', reason: expect.stringContaining(reason) })
    expect(scene.clock.now() - started).toBeLessThan(50_000)
    expect(scene.harm).toEqual([])
  })

  it('a Secret that a volume names', async () => {
    const scene = await openScene()
    comesUp(scene, [1, CREATING], [0, CREATING])
    const message = 'MountVolume.SetUp failed for volume "db" : secret "web-db" not found'
    void scene.when('deployment/web-green 3 x', 2000, () => {
      for (const pod of scene.controllers.podsOf('web-green'))
        scene.cluster.create({
          apiVersion: 'v1',
          kind: 'Event',
          metadata: { name: `${pod.metadata.name}.1`, namespace: NAMESPACE },
          type: 'Warning',
          reason: 'FailedMount',
          message,
          involvedObject: { kind: 'Pod', name: pod.metadata.name },
          lastTimestamp: new Date(scene.clock.now()).toISOString()
        } as ClusterEvent)
    })
    const started = scene.clock.now()
    const outcome = await scene.run().deploy()
    expect(outcome).toMatchObject({ result: 'rolled-back', reason: expect.stringContaining(message) })
    expect(scene.clock.now() - started).toBeLessThan(60_000)
  })
})

describe('a grace begins with its state', () => {
  it('however late that is', async () => {
    const scene = await openScene()
    comesUp(scene, [100, UNREADY], [8, NO_SECRET], [0, READY])
    expect(await scene.run().deploy()).toMatchObject({ result: 'promoted' })
  })
})
