import { describe, expect, it } from '@jest/globals'
import { InputError } from '../../src/base/errors.ts'
import { JOB, type Job } from '../../src/kubernetes/job.ts'
import type { KubernetesObject } from '../../src/kubernetes/objects.ts'
import { waiting } from '../support/memory/controllers.ts'
import {
  deploymentRef,
  found,
  manifest,
  NAMESPACE,
  openScene,
  PROMOTED,
  service,
  workload,
  type RunOptions,
  type Scene
} from './scene.ts'

interface Options {
  readonly annotations?: Readonly<Record<string, string>>
  readonly backoffLimit?: number
  readonly labels?: Readonly<Record<string, string>>
  readonly image?: string
}

const job = (name: string, { annotations, backoffLimit = 0, labels, image }: Options = {}): Job => ({
  ...JOB,
  metadata: { name, ...(annotations === undefined ? {} : { annotations }) },
  spec: {
    backoffLimit,
    template: {
      metadata: { labels: labels ?? { app: name } },
      spec: { restartPolicy: 'Never', containers: [{ name, image: image ?? 'shop/web:1' }] }
    }
  }
})

const jobsIn = ({ cluster }: Scene): readonly Job[] => cluster.all<Job>({ ...JOB, namespace: NAMESPACE })
const namesIn = (scene: Scene): readonly string[] => jobsIn(scene).map(({ metadata }) => metadata.name)

/** A release of the next version with these Jobs. */
const given = (
  inputs: Readonly<Record<string, string>>,
  ...objects: readonly KubernetesObject[]
): RunOptions => ({
  inputs: { images: '', ...inputs },
  manifests: [workload('web', { version: 2 }), ...objects].map(manifest)
})

const MIGRATE = given({ before: 'job/migrate' }, job('migrate'))

const hangs = () => ({ runs: Infinity, exitCode: 0 })
const fails = () => ({ runs: 1000, exitCode: 1 })

