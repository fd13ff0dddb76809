import { afterAll, beforeAll, expect } from '@jest/globals'
import type { Deployment, KubernetesObject } from '../../src/kubernetes/objects.ts'
import { BUILDING, prepareFlagger, startFlagger, stopControllers } from '../support/cluster/controllers.ts'
import { eventually } from '../support/cluster/eventually.ts'
import {
  canary,
  deployLoadTester,
  getCanary,
  hookUrl,
  metricTemplate,
  setHook,
  type Canary
} from '../support/cluster/flagger.ts'
import { ingressRoute, uniqueHost, untilServed } from '../support/cluster/gateway.ts'
import { playTogether } from '../support/cluster/live-suite.ts'
import { admin, createNamespace, deleteNamespace } from '../support/cluster/real-cluster.ts'
import { followWeights } from '../support/cluster/traefik-weights.ts'
import { getDeployment, getService, image, workload } from '../support/cluster/workload.ts'

/** What Flagger does by itself, and where others take part. It looks at a Canary every ten seconds at most. */

let namespace = ''

beforeAll(async () => {
  await prepareFlagger()
  namespace = await createNamespace()
  await Promise.all([startFlagger(namespace), deployLoadTester(namespace)])
}, BUILDING)

afterAll(async () => {
  await stopControllers()
  await deleteNamespace(namespace)
})

async function create(...objects: readonly KubernetesObject[]): Promise<void> {
  for (const object of objects) await admin.create({ ...object, metadata: { ...object.metadata, namespace } })
}

const target = (name: string): Deployment => workload({ name, replicas: 1, labels: { app: name } })

const until = (name: string, what: string, isSo: (status: Canary['status']) => boolean): Promise<Canary> =>
  eventually(
    `canary/${name} ${what}`,
    () => getCanary(namespace, name),
    ({ status }) => isSo(status)
  )

const untilPhase = (name: string, phase: string): Promise<Canary> =>
  until(name, `is ${phase}`, (status) => status?.phase === phase)

const imageOf = async (name: string): Promise<unknown> =>
  (await getDeployment(namespace, name)).spec.template.spec.containers[0]?.image

const setImage = (name: string, version: number): Promise<unknown> =>
  admin.patch({ apiVersion: 'apps/v1', kind: 'Deployment', namespace, name }, [
    { op: 'replace', path: '/spec/template/spec/containers/0/image', value: image(version) }
  ])

const gate = (type: string, hook: 'gate' | 'rollback' = 'gate'): object => ({
  name: type,
  type,
  url: hookUrl(namespace, hook)
})

async function eventsOf(name: string): Promise<readonly string[]> {
  const fields = `involvedObject.kind=Canary,involvedObject.name=${name}`
  const events = await admin.list<KubernetesObject & { message?: string }>({
    apiVersion: 'v1',
    kind: 'Event',
    namespace,
    fields
  })
  return events.map(({ message = '' }) => message)
}

/** Users come by a TraefikService, which Flagger makes; a gate keeps them from the new version. */
async function shares(): Promise<void> {
  const host = uniqueHost()
  const analysis = {
    stepWeight: 50,
    maxWeight: 50,
    metrics: [
      { name: 'scraped', templateRef: { name: 'scraped' }, thresholdRange: { min: 1 }, interval: '10s' }
    ],
    webhooks: [gate('confirm-traffic-increase')]
  }
  await create(
    target('web'),
    ingressRoute({ host }),
    metricTemplate('scraped', `count(up{namespace="${namespace}",pod=~"{{ target }}-.*"} == 1)`),
    canary({ provider: 'traefik', analysis })
  )
  const first = await untilPhase('web', 'Initialized')
  await untilServed(host)
  const weights = followWeights(namespace, 'web-canary')
  expect(await imageOf('web-primary')).toBe(image(1))
  expect((await getDeployment(namespace, 'web')).spec.replicas).toBe(0)

  await setImage('web', 2)
  // Nothing in its status tells that it waits for this gate.
  await eventually(
    'canary/web says that it waits at its gate',
    () => eventsOf('web'),
    (events) => events.some((event) => event.includes('waiting for traffic increase approval'))
  )
  expect(await getCanary(namespace)).toMatchObject({ status: { phase: 'Progressing', canaryWeight: 0 } })
  expect((await getDeployment(namespace, 'web')).status).toMatchObject({ availableReplicas: 1 })
  expect(weights.seen).toEqual([0])
  await setHook(namespace, 'web', 'gate', 'open')
  const last = await untilPhase('web', 'Succeeded')
  await weights.stop()
  expect(weights.seen).toEqual([0, 50, 0])
  expect(await imageOf('web-primary')).toBe(image(2))
  expect(last.status?.lastPromotedSpec).toBe(last.status?.lastAppliedSpec)
  expect(last.status?.lastPromotedSpec).not.toBe(first.status?.lastPromotedSpec)
}

async function blueGreen(): Promise<void> {
  await create(target('blue'), canary({ name: 'blue', provider: 'kubernetes', analysis: { iterations: 1 } }))
  await untilPhase('blue', 'Initialized')
  expect((await getService(namespace, 'blue')).spec.selector).toEqual({ app: 'blue-primary' })
  await setImage('blue', 2)
  const { status } = await untilPhase('blue', 'Succeeded')
  expect(await imageOf('blue-primary')).toBe(image(2))
  expect(status?.lastPromotedSpec).toBe(status?.lastAppliedSpec)
  expect((await getDeployment(namespace, 'blue')).spec.replicas).toBe(0)
}

/** The gate before a promotion stays closed, so that there is time to say no. */
async function veto(): Promise<void> {
  const webhooks = [gate('confirm-promotion'), gate('rollback', 'rollback')]
  await create(
    target('bad'),
    canary({ name: 'bad', provider: 'kubernetes', analysis: { iterations: 1, webhooks } })
  )
  const before = await untilPhase('bad', 'Initialized')
  await setImage('bad', 2)
  await untilPhase('bad', 'WaitingPromotion')
  expect((await getDeployment(namespace, 'bad')).status).toMatchObject({ availableReplicas: 1 })
  await setHook(namespace, 'bad', 'rollback', 'open')
  const { status } = await untilPhase('bad', 'Failed')
  expect(await imageOf('bad-primary')).toBe(image(1))
  expect(await imageOf('bad')).toBe(image(2))
  expect((await getDeployment(namespace, 'bad')).spec.replicas).toBe(0)
  expect(status?.lastPromotedSpec).toBe(before.status?.lastPromotedSpec)
}

playTogether(
  {
    'gives a new version its share in a TraefikService once its gate is open, and promotes it': shares,
    'promotes a blue-green version by itself where there is no gate': blueGreen,
    'waits at the gate of the promotion, and takes the version back when the rollback hook says so': veto
  },
  3
)
