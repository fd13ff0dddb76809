import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'

import { startApiDoor } from '../support/api-door.ts'
import type { ApiDoor } from '../support/api-door.ts'
import { playScenes } from '../support/play.ts'
import { openScene } from '../support/scene.ts'
import { image, service, workload } from '../support/workload.ts'

playScenes()

/** Milliseconds; renewing the lock is all that a longer release may add. */
const RENEWED_EVERY = 5000

let proxy: ApiDoor
beforeAll(async () => {
  proxy = await startApiDoor()
})
afterAll(() => {
  proxy.close()
})

describe('a release asks the API server', () => {
  it('not more often for 30 pods than for 3, and at most 30 times', async () => {
    const counts: number[] = []
    for (const replicas of [3, 30]) {
      const scene = await openScene([workload({ replicas }), service()])
      const kubeconfig = scene.inputs.kubeconfig?.replace(/https:\/\/[^"]+/, proxy.url) ?? ''
      proxy.take()
      const began = Date.now()
      const ended = await scene.run({ kubeconfig, images: image(2), bake: '0s' })
      expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted' } })
      const requests = proxy.take()
      counts.push(requests.length - Math.floor((Date.now() - began) / RENEWED_EVERY))
      console.log(
        `${replicas} pods: ${requests.length} requests\n${requests.map((line) => line.replace(scene.namespace, 'NS').slice(0, 140)).join('\n')}`
      )
      expect((await scene.end()).users.failed).toBe(0)
    }
    expect(counts[1] ?? Infinity).toBeLessThanOrEqual((counts[0] ?? 0) + 1)
    expect(counts[0]).toBeLessThanOrEqual(30)
  })
})