describe('a Job before a release', () => {
  it.each(['blue-green', 'rolling'])(
    'runs to its end before the new version starts: %s',
    async (strategy) => {
      const scene = await openScene()
      const moments: string[] = []
      scene.cluster.subscribe(({ kind, metadata }, before) => {
        if (kind === 'Job' && before === undefined) moments.push(`${metadata.name}, ${scene.traffic()}`)
        if (kind === 'Pod' && metadata.name.startsWith('migrate') && before === undefined)
          moments.push(String(scene.cluster.read(deploymentRef('web-green')) !== undefined))
      })
      const options = given({ before: 'job/migrate', strategy }, job('migrate'))
      const outcome = await scene.run({ ...options, id: '7-1' }).deploy()
      expect(outcome).toMatchObject({
        result: 'promoted',
        jobs: [{ name: 'migrate-7-1', moment: 'before', state: 'complete' }]
      })
      expect(moments).toEqual([expect.stringMatching(/^migrate-7-1, app=web.* -> v1 3$/), 'false'])
      const [made] = jobsIn(scene)
      expect(made?.spec).toMatchObject({ backoffLimit: 0, ttlSecondsAfterFinished: 86_400 })
      expect(scene.traffic()).toContain('v2 3')
      if (strategy === 'blue-green') expect(scene.harm).toEqual([])
    }
  )

  it('ends the release when it fails, before anything else of it has happened', async () => {
    const scene = await openScene()
    scene.jobs.life = fails
    const before = scene.deployment('web')
    const config = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'api', namespace: NAMESPACE },
      spec: { selector: { app: 'api' } }
    }
    const outcome = await scene.run(given({ before: 'job/migrate' }, config, job('migrate'))).deploy()
    expect(outcome).toMatchObject({
      result: 'rolled-back',
      unexposed: true,
      jobs: [{ name: 'migrate-1-1', state: 'failed' }],
      evidence: [
        { pod: expect.stringContaining('migrate-1-1'), log: [expect.stringContaining('last words')] }
      ]
    })
    expect(outcome.reason).toBe(
      'job/migrate-1-1 failed: BackoffLimitExceeded: Job has reached the specified backoff limit; container migrate ended with exit code 1 (Error)'
    )
    expect(scene.cluster.read(deploymentRef('web-green'))).toBeUndefined()
    expect(
      scene.cluster.read({ apiVersion: 'v1', kind: 'Service', namespace: NAMESPACE, name: 'api' })
    ).toBeUndefined()
    expect(scene.deployment('web').spec).toEqual(before.spec)
    expect(scene.traffic()).toBe('app=web -> v1 3')
    expect(scene.harm).toEqual([])
  })

  it.each(['rolling', 'recreate', 'canary'])('changes nothing when it fails: %s', async (strategy) => {
    const scene = await openScene()
    scene.jobs.life = fails
    const before = scene.deployment('web')
    const inputs = { before: 'job/migrate', strategy }
    const outcome = await scene.run(given(inputs, job('migrate'))).deploy()
    expect(outcome).toMatchObject({ result: 'rolled-back', unexposed: true, jobs: [{ state: 'failed' }] })
    expect(outcome.next).toContainEqual('Read the reason above and the log below.')
    expect(scene.deployment('web').spec).toEqual(before.spec)
    expect(scene.traffic()).toBe('app=web -> v1 3')
    expect(scene.harm).toEqual([])
  })

  it('is tried again as often as it says itself', async () => {
    const scene = await openScene()
    let tries = 0
    scene.jobs.life = () => ({ runs: 1000, exitCode: (tries += 1) < 3 ? 1 : 0 })
    const outcome = await scene
      .run(given({ before: 'job/migrate' }, job('migrate', { backoffLimit: 4 })))
      .deploy()
    expect(outcome).toMatchObject({ result: 'promoted', jobs: [{ state: 'complete' }] })
    expect(tries).toBe(3)
  })

  it('ends the release at once when its image cannot be pulled, and never begins afterwards', async () => {
    const scene = await openScene()
    scene.jobs.life = () => ({ stuck: waiting('ErrImagePull', 'manifest unknown: not found') })
    const startedAt = scene.clock.now()
    const outcome = await scene.run(MIGRATE).deploy()
    expect(outcome).toMatchObject({ result: 'rolled-back', unexposed: true })
    expect(outcome.reason).toMatch(
      /^job\/migrate-1-1 cannot run: ErrImagePull: container web: manifest unknown/
    )
    expect(scene.clock.now() - startedAt).toBeLessThan(20_000)
    await scene.clock.sleep(5000)
    expect(jobsIn(scene)[0]?.status?.conditions).toMatchObject([
      { type: 'Failed', reason: 'DeadlineExceeded' }
    ])
  })

  it('is left running after the timeout, and told with what to do', async () => {
    const scene = await openScene()
    scene.jobs.life = hangs
    const inputs = { ...MIGRATE.inputs, timeout: '1m' }
    const outcome = await scene.run({ ...MIGRATE, inputs }).deploy()
    expect(outcome).toMatchObject({ result: 'rolled-back', unexposed: true, jobs: [{ state: 'running' }] })
    expect(outcome.reason).toMatch(/^job\/migrate-1-1 had not ended after 1m: pod migrate-1-1-\d+ runs$/)
    expect(outcome.next).toContainEqual(
      expect.stringMatching(/^job\/migrate-1-1 is left running.*kubectl -n shop delete job\/migrate-1-1/)
    )
    expect(scene.jobs.podsOf(found(jobsIn(scene)[0]))).toMatchObject([{ status: { phase: 'Running' } }])
    expect(scene.harm).toEqual([])
  })

  it('is left running when the run is cancelled', async () => {
    const scene = await openScene()
    scene.jobs.life = hangs
    const run = scene.run(MIGRATE)
    const ended = run.deploy()
    await scene.clock.sleep(5000)
    run.cancel()
    expect(await ended).toMatchObject({
      result: 'aborted',
      next: [expect.stringContaining('job/migrate-1-1 is left running')]
    })
    await run.post()
    expect(scene.jobs.podsOf(found(jobsIn(scene)[0]))).toMatchObject([{ status: { phase: 'Running' } }])
    expect(scene.traffic()).toBe('app=web -> v1 3')
  })

  it('of a run that was killed has to end before the same one runs again', async () => {
    const scene = await openScene()
    scene.jobs.life = () => ({ runs: 60_000, exitCode: 0 })
    const lost = scene.run(MIGRATE)
    void lost.deploy()
    await scene.clock.sleep(5000)
    lost.kill()
    const running: number[] = []
    scene.cluster.subscribe(({ kind }) => {
      if (kind === 'Pod')
        running.push(
          jobsIn(scene)
            .flatMap((one) => scene.jobs.podsOf(one))
            .filter(({ status }) => status?.phase === 'Running').length
        )
    })
    expect(await scene.run(MIGRATE).deploy()).toMatchObject({
      result: 'promoted',
      jobs: [{ name: 'migrate-2-1' }]
    })
    expect(namesIn(scene)).toEqual(['migrate-1-1', 'migrate-2-1'])
    expect(Math.max(...running)).toBe(1)
    expect(scene.harm).toEqual([])
  })

  it('that an earlier run has left and that never ends keeps the next one from running beside it', async () => {
    const scene = await openScene()
    scene.jobs.life = hangs
    const inputs = { ...MIGRATE.inputs, timeout: '30s' }
    await scene.run({ ...MIGRATE, inputs }).deploy()
    const outcome = await scene.run({ ...MIGRATE, inputs }).deploy()
    expect(outcome.result).toBe('rolled-back')
    expect(outcome.reason).toMatch(
      /^job\/migrate-1-1 of an earlier run still runs after 30s \(pod \S+ runs\), and job\/migrate-2-1 must not run beside it$/
    )
    expect(namesIn(scene)).toEqual(['migrate-1-1'])
  })

  it('is found by its name when the answer to its making was lost', async () => {
    const scene = await openScene()
    let lost = 0
    const outcome = await scene
      .run({
        ...MIGRATE,
        after: ({ verb, kind, dryRun }) => {
          if (verb === 'create' && kind === 'Job' && !dryRun && (lost += 1) === 1) throw new Error('lost')
        }
      })
      .deploy()
    expect(lost).toBe(1)
    expect(outcome.result).toBe('rolled-back')
    expect(namesIn(scene)).toEqual(['migrate-1-1'])
    expect((await scene.run({ ...MIGRATE, id: '1-1', holder: '1-1-b' }).deploy()).result).toBe('promoted')
    expect(namesIn(scene)).toEqual(['migrate-1-1'])
  })

  it('is no other one that has its name', async () => {
    const scene = await openScene()
    await scene.run(MIGRATE).deploy()
    const other = given({ before: 'job/migrate' }, job('migrate', { image: 'shop/other:1' }))
    const next = {
      ...other,
      manifests: [workload('web', { version: 3 }), job('migrate', { image: 'shop/other:1' })].map(manifest)
    }
    const outcome = await scene.run({ ...next, id: '1-1', holder: '1-1-b' }).deploy()
    expect(outcome.reason).toContain(
      'job/migrate-1-1 in namespace shop exists already and does something else'
    )
    expect(scene.traffic()).toContain('v2 3')
  })

  it('gets no users, whatever its labels are', async () => {
    const scene = await openScene()
    scene.jobs.life = () => ({ runs: 30_000, exitCode: 0 })
    const options = given(
      { before: 'job/migrate', strategy: 'rolling' },
      job('migrate', { labels: { app: 'web' } })
    )
    const seen = new Set<string>()
    scene.cluster.subscribe(() => seen.add(scene.traffic().replace(/^.*-> /, '')))
    expect((await scene.run(options).deploy()).result).toBe('promoted')
    expect([...seen].filter((line) => line.includes('v1') && !line.includes('v2'))).toContain('v1 3')
    expect([...seen].some((line) => line.includes('v1 4'))).toBe(false)
  })

  it('runs the image of the workload that the input brings', async () => {
    const scene = await openScene()
    const options: RunOptions = {
      inputs: { images: 'web=shop/web:2\nshop/tools:9', before: 'job/migrate\njob/seed' },
      manifests: [job('migrate'), job('seed', { image: 'shop/tools:1' })].map(manifest)
    }
    expect((await scene.run(options).deploy()).result).toBe('promoted')
    expect(jobsIn(scene).map(({ spec }) => spec.template.spec.containers[0]?.image)).toEqual([
      'shop/web:2',
      'shop/tools:9'
    ])
  })

  it('is shown by a plan, and nothing is run for one or for what serves already', async () => {
    const scene = await openScene()
    const planned = await scene.run(MIGRATE).plan()
    expect(planned.plan?.steps.slice(0, 3)).toEqual([
      'All traffic on web',
      'Run job/migrate-1-1',
      'Start web-green with 3 pods'
    ])
    expect(namesIn(scene)).toEqual([])
    const same = {
      inputs: { images: 'shop/web:1', before: 'job/migrate' },
      manifests: [manifest(job('migrate'))]
    }
    expect((await scene.run(same).deploy()).result).toBe('unchanged')
    expect(namesIn(scene)).toEqual([])
  })

  it('has to be one of the manifests', async () => {
    const scene = await openScene()
    const wrong = given({ before: 'job/migrat', after: 'job/notify' }, job('migrate'))
    await expect(scene.run(wrong).deploy()).rejects.toThrow(InputError)
    await expect(scene.run(wrong).deploy()).rejects.toThrow(
      'before: job/migrat is not in the manifests, they hold job/migrate; did you mean job/migrate? — for example: job/migrate\nafter: job/notify is not'
    )
    expect(scene.story).toEqual([])
  })
})

