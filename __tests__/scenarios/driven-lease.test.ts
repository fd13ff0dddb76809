import { describe, expect, it } from '@jest/globals'
import type { Lease } from '../../src/kubernetes/objects.ts'
import { blueGreenRollout, image, openDriven, type DrivenScene } from './driven-scene.ts'

/** The Lease that keeps the record is taken from a living run by hand: nobody else has it, so the run goes on. */

const lease = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  namespace: 'shop',
  name: 'greenlight-rollout-web'
}

const taken: Readonly<Record<string, (scene: DrivenScene) => void>> = {
  deleted: ({ cluster }) => {
    cluster.remove(lease)
  },
  cleared: ({ cluster }) => {
    const live = cluster.read<Lease>(lease)
    if (live !== undefined) cluster.replace({ ...live, spec: { ...live.spec, holderIdentity: '' } })
  }
}

describe.each(Object.entries(taken))('a Lease that is %s by hand', (_, take) => {
  it.each([1, 2, 3, 4])(
    'before it is read for the %d. time while it is held: the release is noted',
    async (time) => {
      const scene = await openDriven(blueGreenRollout({ autoPromotionEnabled: true }))
      let reads = 0
      const { ended } = scene.drive('deploy', {
        ...image(2),
        before: ({ verb, kind }) => {
          const isHeld = (scene.cluster.read<Lease>(lease)?.spec?.holderIdentity ?? '') !== ''
          if (verb !== 'get' || kind !== 'Lease' || !isHeld) return
          reads += 1
          if (reads === time) take(scene)
        }
      })
      expect(await ended).toMatchObject({ result: 'promoted', warnings: [] })
      expect(scene.kept()).toMatchObject({ phase: 'promoted', canary: { images: ['shop/web:2'] } })
      expect(reads).toBeGreaterThanOrEqual(time)
    }
  )
})
