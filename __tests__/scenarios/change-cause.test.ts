import { describe, expect, it } from '@jest/globals'
import { CHANGE_CAUSE } from '../../src/domain/change-cause.ts'
import type { ReplicaSet } from '../../src/kubernetes/objects.ts'
import { waiting } from '../support/memory/controllers.ts'
import { NAMESPACE, openScene, type Scene } from './scene.ts'
import { killed, open, REST } from './in-place.ts'

/** What `kubectl rollout history` shows, by Deployment: revision and cause. */
const history = ({ cluster }: Scene): readonly string[] =>
  cluster
    .all<ReplicaSet>({ apiVersion: 'apps/v1', kind: 'ReplicaSet', namespace: NAMESPACE })
    .map(({ metadata: { name, annotations = {} } }) =>
      [
        name.replace(/-[a-z0-9]+$/, ''),
        annotations['deployment.kubernetes.io/revision'],
        annotations[CHANGE_CAUSE] ?? '<none>'
      ].join(' ')
    )
    .sort()

const causeOf = (scene: Scene, name: string): string | undefined =>
  scene.deployment(name).metadata.annotations?.[CHANGE_CAUSE]

describe('kubectl rollout history', () => {
  it('tells which release has brought each revision', async () => {
    const scene = await openScene()
    await scene.run({ id: '5-1' }).deploy()
    await scene.run({ id: '6-1', inputs: { images: 'shop/web:3' } }).deploy()
    expect(history(scene)).toEqual([
      'web 1 <none>',
      'web-blue 1 greenlight 6-1: shop/web:3',
      'web-green 1 greenlight 5-1: shop/web:2'
    ])
    await scene.run({ id: '7-1' }).rollback()
    expect(causeOf(scene, 'web-green')).toBe('greenlight 5-1: shop/web:2')
  })

  it('tells it of releases in place, and not of one that was undone', async () => {
    const { scene, to } = await open('rolling, a plain Deployment')
    await scene.run({ ...to(2), id: '5-1' }).deploy()
    expect(causeOf(scene, 'web')).toBe('greenlight 5-1: shop/web:2')
    scene.controllers.life = () => ({ after: 500, status: waiting('CrashLoopBackOff') })
    expect(await scene.run({ ...to(3), id: '6-1' }).deploy()).toMatchObject({ result: 'rolled-back' })
    expect(causeOf(scene, 'web')).toBe('greenlight 5-1: shop/web:2')
  })

  it('tells the cause from before when another run has to undo it, or none where there was none', async () => {
    for (const version of [1, 2]) {
      const { scene, to } = await open('rolling, a plain Deployment')
      if (version === 2) await scene.run({ ...to(2), id: '5-1' }).deploy()
      await killed(scene, to(3), 2)
      await scene.clock.sleep(REST)
      await scene.run().rollback()
      expect(causeOf(scene, 'web')).toBe(version === 1 ? undefined : 'greenlight 5-1: shop/web:2')
    }
  })
})