describe('a Job after a release', () => {
  const NOTIFY = given({ after: 'job/notify\njob/reindex' }, job('notify'), job('reindex'))

  it('runs when the version serves and the old one is gone', async () => {
    const scene = await openScene()
    const moments: string[] = []
    scene.cluster.subscribe(({ kind, metadata }, before) => {
      if (kind === 'Job' && before === undefined)
        moments.push(
          `${metadata.name}: ${scene.traffic()}, ${scene.deployment('web').spec.replicas ?? ''} old`
        )
    })
    const outcome = await scene.run(NOTIFY).deploy()
    expect(outcome).toMatchObject({
      result: 'promoted',
      jobs: [{ state: 'complete' }, { state: 'complete' }]
    })
    expect(outcome.failedJob).toBeUndefined()
    expect(moments).toEqual([
      expect.stringMatching(/^notify-1-1: .* -> v2 3, 0 old$/),
      expect.stringMatching(/^reindex-1-1: .* -> v2 3, 0 old$/)
    ])
    expect(scene.harm).toEqual([])
  })

  it('takes no users back when it fails, and is told', async () => {
    const scene = await openScene()
    scene.jobs.life = fails
    const outcome = await scene.run(NOTIFY).deploy()
    expect(outcome).toMatchObject({ result: 'promoted', failedJob: 'notify-1-1', weight: 100 })
    expect(outcome.unsettled).toBeUndefined()
    expect(outcome.next).toContainEqual(expect.stringMatching(/^Not run, although .*: job\/reindex-1-1\./))
    expect(scene.traffic()).toContain('v2 3')
    expect(scene.harm).toEqual([])
  })

  it('comes with the promotion of a release that waits, which needs the same manifests', async () => {
    const scene = await openScene()
    const steps = { strategy: 'canary', steps: '50% until approved\n100%' }
    const both = given(
      { ...steps, before: 'job/migrate', after: 'job/notify' },
      job('migrate'),
      job('notify')
    )
    expect((await scene.run(both).deploy()).result).toBe('waiting')
    expect(namesIn(scene)).toEqual(['migrate-1-1'])
    await expect(scene.run({ inputs: { images: '' } }).promote()).rejects.toThrow(
      'after: release 1-1 began with job/notify-1-1 to run after it, and the inputs of this run have none'
    )
    const outcome = await scene.run(both).promote()
    expect(outcome).toMatchObject({ result: 'promoted', jobs: [{ name: 'notify-1-1', moment: 'after' }] })
    expect(namesIn(scene)).toEqual(['migrate-1-1', 'notify-1-1'])
  })
})

