import { execFileSync } from 'node:child_process'
import { describe, expect, it } from '@jest/globals'
import { stringify } from 'yaml'
import type { KubernetesObject } from '../../src/kubernetes/objects.ts'
import { kubeconfigPath } from '../support/cluster/real-cluster.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { manifestFile, openLiveScene } from '../support/cluster/live-scene.ts'
import { getService, image } from '../support/cluster/workload.ts'

playLiveScenes()

/** What annotations say, on a real API server and under load. */

const kubectl = (namespace: string, ...args: string[]): string =>
  execFileSync('kubectl', ['--kubeconfig', kubeconfigPath(), '-n', namespace, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe']
  })

const RELEASE = 'greenlight.dev/release'
const CANARY = { images: image(2), strategy: 'canary', steps: '50% for 20s\n100%', bake: '2s' }
const HALF = /watch web-green/

const recordOf = async (namespace: string): Promise<string> =>
  (await getService(namespace)).metadata.annotations?.[RELEASE] ?? ''

describe('at 50% somebody writes with kubectl what only the release writes: it goes on, and nobody notices', () => {
  it.each<[string, (namespace: string) => Promise<string>]>([
    ['a claim', () => Promise.resolve('greenlight.dev/claimed-by=me')],
    [
      'the record with one field changed',
      async (namespace) =>
        `${RELEASE}=${JSON.stringify({ ...(JSON.parse(await recordOf(namespace)) as object), actor: 'me' })}`
    ],
    ['no record', () => Promise.resolve(`${RELEASE}-`)]
  ])('%s', async (_, write) => {
    const scene = await openLiveScene()
    const started = scene.start(CANARY)
    await started.seen(HALF)
    // The step's own write may still be on its way.
    await until(async () => (await recordOf(scene.namespace)).includes('"weight":50'))
    kubectl(scene.namespace, 'annotate', '--overwrite', 'service/web', await write(scene.namespace))
    const ended = await started.ended
    expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted' } })
    const { foreignWrites } = JSON.parse(ended.outputs.json ?? '') as {
      foreignWrites: readonly { readonly manager: string }[]
    }
    expect(foreignWrites).toHaveLength(1)
    if (!(await write(scene.namespace)).endsWith('-'))
      expect(foreignWrites[0]?.manager).toBe('kubectl-annotate')
    const live = await getService(scene.namespace)
    expect(live.spec.selector).toStrictEqual({ app: 'web', 'greenlight.dev/slot': 'green' })
    expect(JSON.parse(live.metadata.annotations?.[RELEASE] ?? '')).toMatchObject({
      phase: 'promoted',
      weight: 0
    })
    expect(live.metadata.annotations).not.toHaveProperty(['greenlight.dev/claimed-by'])
    const { users, empty } = await scene.end()
    expect(users).toMatchObject({ failed: 0, failures: [] })
    expect(empty).toEqual([])
  })
})

it('a Service exported in the middle of a release is a manifest for the next three, and for a rollback', async () => {
  const scene = await openLiveScene()
  const started = scene.start(CANARY)
  await started.seen(HALF)
  await until(async () => (await recordOf(scene.namespace)).includes('"weight":50'))
  const text = kubectl(scene.namespace, 'get', 'service/web', '-o', 'json', '--show-managed-fields')
  expect(await started.ended).toMatchObject({ outputs: { result: 'promoted' } })
  const exported = JSON.parse(text) as KubernetesObject
  expect(stringify(exported)).toContain('managedFields')
  const manifests = manifestFile([exported])
  for (const version of [3, 1]) {
    const ended = await scene.run({ images: image(version), manifests, bake: '1s' })
    expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted', image: image(version) } })
    expect(ended.summary).toContain('which only a release may write')
  }
  expect(await scene.run({ command: 'rollback' })).toMatchObject({
    exitCode: 0,
    outputs: { result: 'rolled-back', image: image(3) }
  })
  const { users, empty } = await scene.end()
  expect(users).toMatchObject({ failed: 0, failures: [] })
  expect(empty).toEqual([])
})

it('a forged record does not scale down what is not of the workload', async () => {
  const scene = await openLiveScene()
  kubectl(scene.namespace, 'create', 'deployment', 'payments', `--image=${image(1)}`)
  const version = (deployment: string, slot: string) => ({
    slot,
    deployment,
    images: [],
    hash: 'x',
    replicas: 3
  })
  const app = { app: 'web' }
  const forged = {
    version: 1,
    id: '9-1',
    command: 'deploy',
    phase: 'running',
    weight: 0,
    startedAt: new Date().toISOString(),
    history: [],
    stable: version('web', 'plain'),
    canary: version('payments', 'green'),
    selectors: { before: app, stable: app, canary: { app: 'payments' } }
  }
  kubectl(scene.namespace, 'annotate', 'service/web', `${RELEASE}=${JSON.stringify(forged)}`)
  const ended = await scene.run({ command: 'cleanup', images: '' })
  expect(ended).toMatchObject({ exitCode: 1, outputs: { result: 'failed' } })
  expect(ended.outputs.reason).toContain('canary.deployment is payments, which is no place of web to run in')
  expect(kubectl(scene.namespace, 'get', 'deployment/payments', '-o', 'jsonpath={.spec.replicas}')).toBe('1')
  kubectl(scene.namespace, 'annotate', 'service/web', `${RELEASE}-`)
  expect(await scene.run({ images: image(2), bake: '1s' })).toMatchObject({ outputs: { result: 'promoted' } })
  const { users } = await scene.end()
  expect(users).toMatchObject({ failed: 0, failures: [] })
})

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 100))
}
