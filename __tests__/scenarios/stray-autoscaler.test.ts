import { describe, expect, it } from '@jest/globals'
import {
  autoscaler,
  autoscalerRef,
  deploymentRef,
  openScene,
  service,
  workload,
  type Scene
} from './scene.ts'

/** The file that the workload was installed from is applied again after a release: its autoscaler leads to an idle place. */

const to = (version: number, more: Readonly<Record<string, string>> = {}) => ({
  inputs: { images: `shop/web:${version}`, bake: '0s', ...more }
})

async function oldFileApplied(): Promise<Scene> {
  const scene = await openScene([workload(), service(), autoscaler()])
  expect(await scene.run(to(2)).deploy()).toMatchObject({ result: 'promoted' })
  void scene.cluster.patch(autoscalerRef, [
    { op: 'replace', path: '/spec/scaleTargetRef/name', value: 'web' }
  ])
  void scene.cluster.patch(deploymentRef('web'), [{ op: 'replace', path: '/spec/replicas', value: 2 }])
  await scene.clock.sleep(120_000)
  return scene
}

/** What is idle has ended after a while. */
async function podsIn(scene: Scene, ...deployments: readonly string[]): Promise<readonly number[]> {
  await scene.clock.sleep(60_000)
  return deployments.map((name) => scene.controllers.podsOf(name).length)
}

const target = (scene: Scene): unknown =>
  scene.cluster.read<ReturnType<typeof autoscaler>>(autoscalerRef)?.spec.scaleTargetRef.name

const TOLD =
  /^horizontalpodautoscaler\/web in namespace shop scales deployment\/web, which gets no traffic, and deployment\/web-green, which serves, has no autoscaler/

describe('an autoscaler that somebody has pointed back to a Deployment without traffic', () => {
  it('is told by status, with the command that mends it', async () => {
    const scene = await oldFileApplied()
    const { warnings } = await scene.run().status()
    expect(warnings).toEqual([expect.stringMatching(TOLD)])
    expect(warnings[0]).toContain(
      `kubectl -n shop patch hpa web --type merge --patch '{"spec":{"scaleTargetRef":{"name":"web-green"}}}'`
    )
  })

  it('is told by a plan, with the steps that mend it', async () => {
    const scene = await oldFileApplied()
    const { warnings, plan } = await scene.run(to(3)).plan()
    expect(warnings).toContainEqual(expect.stringMatching(TOLD))
    expect(warnings.join()).toContain('This release points it to deployment/web-blue')
    expect(plan?.steps).toEqual(
      expect.arrayContaining([
        'Scale web down, which runs without traffic',
        'Point the autoscaler to web-blue'
      ])
    )
  })

  it('is told where there is nothing to release', async () => {
    const scene = await oldFileApplied()
    expect(await scene.run(to(2)).deploy()).toMatchObject({
      result: 'unchanged',
      warnings: [expect.stringMatching(TOLD)]
    })
  })

  it('goes with the next release, whose end leaves no pods beside what serves', async () => {
    const scene = await oldFileApplied()
    expect(await scene.run(to(3)).deploy()).toMatchObject({ result: 'promoted' })
    expect(target(scene)).toBe('web-blue')
    expect(scene.traffic()).toMatch(/-> v3 3$/)
    expect(await podsIn(scene, 'web', 'web-green')).toEqual([0, 0])
    expect(scene.harm).toEqual([])
    expect((await scene.run().status()).warnings).toEqual([])
  })

  it('goes with a release by its third version too, when the first one is long forgotten', async () => {
    const scene = await oldFileApplied()
    await scene.run(to(3)).deploy()
    void scene.cluster.patch(autoscalerRef, [
      { op: 'replace', path: '/spec/scaleTargetRef/name', value: 'web' }
    ])
    void scene.cluster.patch(deploymentRef('web'), [{ op: 'replace', path: '/spec/replicas', value: 2 }])
    await scene.clock.sleep(120_000)
    expect(await scene.run(to(4)).deploy()).toMatchObject({ result: 'promoted' })
    expect([target(scene), ...(await podsIn(scene, 'web'))]).toEqual(['web-green', 0])
  })

  it('minds what serves again after a release that failed', async () => {
    const scene = await oldFileApplied()
    const run = scene.run(to(3))
    void scene.when('deployment/web-blue 3 x', 100, () => {
      run.cancel()
    })
    expect(await run.deploy()).toMatchObject({ result: 'aborted' })
    await run.post()
    expect([target(scene), ...(await podsIn(scene, 'web'))]).toEqual(['web-green', 0])
  })

  it('goes with a rollback', async () => {
    const scene = await oldFileApplied()
    expect(await scene.run().rollback()).toMatchObject({ result: 'rolled-back' })
    expect(target(scene)).toBe('web')
    expect(scene.traffic()).toMatch(/-> v1 3$/)
    expect(scene.harm).toEqual([])
  })
})