describe('a first installation', () => {
  const chart = (...objects: readonly KubernetesObject[]): RunOptions => ({
    inputs: { images: '' },
    manifests: [workload('web', { version: 2 }), service(), ...objects].map(manifest)
  })
  const hook = (name: string, moments: string): Job => job(name, { annotations: { 'helm.sh/hook': moments } })

  it('runs the hooks that are for one, before its first pods and after its first users', async () => {
    const scene = await openScene([])
    const options = chart(
      hook('create', 'pre-install'),
      hook('migrate', 'pre-install,pre-upgrade'),
      hook('upgrade', 'pre-upgrade'),
      hook('seed', 'post-install')
    )
    const outcome = await scene.run(options).deploy()
    expect(outcome.result).toBe('promoted')
    expect(outcome.jobs?.map(({ name, moment }) => `${moment} ${name}`)).toEqual([
      'before create-1-1',
      'before migrate-1-1',
      'after seed-1-1'
    ])
  })

  it('serves nobody when one before it fails', async () => {
    const scene = await openScene([])
    scene.jobs.life = fails
    const outcome = await scene.run(chart(hook('migrate', 'pre-install'))).deploy()
    expect(outcome).toMatchObject({ result: 'rolled-back', jobs: [{ state: 'failed' }] })
    expect(scene.cluster.read(deploymentRef('web'))).toBeUndefined()
  })
})

