import { expect, it } from '@jest/globals'
import { admin, nodeAddress } from '../support/cluster/real-cluster.ts'
import { startLoad, type Counted } from '../support/cluster/load.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { openLiveScene } from '../support/cluster/live-scene.ts'
import { getDeployment, getService, image, service, workload } from '../support/cluster/workload.ts'

playLiveScenes()

/** Two Services lead to one workload, and users come by both. */

const BOTH = 'service/web\nservice/web-internal'

async function addressOf(namespace: string): Promise<string> {
  const { spec } = await getService(namespace, 'web-internal')
  const [port] = spec.ports as readonly { readonly nodePort?: number }[]
  return `http://${await nodeAddress()}:${port?.nodePort ?? 0}/`
}

const told = ({ total, failed, versions }: Counted): string =>
  `${failed} of ${total} failed, ${JSON.stringify(versions)}`

it('both follow through two releases and a rollback, and no user of either notices', async () => {
  const scene = await openLiveScene([workload(), service(), service(undefined, 'web-internal')])
  const load = await startLoad(await addressOf(scene.namespace), 200)
  for (const version of [2, 3]) {
    const ended = await scene.run({ images: image(version), route: BOTH, bake: '0s' })
    expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted', image: image(version) } })
  }
  const back = await scene.run({ command: 'rollback' })
  expect(back).toMatchObject({ exitCode: 0, outputs: { result: 'rolled-back', image: image(2) } })
  const [{ users }, internal] = [await scene.end(), await load.stop()]
  console.log(`service/web: ${told(users)}; service/web-internal: ${told(internal)}`)
  for (const seen of [users, internal]) {
    expect(seen).toMatchObject({ failed: 0, failures: [] })
    expect(Object.keys(seen.versions).sort()).toEqual(['v1', 'v2', 'v3'])
  }
  const selectors = await Promise.all(
    ['web', 'web-internal'].map(async (name) => (await getService(scene.namespace, name)).spec.selector)
  )
  expect(selectors[1]).toEqual(selectors[0])
})

it('a release by one that would leave the other without pods is refused, and no user notices', async () => {
  const scene = await openLiveScene([workload(), service(), service(undefined, 'web-internal')])
  const load = await startLoad(await addressOf(scene.namespace), 200)
  const first = await scene.run({ images: image(2), route: 'service/web', bake: '0s' })
  expect(first).toMatchObject({ exitCode: 0, outputs: { result: 'promoted' } })
  const second = await scene.run({ images: image(3), route: 'service/web-internal', bake: '0s' })
  expect(second).toMatchObject({ exitCode: 1, outputs: { result: 'failed' } })
  expect(second.outputs.reason).toContain(
    'sends its users to pods of deployment/web-green alone, which this release ends'
  )
  expect(second.outputs.reason).toContain('one more line in route, service/web,')
  const [{ users }, internal] = [await scene.end(), await load.stop()]
  console.log(`service/web: ${told(users)}; service/web-internal: ${told(internal)}`)
  for (const seen of [users, internal]) expect(seen).toMatchObject({ failed: 0, failures: [] })
})

it("another team's Deployment with a slot's name keeps its pods through a cleanup", async () => {
  const scene = await openLiveScene()
  expect(await scene.run({ images: image(2), bake: '0s' })).toMatchObject({ exitCode: 0 })
  const theirs = workload({ name: 'web-blue', replicas: 2 })
  const labels = { app: 'bluetooth' }
  const template = { ...theirs.spec.template, metadata: { labels } }
  await admin.create({
    ...theirs,
    metadata: { name: 'web-blue', namespace: scene.namespace },
    spec: { ...theirs.spec, selector: { matchLabels: labels }, template }
  })
  expect(await scene.run({ command: 'cleanup' })).toMatchObject({
    exitCode: 0,
    outputs: { result: 'unchanged' }
  })
  expect((await getDeployment(scene.namespace, 'web-blue')).spec.replicas).toBe(2)
  const taken = await scene.run({ images: image(3) })
  expect(taken.outputs.reason).toContain('deployment/web-blue')
  expect((await scene.end()).users).toMatchObject({ failed: 0 })
})
