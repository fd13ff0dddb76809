import { describe, expect, it } from '@jest/globals'
import { JOB, type Job } from '../../src/kubernetes/job.ts'
import type { Call } from '../support/memory/memory-cluster.ts'
import { noAnswer, once } from './interference.ts'
import { manifest, NAMESPACE, openScene, workload, type Run, type RunOptions, type Scene } from './scene.ts'

/** The machine of a release with Jobs dies at each moment there is, or an answer is lost. Never do two of the same Job run at once. */

const job = (name: string): Job => ({
  ...JOB,
  metadata: { name },
  spec: {
    backoffLimit: 0,
    template: { spec: { restartPolicy: 'Never', containers: [{ name, image: 'shop/web:1' }] } }
  }
})

const RELEASE: RunOptions = {
  inputs: { images: '', before: 'job/migrate', after: 'job/notify' },
  manifests: [workload('web', { version: 2 }), job('migrate'), job('notify')].map(manifest)
}

const isWrite = ({ verb, kind, dryRun }: Call): boolean =>
  ['create', 'replace', 'patch', 'apply'].includes(verb) &&
  !dryRun &&
  kind !== 'Lease' &&
  !kind.includes('Review')

/** The writes that one makes. */
const WRITES = 8

/** How many pods of Jobs have run at the same time, at most. */
function watchJobs(scene: Scene): () => number {
  let most = 0
  scene.cluster.subscribe(({ kind }) => {
    if (kind !== 'Pod') return
    const running = scene.cluster
      .all<Job>({ ...JOB, namespace: NAMESPACE })
      .flatMap((one) => scene.jobs.podsOf(one))
      .filter(({ status }) => status?.phase === 'Running')
    most = Math.max(most, running.length)
  })
  return () => most
}

it(`makes ${WRITES} writes`, async () => {
  const scene = await openScene()
  const writes: Call[] = []
  const after = (call: Call): void => {
    if (isWrite(call)) writes.push(call)
  }
  await scene.run({ ...RELEASE, after }).deploy()
  expect(writes).toHaveLength(WRITES)
})

describe.each(Array.from({ length: WRITES }, (_, index) => index + 1))('dies at write %i', (nth) => {
  it.each(['before', 'after'] as const)('(%s it arrives): the next run sets it right', async (when) => {
    const scene = await openScene()
    scene.jobs.life = () => ({ runs: 40_000, exitCode: 0 })
    const most = watchJobs(scene)
    const gone = Promise.withResolvers<undefined>()
    let count = 0
    const lost: Run = scene.run({
      ...RELEASE,
      [when]: (call: Call) => {
        if (!isWrite(call) || (count += 1) !== nth) return
        lost.kill()
        gone.resolve(undefined)
      }
    })
    void lost.deploy()
    await gone.promise
    await scene.clock.sleep(5000)
    expect(['promoted', 'unchanged']).toContain((await scene.run(RELEASE).deploy()).result)
    expect(scene.traffic()).toMatch(/-> v2 3$/)
    expect(most()).toBe(1)
    expect(scene.harm).toEqual([])
  })
})

describe('an answer is lost', () => {
  it.each(['migrate', 'notify'])('to the making of a Job: it is found, and run once: %s', async (name) => {
    const scene = await openScene()
    const made = ({ verb, kind, name: of, dryRun }: Call): boolean =>
      verb === 'create' && kind === 'Job' && of.startsWith(name) && !dryRun
    const outcome = await scene.run({ ...RELEASE, after: once(made, noAnswer) }).deploy()
    expect(outcome).toMatchObject({
      result: 'promoted',
      reason: '',
      jobs: [
        { name: 'migrate-1-1', state: 'complete' },
        { name: 'notify-1-1', state: 'complete' }
      ]
    })
    expect(scene.cluster.all<Job>({ ...JOB, namespace: NAMESPACE })).toHaveLength(2)
    expect(scene.harm).toEqual([])
  })

  it('while a Job runs and the API server is gone: its end is found afterwards', async () => {
    const scene = await openScene()
    scene.jobs.life = () => ({ runs: 20_000, exitCode: 0 })
    let isGone = false
    const run = scene.run({
      ...RELEASE,
      isSilent: () => isGone,
      before: () => {
        if (isGone) noAnswer()
      }
    })
    const ended = run.deploy()
    await scene.clock.sleep(8000)
    isGone = true
    await scene.clock.sleep(30_000)
    isGone = false
    expect(await ended).toMatchObject({ result: 'promoted' })
    expect(scene.harm).toEqual([])
  })
})
