import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { startApiDoor, type ApiDoor } from '../support/cluster/api-door.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { openLiveScene } from '../support/cluster/live-scene.ts'
import { image, service, workload } from '../support/cluster/workload.ts'

playLiveScenes()

/** Renewing the lock: how often depends on how long a release takes. */
const isSignOfLife = (request: string): boolean => /^PUT \S+\/leases\//.test(request)

/** A watch that began before the last change, a write that came too late: chance, and nothing like one for each pod. */
const BY_CHANCE = 5

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
      const scene = await openLiveScene([workload({ replicas }), service()])
      const kubeconfig = scene.inputs.kubeconfig?.replace(/https:\/\/[^"]+/, proxy.url) ?? ''
      proxy.take()
      const ended = await scene.run({ kubeconfig, images: image(2), bake: '0s' })
      expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted' } })
      const all = proxy.take()
      const requests = all.filter((request) => !isSignOfLife(request))
      counts.push(requests.length)
      console.log(
        `${replicas} pods: ${all.length} requests, ${all.length - requests.length} of them to keep the lock\n${requests.map((line) => line.replace(scene.namespace, 'NS').slice(0, 140)).join('\n')}`
      )
      expect((await scene.end()).users).toMatchObject({ failed: 0, failures: [] })
    }
    expect((counts[1] ?? Infinity) - (counts[0] ?? 0)).toBeLessThanOrEqual(BY_CHANCE)
    expect(counts[0]).toBeLessThanOrEqual(30)
  })
})
