import { describe, expect, it } from '@jest/globals'
import type { ClusterEvent, Pod } from '../../src/kubernetes/objects.ts'
import { READY, waiting } from '../support/memory/controllers.ts'
import { autoscaler, autoscalerRef, deploymentRef, NAMESPACE, openScene, STARTED, SERVING } from './scene.ts'
import { slotted } from './interference.ts'

const UNSCHEDULABLE: NonNullable<Pod['status']> = {
  phase: 'Pending',
  conditions: [
    { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes are available' }
  ]
}

describe('the autoscaler', () => {
  it('has grown stable while the canary was tested: the canary has its size before it gets the traffic', async () => {
    const scene = await openScene([...slotted(), autoscaler('web-blue')])
    scene.controllers.life = () => ({ after: 5000, status: READY })
    void scene.when(STARTED, 10, () =>
      scene.cluster.patch(
        deploymentRef('web-blue'),
        [{ op: 'replace', path: '/spec/replicas', value: 6 }],
        'kube-controller-manager'
      )
    )
    let size = 0
    void scene.when(SERVING, 0, () => (size = scene.controllers.podsOf('web-green').length))
    await scene.run().deploy()
    expect(size).toBe(6)
  })

  it('asks in the bake for a pod that has to wait for a node: that is no reason to roll back', async () => {
    const scene = await openScene([...slotted(), autoscaler('web-blue')])
    void scene.when(SERVING, 1000, () => {
      scene.controllers.life = () => ({ after: 10, status: UNSCHEDULABLE })
      scene.cluster.patch(deploymentRef('web-green'), [{ op: 'replace', path: '/spec/replicas', value: 4 }])
    })
    void scene.when(SERVING, 1100, () => {
      const pod = scene.controllers.podsOf('web-green').find(({ status }) => status?.phase === 'Pending')
      const involvedObject = { kind: 'Pod', name: pod?.metadata.name ?? '' }
      const metadata = { name: 'a', namespace: NAMESPACE }
      scene.cluster.create({
        apiVersion: 'v1',
        kind: 'Event',
        metadata,
        reason: 'TriggeredScaleUp',
        involvedObject
      } as ClusterEvent)
    })
    expect(await scene.run().deploy()).toMatchObject({ result: 'promoted' })
  })

  it('was deleted while the release ran: the next release begins nevertheless', async () => {
    const scene = await openScene([...slotted(), autoscaler('web-blue')])
    scene.controllers.life = () => ({ after: 500, status: waiting('CrashLoopBackOff') })
    void scene.when(STARTED, 10, () => {
      scene.cluster.remove(autoscalerRef)
    })
    await scene.run().deploy()
    scene.controllers.life = () => ({ after: 500, status: READY })
    expect(await scene.run().deploy()).toMatchObject({ result: 'promoted' })
  })
})