describe('hooks of charts that are Jobs', () => {
  const hook = (name: string, moments: string, weight = '0'): Job =>
    job(name, { annotations: { 'helm.sh/hook': moments, 'helm.sh/hook-weight': weight } })
  const sync = (name: string, moment: string, wave = '0'): Job =>
    job(name, { annotations: { 'argocd.argoproj.io/hook': moment, 'argocd.argoproj.io/sync-wave': wave } })

  it('run by themselves, in the order of their weights', async () => {
    const scene = await openScene()
    const objects = [
      hook('z-first', 'pre-install,pre-upgrade', '-5'),
      hook('b-migrate', 'pre-upgrade'),
      hook('a-migrate', 'pre-upgrade'),
      hook('drop', 'pre-delete'),
      hook('undo', 'post-rollback'),
      hook('smoke', 'test'),
      sync('last', 'PostSync', '2'),
      sync('index', 'PostSync', '1'),
      job('named')
    ]
    const outcome = await scene.run(given({ before: 'job/named' }, ...objects)).deploy()
    expect(outcome.jobs?.map(({ name, moment }) => `${moment} ${name}`)).toEqual([
      'before named-1-1',
      'before z-first-1-1',
      'before a-migrate-1-1',
      'before b-migrate-1-1',
      'after index-1-1',
      'after last-1-1'
    ])
    expect(outcome.warnings).toEqual([])
    expect(namesIn(scene)).toHaveLength(6)
  })

  it('find the config and accounts that the chart has for them alone', async () => {
    const scene = await openScene()
    const config = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: 'script',
        namespace: NAMESPACE,
        annotations: { 'helm.sh/hook': 'pre-upgrade', 'helm.sh/hook-delete-policy': 'hook-succeeded' }
      },
      data: { run: 'migrate' }
    }
    const seen: boolean[] = []
    const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: NAMESPACE, name: 'script' }
    scene.cluster.subscribe(({ kind }, before) => {
      if (kind === 'Job' && before === undefined) seen.push(scene.cluster.read(ref) !== undefined)
    })
    await scene.run(given({}, hook('migrate', 'pre-upgrade'), config)).deploy()
    expect(seen).toEqual([true])
  })

  it('read the same copies of config as the new version', async () => {
    const scene = await openScene()
    const config = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings', namespace: NAMESPACE },
      data: { url: 'db' }
    }
    const envFrom = [{ configMapRef: { name: 'settings' } }]
    const reading = <T extends Job | ReturnType<typeof workload>>(one: T): T => {
      const { template } = one.spec
      const [container] = template.spec.containers
      const spec = { ...template.spec, containers: [{ ...container, envFrom }] }
      return { ...one, spec: { ...one.spec, template: { ...template, spec } } }
    }
    const objects = [
      reading(workload('web', { version: 2 })),
      config,
      reading(hook('migrate', 'pre-upgrade'))
    ]
    await scene.run({ inputs: { images: '' }, manifests: objects.map(manifest) }).deploy()
    const [made] = jobsIn(scene)
    const green = scene.deployment('web-green').spec.template.spec
    const read = made?.spec.template.spec.containers[0] as unknown as { envFrom: unknown }
    expect(read.envFrom).toEqual((green.containers[0] as unknown as { envFrom: unknown }).envFrom)
    expect(JSON.stringify(read.envFrom)).toMatch(/settings-[a-z0-9]{10}/)
    const original = { apiVersion: 'v1', kind: 'ConfigMap', namespace: NAMESPACE, name: 'settings' }
    expect(scene.cluster.read(original)).toBeUndefined()
  })
})

