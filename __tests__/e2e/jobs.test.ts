import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from '@jest/globals'
import { JOB, type Job } from '../../src/kubernetes/job.ts'
import type { KubernetesObject } from '../../src/kubernetes/objects.ts'
import type { Ended } from '../support/action.ts'
import { playTogether } from '../support/cluster/live-suite.ts'
import {
  manifestFile,
  ONE_OF_MANY,
  openLiveScene,
  openLiveStage,
  type LiveStage
} from '../support/cluster/live-scene.ts'
import { admin, grant } from '../support/cluster/real-cluster.ts'
import { eachRight, withoutRight } from '../support/cluster/rights.ts'
import { SMALL, warningsIn } from '../support/cluster/small.ts'
import { essence, getDeployment, getService, image, service, workload } from '../support/cluster/workload.ts'

/** Jobs before and after releases, each story in a namespace of its own. */

/** Has a shell. */
const TOOLS = 'docker.io/greenlight/kubectl:1'
const ROLE = 'role-jobs.yaml'

interface Options {
  readonly image?: string
  readonly restartPolicy?: 'Never' | 'OnFailure'
  readonly annotations?: Readonly<Record<string, string>>
}

/** @param script what it does */
function job(name: string, script: string, options: Options = {}): KubernetesObject {
  const { image: reference = TOOLS, restartPolicy = 'Never', annotations = {} } = options
  const container = { name, image: reference, imagePullPolicy: 'IfNotPresent', command: ['sh', '-c', script] }
  return {
    ...JOB,
    metadata: { name, annotations },
    spec: {
      backoffLimit: 0,
      // Its pods have the labels of the workload, as in many a chart.
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { restartPolicy, terminationGracePeriodSeconds: 1, containers: [container] }
      }
    }
  } as KubernetesObject
}

const release = (
  version: number,
  inputs: Readonly<Record<string, string>>,
  ...objects: readonly KubernetesObject[]
): Readonly<Record<string, string>> => ({
  manifests: manifestFile([workload({ image: image(version), replicas: 1 }), ...objects]),
  bake: '0s',
  ...inputs
})

const jobsIn = async ({ namespace }: LiveStage): Promise<readonly Job[]> =>
  admin.list<Job>({ ...JOB, namespace })

/** `complete migrate`, in the order in which they were made. */
const endsIn = async (stage: LiveStage): Promise<readonly string[]> =>
  [...(await jobsIn(stage))]
    .sort((one, other) =>
      (one.metadata.creationTimestamp ?? '').localeCompare(other.metadata.creationTimestamp ?? '')
    )
    .map(({ metadata, status }) => {
      const end = status?.conditions?.find(
        (one) => one.status === 'True' && /^(Complete|Failed)$/.test(one.type)
      )
      return `${end?.type ?? 'running'} ${metadata.labels?.['greenlight.dev/job'] ?? ''}`
    })

const toldBy = ({ outputs }: Ended) =>
  JSON.parse(outputs.json ?? '{}') as {
    readonly evidence: readonly { readonly log: readonly string[] }[]
    readonly next: readonly string[]
    readonly failedJob?: string
  }

/** What a run that fails in a Job must leave as it was. */
const whatServes = async ({ namespace }: LiveStage): Promise<unknown> =>
  Promise.all([getService(namespace), getDeployment(namespace, 'web-green')]).then((all) => all.map(essence))

