import { describe, expect, it } from '@jest/globals'
import { admin } from '../support/cluster/real-cluster.ts'
import { eachRight, publishedRole, RBAC, withoutRight } from '../support/cluster/rights.ts'
import { httpRoute, uniqueHost } from '../support/cluster/gateway.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { ONE_OF_MANY, openLiveScene } from '../support/cluster/live-scene.ts'
import { getService, image, service, workload } from '../support/cluster/workload.ts'

playLiveScenes()

const autoscaler = {
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'web' },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    minReplicas: 3,
    maxReplicas: 3
  }
}

const RELEASE = { images: image(2), 'smoke-tests': 'GET /health -> 200\nPOST /health {} -> 200' }

/** What a first release beside the old version has no use for, and what has. */
const others: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'get replicasets': { ...RELEASE, strategy: 'rolling' },
  'list replicasets': { command: 'rollback' }
}

const IN_PLACE = 'role-in-place.yaml'

describe.each<[string, Readonly<Record<string, string>>]>([
  ['role.yaml', { route: 'service/web' }],
  ['role-httproute.yaml', { route: 'httproute/web' }],
  [IN_PLACE, { strategy: 'rolling' }]
])('the published Role in %s', (file, inputs) => {
  it('is what it takes: without any one verb the run ends before anything is changed, and names it', async () => {
    const host = uniqueHost()
    const scene = await openLiveScene(
      [workload(), service(), autoscaler, httpRoute({ host })],
      host,
      ONE_OF_MANY
    )
    const { namespace } = scene
    const before = await getService(namespace)
    for (const right of eachRight(file)) {
      const { resource, verb } = right
      await withoutRight(namespace, file, right)
      const ended = await scene.run(others[`${verb} ${resource}`] ?? { ...RELEASE, ...inputs })
      expect({ resource, verb, ...ended.outputs }).toMatchObject({ resource, verb, result: 'failed' })
      expect(ended.outputs.reason).toContain(`cannot ${verb} ${resource}`)
      expect(ended.outputs.reason).toContain(`namespace ${namespace}`)
    }
    expect(await getService(namespace)).toStrictEqual(before)
  })
})

describe('the published Role for releases in place', () => {
  it('is enough to release, to undo, to end what a lost runner has left, and to go back', async () => {
    const scene = await openLiveScene(
      [workload({ replicas: 2 }), service(), autoscaler],
      undefined,
      ONE_OF_MANY
    )
    const { namespace } = scene
    const { metadata, rules } = publishedRole(IN_PLACE)
    const ref = { apiVersion: RBAC, kind: 'Role', namespace, name: metadata.name }
    await admin.patch(ref, [{ op: 'replace', path: '/rules', value: rules }])
    const release = { ...RELEASE, strategy: 'rolling', bake: '1s' }

    const promoted = await scene.run(release)
    expect(promoted).toMatchObject({ exitCode: 0, outputs: { result: 'promoted', image: image(2) } })
    const failing = { ...release, images: image(3), 'smoke-tests': 'GET /missing -> 404' }
    expect(await scene.run(failing)).toMatchObject({ outputs: { result: 'rolled-back', image: image(2) } })

    const lost = scene.start({ ...release, images: image(3) })
    await lost.seen('Wait until web is ready')
    await lost.kill()
    const back = await scene.run({ command: 'rollback' })
    expect(back).toMatchObject({ exitCode: 0, outputs: { result: 'rolled-back', image: image(2) } })
    const again = await scene.run({ command: 'rollback' })
    expect(again).toMatchObject({ exitCode: 0, outputs: { result: 'rolled-back', image: image(1) } })
    for (const { log } of [promoted, back, again]) expect(log).not.toMatch(/forbidden|cannot /)

    // Whoever wants the versions beside each other is told what that takes.
    const beside = await scene.run(RELEASE)
    expect(beside.outputs.result).toBe('failed')
    expect(beside.outputs.reason).toContain(`cannot create, patch deployments in namespace ${namespace}`)
    expect((await scene.end()).users).toMatchObject({ failed: 0, failures: [] })
  })
})
