import { describe, expect, it } from '@jest/globals'
import { linesOf } from '../../src/execute/steps/collect-evidence.ts'
import type { KubernetesObject } from '../../src/kubernetes/objects.ts'
import { openScene } from './scene.ts'

/** What the controller says that may not make pods for this ReplicaSet. */
const refused = (replicaSet: string, message: string): KubernetesObject =>
  ({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${replicaSet}.1`, namespace: 'shop' },
    involvedObject: { kind: 'ReplicaSet', name: replicaSet, namespace: 'shop' },
    type: 'Warning',
    reason: 'FailedCreate',
    message
  }) as KubernetesObject

async function evidenceWith(...events: readonly KubernetesObject[]) {
  const scene = await openScene()
  scene.controllers.lag = 3_600_000
  for (const event of events) scene.cluster.create(event)
  const { result, evidence } = await scene.run({ inputs: { timeout: '1m' } }).deploy()
  expect(result).toBe('rolled-back')
  return evidence.map(({ pod, message }) => `${pod}: ${message}`)
}

describe('pods that were never made', () => {
  it('are told with what their ReplicaSet was refused for', async () => {
    expect(await evidenceWith(refused('web-green-6c8d9f7b5', 'exceeded quota: team'))).toEqual([
      'of web-green-6c8d9f7b5: exceeded quota: team'
    ])
  })

  it('and not with what those of another Deployment were, whose name begins with that of ours', async () => {
    expect(
      await evidenceWith(
        refused('web-green-6c8d9f7b5', 'exceeded quota: team'),
        refused('web-green-2-55d5f8c9b', 'denied by the policy of others')
      )
    ).toEqual(['of web-green-6c8d9f7b5: exceeded quota: team'])
    expect(await evidenceWith(refused('web-green-api-55d5f8c9b', 'denied'))).toEqual([])
  })
})

describe('the log of a pod', () => {
  it('is what its container has printed, not what the kubelet says when that is gone', () => {
    expect(linesOf('unable to retrieve container logs for containerd://0f3a')).toEqual([])
    expect(
      linesOf(
        'failed to try resolving symlinks in path "/var/log/pods/shop_web/web/3.log": lstat: no such file\n'
      )
    ).toEqual([])
    expect(linesOf('starting\n\nunable to bind to port 80\n')).toEqual([
      'starting',
      'unable to bind to port 80'
    ])
  })
})
