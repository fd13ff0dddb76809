import { describe, expect, it } from '@jest/globals'
import { admin } from '../support/cluster/real-cluster.ts'
import { httpRoute, uniqueHost } from '../support/cluster/gateway.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { openLiveScene } from '../support/cluster/live-scene.ts'
import { essence, getDeployment, getService, image, service, workload } from '../support/cluster/workload.ts'

playLiveScenes()

const CANARY = {
  strategy: 'canary',
  route: 'httproute/web',
  images: image(2),
  steps: '50% until approved\n100%',
  bake: '0s'
}

async function openWaiting() {
  const host = uniqueHost()
  const scene = await openLiveScene([workload(), service(), httpRoute({ host })], host)
  const before = await objects(scene.namespace)
  const waiting = await scene.run(CANARY)
  expect(waiting).toMatchObject({
    exitCode: 0,
    outputs: { result: 'waiting', weight: '50', image: image(1) }
  })
  return { ...scene, before }
}

async function objects(namespace: string): Promise<unknown> {
  const route = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', namespace, name: 'web' }
  const found = await admin.get(route)
  return [
    found === undefined ? undefined : essence(found),
    essence(await getService(namespace)),
    essence(await getDeployment(namespace, 'web'))
  ]
}

describe('a release that waits for approval', () => {
  it('goes on in another process, once somebody has approved it', async () => {
    const { namespace, run, end } = await openWaiting()
    const ended = await run({ ...CANARY, command: 'promote' })
    expect(ended).toMatchObject({
      exitCode: 0,
      outputs: { result: 'promoted', image: image(2), 'previous-image': image(1) }
    })
    expect((await getDeployment(namespace, 'web')).spec.replicas).toBe(0)
    const { users, empty } = await end()
    expect(users.failures).toEqual([])
    expect(users.versions.v2).toBeGreaterThan(100)
    expect(empty).toEqual([])
  })

  it('refuses another image, and a Deployment that was changed since, and says what differs', async () => {
    const { namespace, run, end } = await openWaiting()
    const waiting = await objects(namespace)
    const other = await run({ ...CANARY, command: 'promote', images: image(3) })
    expect(other).toMatchObject({ exitCode: 1, outputs: { result: 'failed' } })
    expect(other.outputs.reason).toContain(`spec.containers[0].image: ${image(2)} → ${image(3)}`)
    expect(await objects(namespace)).toStrictEqual(waiting)

    await admin.patch({ apiVersion: 'apps/v1', kind: 'Deployment', namespace, name: 'web-green' }, [
      { op: 'add', path: '/spec/template/spec/containers/0/env/-', value: { name: 'SLOW_MS', value: '1' } }
    ])
    const edited = await run({ command: 'promote' })
    expect(edited).toMatchObject({ exitCode: 1, outputs: { result: 'failed' } })
    expect(edited.outputs.reason).toMatch(/deployment\/web-green .* was changed since it was tested/)
    expect(edited.outputs.reason).toContain('SLOW_MS')
    expect(await objects(namespace)).toStrictEqual(waiting)
    expect((await end()).users.failures).toEqual([])
  })

  it('is put back by abort, which is then no failure', async () => {
    const { namespace, run, end, before } = await openWaiting()
    const ended = await run({ command: 'abort', route: 'httproute/web' })
    expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'aborted', image: image(1), weight: '0' } })
    expect(await objects(namespace)).toStrictEqual(before)
    expect((await getDeployment(namespace, 'web-green')).spec.replicas).toBe(0)
    const { users, empty } = await end()
    expect(users.failures).toEqual([])
    expect(empty).toEqual([])
  })

  it('makes way for the next release', async () => {
    const { run, end } = await openWaiting()
    const ended = await run({ ...CANARY, images: image(3), steps: '50% for 2s\n100%' })
    expect(ended).toMatchObject({
      exitCode: 0,
      outputs: { result: 'promoted', image: image(3), 'previous-image': image(1) }
    })
    expect((await end()).users.failures).toEqual([])
  })

  it.each(['promote', 'abort'])('is what %s needs: without one it says so', async (command) => {
    const scene = await openLiveScene()
    const ended = await scene.run({ command })
    expect(ended).toMatchObject({ exitCode: 1, outputs: { result: 'failed' } })
    expect(ended.outputs.reason).toMatch(new RegExp(`nothing to ${command}`))
  })
})
