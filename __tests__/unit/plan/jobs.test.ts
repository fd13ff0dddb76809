import { describe, expect, it } from '@jest/globals'
import type { Release } from '../../../src/domain/record.ts'
import { parseImageRule, printImageRule, type ImageRule } from '../../../src/inputs/image.ts'
import { JOB, type Job } from '../../../src/kubernetes/job.ts'
import type { PodSpec } from '../../../src/kubernetes/objects.ts'
import { imagesFor } from '../../../src/plan/job-images.ts'
import { jobsAround } from '../../../src/plan/jobs-around.ts'
import { isSameJob, besideJob, releaseJob } from '../../../src/plan/release-job.ts'
import { ALL_AT_ONCE, planProgressive } from '../../../src/plan/progressive.ts'
import { appliedAround } from '../../../src/plan/release-jobs.ts'
import { manifest, workload } from '../../scenarios/scene.ts'
import { observed } from './observed.ts'

const podSpec = (image = 'shop/web:1', name = 'migrate'): PodSpec => ({ containers: [{ name, image }] })

const job = (name: string, metadata: Partial<Job['metadata']> = {}, spec: object = {}): Job => ({
  ...JOB,
  metadata: { name, ...metadata },
  spec: { template: { spec: podSpec() }, ...spec }
})

const around = (inputs: { readonly before?: string[]; readonly after?: string[] }, ...jobs: readonly Job[]) =>
  jobsAround({ before: [], after: [], ...inputs }, observed(), jobs.map(manifest))

describe('the Jobs of a release', () => {
  it('are those that the inputs name, as listed, and no others', () => {
    const { before, after, others, faults } = around(
      { before: ['b', 'a'], after: ['c'] },
      ...['a', 'b', 'c', 'd'].map((name) => job(name))
    )
    const names = [before, after, others].map((some) => some.map(({ object }) => object.metadata.name))
    expect(names).toEqual([['b', 'a'], ['c'], ['d']])
    expect(faults).toEqual([])
  })

  it('run once each, in the namespace of the release', () => {
    const { faults } = around(
      { before: ['a', 'b'], after: ['a'] },
      job('a'),
      job('b', { namespace: 'billing' })
    )
    expect(faults.map(({ input, problem }) => `${input}: ${problem}`)).toEqual([
      'after: job/a is in before as well, and a Job runs once in a release',
      'manifests: k8s/web.yaml, line 1: Job b is for namespace billing, the release for shop'
    ])
  })

  it('are looked for in the manifests', () => {
    expect(around({ after: ['migrate'] }).faults).toEqual([
      {
        input: 'after',
        problem: 'job/migrate is not in the manifests, they hold no Job',
        example: 'job/migrate'
      }
    ])
  })

  it('come when what they may need is there, and before all that users or others could notice', () => {
    const objects = ['Ingress', 'ConfigMap', 'Deployment', 'ExternalSecret', 'Service', 'ServiceAccount'].map(
      (kind) => manifest({ apiVersion: 'v1', kind, metadata: { name: 'one' } })
    )
    const before = [{ ...manifest(job('migrate')), object: job('migrate') }]
    const told = appliedAround(objects, { before, after: [] }, 'upgrade').map((step) =>
      step.kind === 'apply' ? step.manifest.object.kind : step.kind
    )
    expect(told).toEqual([
      ...['ConfigMap', 'ExternalSecret', 'ServiceAccount'],
      'run-job',
      ...['Ingress', 'Deployment', 'Service']
    ])
  })
})

it('Jobs come before a version is ended that still runs without users', () => {
  const deployment = workload('web-green')
  const version = { slot: 'blue', deployment: 'web-blue', images: [], hash: 'abc', replicas: 3 }
  const selectors = { before: {}, stable: {}, canary: {} }
  const release: Release = {
    ...{ version: 1, id: '1-1', command: 'deploy', phase: 'running', weight: 0, startedAt: '', history: [] },
    ...{ stable: version, canary: version, selectors }
  }
  const before = [{ ...manifest(job('migrate')), object: job('migrate') }]
  const course = { steps: ALL_AT_ONCE, checks: false, bake: 0, previous: 'keep', drain: 0 } as const
  const begun = {
    canary: deployment,
    manifests: [],
    smokeTests: false,
    hasRecentUsers: true as const,
    leftovers: ['web']
  }
  const steps = planProgressive({ ...begun, ...course, jobs: { before, after: [] } }, release)
  expect(steps.slice(0, 5).map(({ kind }) => kind)).toEqual(['begin', 'run-job', 'drain', 'retire', 'start'])
})

