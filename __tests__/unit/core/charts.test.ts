import { describe, expect, it } from '@jest/globals'
import { InputError } from '../../../src/errors.ts'
import type { KubernetesObject } from '../../../src/kubernetes/objects.ts'
import { manifest, NAMESPACE, openScene, workload } from './scene.ts'
import type { Scene } from './scene.ts'

/** What a run that may not begin says, line by line. */
async function problemsOf(run: Promise<unknown>): Promise<readonly string[]> {
  const error = await run.then(
    () => undefined,
    (thrown: unknown) => thrown
  )
  if (!(error instanceof InputError)) throw new Error('it was not refused', { cause: error })
  return error.faults.map(({ problem }) => problem)
}

const job = (name: string, moments: string): KubernetesObject => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name, annotations: { 'helm.sh/hook': moments } }
})

const jobsIn = ({ cluster }: Scene): readonly string[] =>
  cluster
    .all({ apiVersion: 'batch/v1', kind: 'Job', namespace: NAMESPACE })
    .map(({ metadata }) => metadata.name)

describe('hooks that a chart has rendered', () => {
  const testPod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web-test-connection', annotations: { 'helm.sh/hook': 'test' } },
    spec: { restartPolicy: 'Never', containers: [{ name: 'wget', image: 'shop/wget:1' }] }
  }

  it('are never applied where they are for another moment, and told', async () => {
    const scene = await openScene()
    const manifests = [workload('web', { version: 2 }), job('web-drop-data', 'pre-delete'), testPod].map(
      manifest
    )
    const planned = await scene.run({ manifests }).plan()
    const outcome = await scene.run({ manifests }).deploy()
    expect(outcome.result).toBe('promoted')
    expect(jobsIn(scene)).toEqual([])
    for (const { warnings } of [planned, outcome]) {
      expect(warnings).toContainEqual(
        expect.stringContaining('Job web-drop-data is a hook (helm.sh/hook: pre-delete)')
      )
      expect(warnings).toContainEqual(expect.stringContaining('Pod web-test-connection is a hook'))
    }
    expect(JSON.stringify(planned.plan)).not.toContain('web-drop-data')
  })

  it('refuse a release that would leave out a migration, before anything is changed', async () => {
    const scene = await openScene()
    const manifests = [workload('web', { version: 2 }), job('web-migrate', 'pre-install,pre-upgrade')].map(
      manifest
    )
    for (const run of [scene.run({ manifests }).plan(), scene.run({ manifests }).deploy()])
      expect(await problemsOf(run)).toEqual([
        expect.stringContaining('Job web-migrate is a hook (helm.sh/hook: pre-install,pre-upgrade)')
      ])
    expect(scene.story).toEqual([])
  })

  it('are no matter when there is nothing to release', async () => {
    const scene = await openScene()
    const manifests = [workload(), job('web-migrate', 'pre-upgrade')].map(manifest)
    const outcome = await scene.run({ manifests, inputs: { images: 'shop/web:1' } }).deploy()
    expect(outcome.result).toBe('unchanged')
    expect(jobsIn(scene)).toEqual([])
  })
})