async function around(): Promise<void> {
  const scene = await openLiveScene([SMALL, service()], undefined, ONE_OF_MANY)
  await grant(scene.namespace, ROLE)
  const hook = { annotations: { 'helm.sh/hook': 'post-install,post-upgrade' } }
  const migrate = job('migrate', 'echo "ALTER TABLE done"; sleep 1')
  const promoted = await scene.run(
    release(2, { before: 'job/migrate' }, migrate, job('reindex', 'echo indexed', hook))
  )
  expect(promoted).toMatchObject({ exitCode: 0, outputs: { result: 'promoted', image: image(2) } })
  expect(promoted.log).toMatch(/ALTER TABLE done[^]*Start web-green[^]*Scale web down[^]*indexed/)
  expect(await endsIn(scene)).toEqual(['Complete migrate', 'Complete reindex'])

  const before = await whatServes(scene)
  // A pod that is restarted in place is ended as soon as it has failed too often, before anybody may have read its log.
  const failing = job('migrate', 'echo "relation users does not exist"; exit 3')
  const failed = await scene.run(release(3, { before: 'job/migrate' }, failing))
  expect(failed).toMatchObject({ exitCode: 1, outputs: { result: 'rolled-back', image: image(2) } })
  expect(failed.outputs.reason).toMatch(/^job\/migrate-\S+ failed: BackoffLimitExceeded: .*exit code 3/)
  expect(toldBy(failed).evidence.flatMap(({ log }) => log)).toContain('relation users does not exist')
  expect(await whatServes(scene)).toEqual(before)

  const after = await scene.run(release(3, { after: 'job/notify' }, job('notify', 'exit 1')))
  expect(after).toMatchObject({ exitCode: 1, outputs: { result: 'promoted', image: image(3) } })
  expect(toldBy(after).failedJob).toMatch(/^notify-/)

  const back = await scene.run({ command: 'rollback' })
  expect(back).toMatchObject({ exitCode: 0, outputs: { result: 'rolled-back', image: image(2) } })
  expect(warningsIn(back)).toEqual([
    expect.stringMatching(/^a rollback runs no Jobs and undoes none: .*notify-/)
  ])
  expect((await scene.end()).users).toMatchObject({ failed: 0, failures: [] })
}

async function leftRunning(): Promise<void> {
  const stage = await openLiveStage([SMALL, service()])
  await grant(stage.namespace, ROLE)
  const hanging = release(2, { before: 'job/migrate', timeout: '4s' }, job('migrate', 'sleep 3600'))
  const late = await stage.run(hanging)
  expect(late).toMatchObject({ exitCode: 1, outputs: { result: 'rolled-back', image: image(1) } })
  expect(late.outputs.reason).toMatch(
    /^job\/migrate-\S+ had not ended after 4s: pod migrate-\S+ (runs|is being made)$/
  )
  expect(toldBy(late).next).toContainEqual(expect.stringMatching(/^job\/migrate-\S+ is left running/))

  const quick = release(2, { before: 'job/migrate' }, job('migrate', 'true'))
  const lost = stage.start(quick)
  await lost.seen('of an earlier run has not ended yet')
  await lost.kill()
  const next = stage.start(quick)
  await next.seen('of an earlier run has not ended yet')
  expect(await endsIn(stage)).toEqual(['running migrate'])
  const [left] = await jobsIn(stage)
  const ref = { ...JOB, namespace: stage.namespace, name: left?.metadata.name ?? '' }
  await admin.patch(ref, [{ op: 'add', path: '/spec/activeDeadlineSeconds', value: 1 }])
  expect(await next.ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted', image: image(2) } })
  expect(await endsIn(stage)).toEqual(['Failed migrate', 'Complete migrate'])
}

async function doomed(): Promise<void> {
  const stage = await openLiveStage([SMALL, service()])
  await grant(stage.namespace, ROLE)
  const pulls = job('migrate', 'true', { image: 'docker.io/greenlight/never-built:1' })
  const ended = await stage.run(release(2, { before: 'job/migrate' }, pulls))
  expect(ended).toMatchObject({ exitCode: 1, outputs: { result: 'rolled-back', image: image(1) } })
  expect(ended.outputs.reason).toMatch(/^job\/migrate-\S+ cannot run: (ErrImagePull|ImagePullBackOff)/)
  for (let left = 100; left > 0 && (await endsIn(stage))[0] !== 'Failed migrate'; left -= 1) await sleep(200)
  expect(await endsIn(stage)).toEqual(['Failed migrate'])
}

async function withoutOne(): Promise<void> {
  const stage = await openLiveStage([SMALL, service()])
  await grant(stage.namespace, ROLE)
  for (const right of eachRight(ROLE)) {
    const { verb, resource } = right
    await withoutRight(stage.namespace, ROLE, right)
    const ended = await stage.run(release(2, { before: 'job/migrate' }, job('migrate', 'true')))
    expect({ verb, ...ended.outputs }).toMatchObject({ verb, result: 'failed' })
    expect(ended.outputs.reason).toContain(`cannot ${verb} ${resource} in namespace ${stage.namespace}`)
    expect(ended.outputs.reason).toContain(ROLE)
  }
  expect(await jobsIn(stage)).toEqual([])
}

playTogether(
  {
    'Jobs run before and after a release, and one that fails changes nothing but the verdict': around,
    'one that runs is left running, and the next release waits for it': leftRunning,
    'one that cannot begin ends the release, and is ended itself': doomed,
    'the published Role is what it takes: without any one verb the run ends before anything is changed':
      withoutOne
  },
  4
)
