import { describe, expect, it } from '@jest/globals'
import { messageOf } from '../../src/base/errors.ts'
import { JOB } from '../../src/kubernetes/job.ts'
import type { KubernetesObject, Service } from '../../src/kubernetes/objects.ts'
import { CLOSED, openEmpty, toInstall } from './first.ts'
import {
  autoscaler,
  deploymentRef,
  NAMESPACE,
  openScene,
  service,
  workload,
  type RunOptions,
  type Scene
} from './scene.ts'

/** A first installation beside others: those who install the same, and those whose objects have its names. */

const named = (name: string, selector: Readonly<Record<string, string>> = { app: 'web' }): Service => ({
  ...service(selector),
  metadata: { name, namespace: NAMESPACE }
})

const migrate = {
  ...JOB,
  metadata: { name: 'migrate' },
  spec: {
    backoffLimit: 0,
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { restartPolicy: 'Never', containers: [{ name: 'migrate', image: 'shop/web:1' }] }
    }
  }
} as KubernetesObject

const withJob = (timeout = '10m'): RunOptions =>
  toInstall({ inputs: { before: 'job/migrate', timeout } }, [service(), workload(), migrate])

/** Who was behind a Service that may not be there yet, change by change. */
function watch(scene: Scene, name: string): readonly string[] {
  const seen: string[] = []
  const { cluster } = scene
  cluster.subscribe(() => {
    if (cluster.read({ apiVersion: 'v1', kind: 'Service', namespace: NAMESPACE, name }) === undefined) return
    const now = scene.traffic(name)
    if (seen.at(-1) !== now) seen.push(now)
  })
  return seen
}

/** Somebody installs the workload by hand, behind a Service of another name. */
async function byHand({ cluster, clock }: Scene): Promise<void> {
  cluster.create(named('other'))
  cluster.create(workload('web', { version: 7 }))
  await clock.sleep(20_000)
}

describe('a Deployment of its name that comes meanwhile', () => {
  it('is not ended where the installation fails because of it', async () => {
    const scene = await openEmpty()
    scene.jobs.life = () => ({ runs: 60_000, exitCode: 0 })
    const ended = scene.run(withJob()).deploy()
    await scene.clock.sleep(20_000)
    await byHand(scene)
    const outcome = await ended
    expect(outcome).toMatchObject({ result: 'rolled-back', reason: 'Deployment web exists already' })
    expect(outcome.evidence).toEqual([])
    expect(outcome.next[0]).toBe(
      'Nobody is served: service/web has no endpoints. Nothing was deleted: service/web stays.'
    )
    expect(outcome.next[1]).toBe('Read the reason above and the log below.')
    expect(scene.traffic('other')).toBe('app=web -> v7 3')
  })

  it('is not ended by the run that undoes one whose runner has died', async () => {
    const scene = await openEmpty()
    scene.jobs.life = () => ({ runs: 30_000, exitCode: 0 })
    const lost = scene.run(withJob())
    void lost.deploy()
    await scene.clock.sleep(10_000)
    lost.kill()
    await scene.clock.sleep(40_000)
    await byHand(scene)
    const seen = watch(scene, 'other')
    expect(await scene.run(withJob()).deploy()).toMatchObject({
      result: 'failed',
      reason: expect.stringMatching(/service\/other sends its users. Which one do users come through\?/)
    })
    expect(scene.traffic('other')).toBe('app=web -> v7 3')
    const { inputs, ...options } = withJob()
    const routed: RunOptions = { ...options, inputs: { ...inputs, route: 'service/other' } }
    expect(await scene.run(routed).deploy()).toMatchObject({ result: 'promoted' })
    expect(seen.filter((line) => line.endsWith('nobody') || line.includes(', v'))).toEqual([])
    expect(scene.traffic('other')).toMatch(/-> v1 3$/)
  })

  it('is not ended where another run has installed it behind another Service', async () => {
    const scene = await openEmpty()
    const seen = watch(scene, 'web')
    let isFirst = true
    const before: RunOptions['before'] = async ({ verb, kind }) => {
      if (!isFirst || verb !== 'create' || kind !== 'Lease') return
      isFirst = false
      await scene.run(toInstall()).deploy()
    }
    const late = toInstall({ before }, [workload('web', { version: 9 }), named('shop')])
    expect(await scene.run(late).deploy()).toMatchObject({ result: 'rolled-back', first: true })
    expect(seen).toEqual([`${CLOSED} -> nobody`, 'app=web -> v1 3'])
  })
})

const elsewhere = {
  'without a selector': {},
  ExternalName: { type: 'ExternalName', externalName: 'db.example' }
}

it.each(Object.entries(elsewhere))('refuses a Service that is there %s', async (_, fields) => {
  const { selector: __, ...spec } = service().spec
  const live = { ...service(), spec: { ...spec, ...fields } } as Service
  const scene = await openEmpty([live])
  await expect(scene.run(toInstall()).deploy()).rejects.toThrow(
    /^route: service\/web is there already and .* its users .*would be cut off/
  )
  expect(scene.service().spec).toEqual(live.spec)
})

