import { expect, it } from '@jest/globals'
import { ClusterError } from '../../src/base/errors.ts'
import { JOB, type Job } from '../../src/kubernetes/job.ts'
import type { KubernetesObject, PodTemplate, Service } from '../../src/kubernetes/objects.ts'
import { waiting } from '../support/memory/controllers.ts'
import { manifest, NAMESPACE, openScene, service, workload, type RunOptions, type Scene } from './scene.ts'

/** Jobs of a release beside other Services, and what is left of earlier ones. */

const migrate = (labels: Readonly<Record<string, string>> = { app: 'migrate' }): Job => ({
  ...JOB,
  metadata: { name: 'migrate' },
  spec: {
    backoffLimit: 0,
    template: {
      metadata: { labels },
      spec: { restartPolicy: 'Never', containers: [{ name: 'migrate', image: 'shop/web:1' }] }
    }
  }
})

const given = (inputs: RunOptions['inputs'], ...objects: readonly KubernetesObject[]): RunOptions => ({
  inputs: { images: '', ...inputs },
  manifests: objects.map(manifest)
})

const jobsIn = ({ cluster }: Scene): readonly Job[] => cluster.all<Job>({ ...JOB, namespace: NAMESPACE })

it('sends users of other Services of the workload to no pod of a Job', async () => {
  const labels = { component: 'server' }
  const admin: Service = { ...service(), metadata: { name: 'web-admin', namespace: NAMESPACE } }
  const scene = await openScene([workload('web', { labels }), service({ app: 'web', ...labels }), admin])
  scene.jobs.life = () => ({ runs: 30_000, exitCode: 0 })
  const seen = new Set<string>()
  scene.cluster.subscribe(() => seen.add(scene.traffic('web-admin')))
  const inputs = { before: 'job/migrate', route: 'service/web', strategy: 'rolling' }
  const objects = [workload('web', { version: 2, labels }), migrate({ app: 'web' })]
  expect(await scene.run(given(inputs, ...objects)).deploy()).toMatchObject({ result: 'promoted' })
  expect([...seen]).toContain('app=web -> v1 3')
  expect([...seen].filter((line) => line.includes('v1 4'))).toEqual([])
})

it('does not run beside an earlier one that cannot begin yet and cannot be ended', async () => {
  const scene = await openScene()
  scene.jobs.life = () => ({ stuck: waiting('ErrImagePull', 'manifest unknown') })
  const options: RunOptions = {
    ...given({ before: 'job/migrate' }, workload('web', { version: 2 }), migrate()),
    before: ({ verb, kind, dryRun }) => {
      if (verb === 'patch' && kind === 'Job' && !dryRun) throw new ClusterError('forbidden', 403)
    }
  }
  await scene.run(options).deploy()
  const outcome = await scene.run(options).deploy()
  expect(outcome.result).toBe('rolled-back')
  expect(outcome.reason).toBe(
    'job/migrate-1-1 of an earlier run could still begin, and job/migrate-2-1 must not run beside it: delete it by hand'
  )
  expect(jobsIn(scene)).toHaveLength(1)
  expect(scene.harm).toEqual([])
})

it('keeps the config that a Job which was left running reads', async () => {
  const scene = await openScene()
  scene.jobs.life = () => ({ runs: Infinity, exitCode: 0 })
  const config = (url: string) =>
    ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings', namespace: NAMESPACE },
      data: { url }
    }) as KubernetesObject
  const reading = <T extends { readonly spec: { readonly template: PodTemplate } }>(one: T): T => {
    const { template } = one.spec
    const envFrom = [{ configMapRef: { name: 'settings' } }]
    const spec = {
      ...template.spec,
      containers: template.spec.containers.map((each) => ({ ...each, envFrom }))
    }
    return { ...one, spec: { ...one.spec, template: { ...template, spec } } }
  }
  const inputs = { before: 'job/migrate', timeout: '30s' }
  await scene.run(given({}, reading(workload('web', { version: 2 })), config('old'))).deploy()
  const next = [reading(workload('web', { version: 3 })), config('new'), reading(migrate())]
  expect(await scene.run(given(inputs, ...next)).deploy()).toMatchObject({ jobs: [{ state: 'running' }] })
  await scene.run().cleanup()
  const [job] = jobsIn(scene)
  const copies = scene.cluster.all({ apiVersion: 'v1', kind: 'ConfigMap', namespace: NAMESPACE })
  const read = copies.filter(({ metadata }) => JSON.stringify(job?.spec).includes(metadata.name))
  expect(read).toHaveLength(1)
})

it('does not run beside a Job of another name that an earlier release has left running', async () => {
  const scene = await openScene()
  scene.jobs.life = () => ({ runs: 300_000, exitCode: 0 })
  const drop: Job = { ...migrate(), metadata: { name: 'drop' } }
  const inputs = { after: 'job/drop', timeout: '1m' }
  const first = await scene.run(given(inputs, workload('web', { version: 2 }), drop)).deploy()
  expect(first).toMatchObject({ failedJob: 'drop-1-1', jobs: [{ state: 'running' }] })
  const running = new Set<number>()
  scene.cluster.subscribe(() => {
    const pods = jobsIn(scene).flatMap((one) => scene.jobs.podsOf(one))
    running.add(pods.filter(({ status }) => status?.phase === 'Running').length)
  })
  const next = given({ before: 'job/migrate' }, workload('web', { version: 3 }), migrate())
  expect(await scene.run(next).deploy()).toMatchObject({ result: 'promoted' })
  expect(Math.max(...running)).toBe(1)
})
