import { describe, expect, it } from '@jest/globals'
import type { HorizontalPodAutoscaler } from '../../src/kubernetes/limits.ts'
import type { KubernetesObject } from '../../src/kubernetes/objects.ts'
import { httpRoute, uniqueHost } from '../support/cluster/gateway.ts'
import { CLOSE, ONE_OF_MANY, openLiveScene } from '../support/cluster/live-scene.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { admin } from '../support/cluster/real-cluster.ts'
import { image, service, workload } from '../support/cluster/workload.ts'
import { marksIn, withoutBookkeeping } from '../support/left.ts'

/** Greenlight leaves, and what was written before it came is all that is there. */

playLiveScenes()

const autoscaler: HorizontalPodAutoscaler & { spec: { minReplicas: number } } = {
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'web' },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    minReplicas: 2,
    maxReplicas: 6
  }
}

const KINDS = [
  ['v1', 'Service'],
  ['apps/v1', 'Deployment'],
  ['autoscaling/v2', 'HorizontalPodAutoscaler'],
  ['gateway.networking.k8s.io/v1', 'HTTPRoute']
] as const

/** Every object of the namespace by its name, as its team could have written it, and what Greenlight says on it. */
async function objectsIn(namespace: string) {
  const found = await Promise.all(
    KINDS.map(([apiVersion, kind]) => admin.list<KubernetesObject>({ apiVersion, kind, namespace }))
  )
  const all = found.flat()
  const theirs = all.filter(({ metadata }) => metadata.name === 'web')
  return {
    theirs: Object.fromEntries(
      theirs.map((one) => [`${one.kind}/${one.metadata.name}`, withoutBookkeeping(one)])
    ),
    marks: all.flatMap(marksIn)
  }
}

/** The same with the image that was released since. */
const withImage = (objects: object, reference: string): unknown =>
  JSON.parse(JSON.stringify(objects).replaceAll(image(1), reference))

describe('leaving', () => {
  it('gives a Service back to the plain Deployment under 200 requests a second, also after the run has died', async () => {
    const scene = await openLiveScene([workload({ replicas: 2 }), service(), autoscaler], undefined, CLOSE)
    const { namespace, run, start, end } = scene
    const before = await objectsIn(namespace)
    expect(await run({ images: image(2), bake: '0s' })).toMatchObject({ outputs: { result: 'promoted' } })

    const killed = start({ command: 'leave' })
    await killed.seen(/Drain: let connections end/)
    await killed.kill()

    const left = await run({ command: 'leave' })
    expect(left).toMatchObject({
      exitCode: 0,
      outputs: { result: 'promoted', 'stable-slot': 'plain', image: image(2) }
    })
    expect(left.summary).toContain('Greenlight has left **web**')
    expect(left.summary).toContain('delete deployment/web-green lease/greenlight-deployment-web')
    const after = await objectsIn(namespace)
    expect(after.theirs).toEqual(withImage(before.theirs, image(2)))
    expect(after.marks).toEqual([])
    expect(await run({ command: 'leave' })).toMatchObject({ exitCode: 0, outputs: { result: 'unchanged' } })
    const { users, empty } = await end()
    console.log(`${users.total} requests, ${users.failed} failed`)
    expect(users).toMatchObject({ failed: 0, failures: [] })
    expect(empty).toEqual([])
  })

  it('gives a route with weights back, and the next release takes the workload up anew', async () => {
    const host = uniqueHost()
    const objects = [workload({ replicas: 2 }), service(), httpRoute({ host })]
    const { namespace, run, end } = await openLiveScene(objects, host, ONE_OF_MANY)
    const before = await objectsIn(namespace)
    const canary = { strategy: 'canary', route: 'httproute/web', steps: '50% for 1s\n100%', bake: '0s' }
    expect(await run({ ...canary, images: image(2) })).toMatchObject({ outputs: { result: 'promoted' } })

    expect(await run({ command: 'leave', route: 'httproute/web' })).toMatchObject({
      exitCode: 0,
      outputs: { result: 'promoted', 'stable-slot': 'plain', image: image(2) }
    })
    const after = await objectsIn(namespace)
    expect(after.theirs).toEqual(withImage(before.theirs, image(2)))
    expect(after.marks).toEqual([])

    expect(await run({ ...canary, images: image(3) })).toMatchObject({ outputs: { result: 'promoted' } })
    const { users, empty } = await end()
    console.log(`${users.total} requests, ${users.failed} failed`)
    expect(users).toMatchObject({ failed: 0, failures: [] })
    expect(empty).toEqual([])
  })
})