describe('a Job as a release runs it', () => {
  const made = (name: string, one: Job, release = '123456789-1'): Job =>
    releaseJob(name, one, observed(), release)

  it('is named after the release, and never longer than the label that holds its name', () => {
    expect(made('migrate', job('migrate')).metadata.name).toBe('migrate-123456789-1')
    const names = ['x', 'y'].map((end) => {
      const long = `${'a'.repeat(80)}${end}`
      return made(long, job(long)).metadata.name
    })
    for (const name of names) {
      expect(name.length).toBeLessThanOrEqual(63)
      expect(name).toMatch(/^[a-z0-9][-a-z0-9]*-123456789-1$/)
    }
    expect(new Set(names).size).toBe(2)
  })

  it('stays for a day, or as long as its author wants, but never so short that nobody sees its end', () => {
    const ttl = (seconds?: number): number | undefined =>
      made('a', job('a', {}, seconds === undefined ? {} : { ttlSecondsAfterFinished: seconds })).spec
        .ttlSecondsAfterFinished
    expect([ttl(), ttl(3600), ttl(0)]).toEqual([86_400, 3600, 300])
  })

  it('has nothing of the Job that it was exported from, and no mark of Argo CD', () => {
    const uid = { 'controller-uid': 'u', 'batch.kubernetes.io/job-name': 'a', 'job-name': 'a' }
    const live = job(
      'a',
      {
        labels: { ...uid, team: 'shop', 'app.kubernetes.io/instance': 'shop' },
        annotations: { 'argocd.argoproj.io/tracking-id': 'shop:batch/Job:shop/a', note: 'kept' }
      },
      {
        selector: { matchLabels: uid },
        template: { metadata: { labels: { ...uid, app: 'a' } }, spec: podSpec() }
      }
    )
    const { metadata, spec } = made('a', live)
    expect(metadata.labels).toEqual({
      team: 'shop',
      'app.kubernetes.io/managed-by': 'greenlight',
      'greenlight.dev/workload': 'web',
      'greenlight.dev/job': 'a'
    })
    expect(Object.keys(metadata.annotations ?? {}).sort()).toEqual(['greenlight.dev/content', 'note'])
    expect(spec).not.toHaveProperty('selector')
    expect(spec.template.metadata?.labels).toEqual({ app: 'a' })
  })

  it('is known again in every release, and told from one that does something else', () => {
    const [one, next] = ['1-1', '2-1'].map((release) => made('a', job('a'), release)) as [Job, Job]
    expect(besideJob(one)).toBe(besideJob(next))
    expect(isSameJob(one, next)).toBe(true)
    expect(isSameJob(one, made('a', job('a', {}, { backoffLimit: 1 })))).toBe(false)
  })

  it('has pods that are never ready where users could reach them', () => {
    const labelled = (app: string): Job =>
      job('a', {}, { template: { metadata: { labels: { app } }, spec: podSpec() } })
    expect(made('a', labelled('web')).spec.template.spec.readinessGates).toHaveLength(1)
    expect(made('a', labelled('a')).spec.template.spec).not.toHaveProperty('readinessGates')
  })
})

describe('the images of Jobs', () => {
  const rule = (text: string): ImageRule => {
    const parsed = parseImageRule(text)
    if ('problem' in parsed) throw new Error(parsed.problem)
    return parsed.value
  }
  const { spec } = workload().spec.template
  const told = (lines: readonly string[], ...jobs: readonly PodSpec[]) => {
    const { workload: own, jobs: theirs } = imagesFor(lines.map(rule), spec, jobs)
    return { workload: own.map(printImageRule), jobs: theirs.map(printImageRule) }
  }

  it('are those of the workload, by repository', () => {
    expect(told(['web=shop/web:2'], podSpec())).toEqual({
      workload: ['web=shop/web:2'],
      jobs: ['shop/web:2']
    })
    expect(told(['shop/web=shop/next:2'], podSpec()).jobs).toEqual(['shop/web=shop/next:2'])
  })

  it('are theirs alone where the workload has none of it', () => {
    const specs = [podSpec('shop/tools:1', 'tools'), podSpec('shop/else:1')]
    expect(told(['shop/web:2', 'shop/tools:9', 'migrate=shop/other:1'], ...specs)).toEqual({
      workload: ['shop/web:2'],
      jobs: ['shop/web:2', 'shop/tools:9', 'migrate=shop/other:1']
    })
  })

  it('are nobody’s where neither has it, which is told as of the workload', () => {
    expect(told(['shop/nothing:2'], podSpec()).workload).toEqual(['shop/nothing:2'])
  })
})