it('refuses the Service of a Deployment that has no pods just now', async () => {
  const labels = { tier: 'x' }
  const scene = await openEmpty([
    workload('shop', { replicas: 0, labels }),
    service({ app: 'web', ...labels })
  ])
  await expect(scene.run(toInstall()).deploy()).rejects.toThrow(
    /^route: service\/web \(app=web,tier=x\) leads to deployment\/shop, which has no pods now/
  )
  expect(scene.service().spec.selector).toEqual({ app: 'web', ...labels })
})

it('takes no other kind that is called Service for it', async () => {
  const scene = await openEmpty()
  const serving = {
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: {}
  }
  const objects = [serving as KubernetesObject, workload(), service()]
  expect(await scene.run(toInstall({}, objects)).deploy()).toMatchObject({ result: 'promoted' })
})

it('waits for a Job of an earlier run that has the labels of the workload, and no users', async () => {
  const scene = await openEmpty()
  scene.jobs.life = () => ({ runs: 120_000, exitCode: 0 })
  expect(await scene.run(withJob('30s')).deploy()).toMatchObject({ jobs: [{ state: 'running' }] })
  expect(await scene.run(withJob()).deploy()).toMatchObject({
    result: 'promoted',
    jobs: [{ name: 'migrate-2-1' }]
  })
})

/** A Service of somebody else that says that the workload is being installed behind it. */
function pretend({ cluster }: Scene): void {
  const closed = { app: 'theirs', 'greenlight.dev/slot': 'none' }
  const record = {
    version: 1,
    id: '9-1',
    command: 'deploy',
    phase: 'running',
    weight: 0,
    startedAt: '2026-01-01T00:00:00Z',
    first: true,
    stable: { slot: 'green', deployment: 'web-green', images: [], hash: '', replicas: 0 },
    canary: { slot: 'plain', deployment: 'web', images: ['x'], hash: '', replicas: 1 },
    selectors: { before: closed, stable: closed, canary: { app: 'theirs' } },
    history: []
  }
  const theirs = named('theirs', closed)
  const annotations = { 'greenlight.dev/release': JSON.stringify(record) }
  cluster.create({ ...theirs, metadata: { ...theirs.metadata, annotations } })
}

describe.each(['installed', 'adopted'])(
  'a record on a Service of others, of a workload that was %s',
  (how) => {
    it.each(['deploy', 'abort', 'cleanup'] as const)('takes nobody from its users: %s', async (command) => {
      const scene = how === 'adopted' ? await openScene() : await openEmpty()
      if (how === 'installed') await scene.run(toInstall()).deploy()
      pretend(scene)
      const seen = watch(scene, 'web')
      await scene.run()[command]().catch(messageOf)
      expect(seen.filter((line) => line.endsWith('nobody'))).toEqual([])
      expect(scene.harm).toEqual([])
      expect(scene.traffic()).toMatch(/-> v\d 3$/)
    })
  }
)

it('does not take a Service beside the one of a failed installation for the one that users come by', async () => {
  const scene = await openEmpty([named('web-admin')])
  scene.cluster.answer = () => ({ status: 500, headers: {}, body: '' })
  await scene.run(toInstall()).deploy()
  // As the summary advises, to look at it.
  const scaled = (value: number): unknown =>
    scene.cluster.patch(deploymentRef('web'), [{ op: 'replace', path: '/spec/replicas', value }])
  scaled(1)
  await scene.clock.sleep(20_000)
  scene.cluster.answer = () => ({ status: 200, headers: {}, body: '' })
  const next = toInstall({}, [workload('web', { version: 2 }), service()])
  await expect(scene.run(next).deploy()).rejects.toThrow(
    /^route: service\/web keeps everybody away since the installation of web behind it has failed/
  )
  const routed = toInstall({ inputs: { route: 'service/web' } }, [workload('web', { version: 2 }), service()])
  await expect(scene.run(routed).deploy()).rejects.toThrow(
    /^route: service\/web keeps everybody away .*: scale deployment\/web to 0, and deploy it again$/
  )
  scaled(0)
  await scene.clock.sleep(20_000)
  expect(await scene.run(next).deploy()).toMatchObject({ result: 'promoted', first: true })
  expect(scene.traffic()).toBe('app=web -> v2 3')
})

it('starts as many pods as the autoscaler of the manifests would keep', async () => {
  const scene = await openEmpty()
  const seen = watch(scene, 'web')
  const { replicas: _, ...spec } = workload().spec
  const least = autoscaler()
  const objects = [{ ...workload(), spec }, service(), { ...least, spec: { ...least.spec, minReplicas: 4 } }]
  expect(await scene.run(toInstall({}, objects)).deploy()).toMatchObject({ result: 'promoted' })
  expect(seen).toEqual([`${CLOSED} -> nobody`, 'app=web -> v1 4'])
})
