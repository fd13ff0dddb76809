import { afterAll, beforeAll, expect } from '@jest/globals'
import type { KubernetesObject } from '../../src/kubernetes/objects.ts'
import { BUILDING, prepareFlagger, startFlagger, stopControllers } from '../support/cluster/controllers.ts'
import { eventually } from '../support/cluster/eventually.ts'
import {
  canary,
  deployLoadTester,
  getCanary,
  hookUrl,
  metricTemplate,
  type CanaryOptions
} from '../support/cluster/flagger.ts'
import { gatewayUrl, ingressRoute, uniqueHost, untilServed } from '../support/cluster/gateway.ts'
import { openLiveStage, type LiveStage } from '../support/cluster/live-scene.ts'
import { playTogether } from '../support/cluster/live-suite.ts'
import { startLoad } from '../support/cluster/load.ts'
import { admin, grant } from '../support/cluster/real-cluster.ts'
import { startEmptyRegistry } from '../support/cluster/registry.ts'
import { shiftsOf } from '../support/cluster/share.ts'
import { getDeployment, image, workload } from '../support/cluster/workload.ts'

/** Releases that Flagger carries out and the action tests, lets through and says no to, with users. It looks every ten seconds. */

beforeAll(prepareFlagger, BUILDING)
afterAll(stopControllers)

const PER_SECOND = 40

const RELEASE = { workload: 'canary/web', bake: '0s', images: image(2) }

const imageOf = async (namespace: string, name: string): Promise<string | undefined> =>
  (await getDeployment(namespace, name)).spec.template.spec.containers[0]?.image

const gate = (namespace: string, type: string): object => ({
  type,
  name: type,
  url: hookUrl(namespace, type === 'rollback' ? 'rollback' : 'gate')
})

type Stage = LiveStage & { readonly host: string }

/** A Canary that Flagger has initialised, with v1; users come by the gateway where it shares requests out. */
async function openCanary(
  provider: CanaryOptions['provider'],
  analysisOf: (namespace: string) => object,
  objects: readonly KubernetesObject[] = []
): Promise<Stage> {
  const stage = await openLiveStage([workload({ replicas: 1, labels: { app: 'web' } })])
  const { namespace } = stage
  await grant(namespace, 'role-canary.yaml')
  const host = uniqueHost()
  const put = async (object: KubernetesObject): Promise<void> => {
    await admin.create({ ...object, metadata: { ...object.metadata, namespace } })
  }
  await Promise.all([startFlagger(namespace), deployLoadTester(namespace)])
  for (const object of objects) await put(object)
  if (provider === 'traefik') await put(ingressRoute({ host }))
  await put(canary({ provider, analysis: analysisOf(namespace) }))
  await eventually(
    `canary/web in ${namespace} is initialised`,
    () => getCanary(namespace),
    ({ status }) => status?.phase === 'Initialized'
  )
  if (provider === 'traefik') await untilServed(host)
  return { ...stage, host }
}

/** Nobody is on the new version before somebody has said yes. */
async function promoted(): Promise<void> {
  const { namespace, host, run } = await openCanary('traefik', (where) => ({
    ...{ stepWeight: 50, maxWeight: 50 },
    webhooks: [gate(where, 'confirm-traffic-increase'), gate(where, 'rollback')]
  }))
  const load = await startLoad(await gatewayUrl(), PER_SECOND, { Host: host })
  try {
    const inputs = { ...RELEASE, 'smoke-tests': 'GET / -> 200 contains "v2"' }
    const waiting = await run(inputs)
    expect(waiting).toMatchObject({
      exitCode: 0,
      outputs: { result: 'waiting', image: image(1), weight: '0' }
    })
    const yesAt = Date.now()
    const end = await run({ ...inputs, command: 'promote' })
    expect(end).toMatchObject({
      exitCode: 0,
      outputs: { result: 'promoted', image: image(2), weight: '100' }
    })
    const weights = shiftsOf(end).map(({ weight }) => weight)
    expect([weights[0], weights.at(-1)]).toEqual([50, 100])
    expect(await imageOf(namespace, 'web-primary')).toBe(image(2))
    const users = await load.stop()
    console.log(
      `promoted: waiting after ${waiting.milliseconds} ms, promoted in ${end.milliseconds} ms; ` +
        `${users.failed} of ${users.total} requests failed, ${JSON.stringify(users.versions)}`
    )
    const second = users.firstSeen.find(({ version }) => version === 'v2')
    expect(users.startedAt + (second?.at ?? 0) * 1000).toBeGreaterThan(yesAt)
  } finally {
    await load.stop()
  }
}

async function vetoed(): Promise<void> {
  const { namespace, run } = await openCanary('kubernetes', (where) => ({
    iterations: 1,
    webhooks: [gate(where, 'confirm-promotion'), gate(where, 'rollback')]
  }))
  const isBack = async (): Promise<void> => {
    expect(await imageOf(namespace, 'web')).toBe(image(1))
    expect(await imageOf(namespace, 'web-primary')).toBe(image(1))
    expect((await getDeployment(namespace, 'web')).spec.replicas).toBe(0)
    expect(await getCanary(namespace)).toMatchObject({ status: { phase: 'Failed' } })
  }
  const registry = await startEmptyRegistry()
  const absent = await run({ ...RELEASE, images: `web=${registry.host}/shop/web:404` })
  registry.close()
  expect(absent).toMatchObject({
    exitCode: 1,
    outputs: { result: 'rolled-back', image: image(1), weight: '0' }
  })
  expect(absent.outputs.reason).toMatch(/^pod web-\S+ cannot run: (?:ErrImage|ImagePull)/)
  await isBack()
  const bad = await run({ ...RELEASE, images: image(3), 'smoke-tests': 'GET / -> 200 contains "v2"' })
  expect(bad).toMatchObject({ exitCode: 1, outputs: { result: 'rolled-back', image: image(1), weight: '0' } })
  expect(bad.outputs.reason).toMatch(/^smoke test failed: 1: GET \//)
  await isBack()
  console.log(`vetoed: absent image in ${absent.milliseconds} ms, smoke test in ${bad.milliseconds} ms`)
}

/** There is no way to say no, and none is needed. */
async function failedByItself(): Promise<void> {
  const { namespace, run } = await openCanary(
    'kubernetes',
    () => ({
      ...{ iterations: 3, threshold: 1 },
      metrics: [
        { name: 'orders', templateRef: { name: 'orders' }, thresholdRange: { min: 1 }, interval: '10s' }
      ]
    }),
    [metricTemplate('orders', 'vector(0)')]
  )
  const outcome = await run(RELEASE)
  expect(outcome).toMatchObject({ exitCode: 1, outputs: { result: 'rolled-back', image: image(1) } })
  expect(outcome.outputs.reason).toMatch(
    /^Flagger: Halt web\.\S+ advancement orders 0\.00 < 1; Rolling back web\.\S+ failed checks threshold reached 1/
  )
  expect(outcome.summary).toContain('nobody can veto canary/web')
  expect(await imageOf(namespace, 'web')).toBe(image(1))
  expect(await imageOf(namespace, 'web-primary')).toBe(image(1))
  console.log(`failed by itself: ${outcome.milliseconds} ms`)
}

playTogether(
  {
    'a version is tested before its first users, waits for a yes at a gate of Flagger, and is promoted':
      promoted,
    'a version whose image is absent, or that fails its test, is taken back, and Flagger hears a no': vetoed,
    'a version that Flagger fails is rolled back, with its words': failedByItself
  },
  3
)