describe('what Jobs have done', () => {
  it('is told by a rollback, which runs none', async () => {
    const scene = await openScene()
    await scene.run(MIGRATE).deploy()
    const outcome = await scene.run({ ...MIGRATE, inputs: { ...MIGRATE.inputs, images: '' } }).rollback()
    expect(outcome.result).toBe('rolled-back')
    expect(outcome.warnings).toEqual([
      'a rollback runs no Jobs and undoes none: what job/migrate-1-1 of release 1-1 has made of the database stays, and the old version has to get on with it'
    ])
    expect(namesIn(scene)).toEqual(['migrate-1-1'])
  })

  it('is told where the version is taken out', async () => {
    const scene = await openScene()
    scene.cluster.answer = () => ({ status: 500, headers: {}, body: '' })
    const inputs = { ...MIGRATE.inputs, 'smoke-tests': 'GET / -> 200' }
    const outcome = await scene.run({ ...MIGRATE, inputs }).deploy()
    expect(outcome.result).toBe('rolled-back')
    expect(outcome.next).toContainEqual(
      expect.stringMatching(/^job\/migrate-1-1 had run before and is not undone/)
    )
  })

  it('is told where a release that waits is aborted', async () => {
    const scene = await openScene()
    const steps = { strategy: 'canary', steps: '50% until approved\n100%' }
    await scene.run(given({ ...steps, before: 'job/migrate' }, job('migrate'))).deploy()
    const { result, next } = await scene.run({ inputs: { images: '' } }).abort()
    expect(result).toBe('aborted')
    expect(next).toContainEqual(expect.stringMatching(/^job\/migrate-1-1 had run before and is not undone/))
  })

  it('is on record while the release runs', async () => {
    const scene = await openScene([workload(), service()])
    const run = scene.run(MIGRATE)
    void run.deploy()
    await scene.clock.sleep(2000)
    expect(scene.record()?.jobs).toEqual({ before: ['migrate-1-1'], after: [] })
    await scene.when(PROMOTED, 0, () => undefined)
    expect(scene.record()?.jobs).toBeUndefined()
    expect(scene.record()?.history[0]?.jobs).toEqual(['migrate-1-1'])
  })
})
