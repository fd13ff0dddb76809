import { describe, expect, it } from '@jest/globals'
import type { Service } from '../../src/kubernetes/objects.ts'
import { NAMESPACE, openScene, service, STARTED, workload, type Scene } from './scene.ts'

/** Deployments and Services that merely have a slot's name, and are another team's. */

function others(name: string) {
  const own = workload(name)
  const labels = { app: 'bluetooth' }
  const deployment = {
    ...own,
    spec: {
      ...own.spec,
      selector: { matchLabels: labels },
      template: { ...own.spec.template, metadata: { labels } }
    }
  }
  const theirs: Service = { ...service(labels), metadata: { name: 'bluetooth', namespace: NAMESPACE } }
  return [deployment, theirs] as const
}

async function join(scene: Scene, name: string): Promise<void> {
  for (const object of others(name)) scene.cluster.create(object)
  await scene.clock.sleep(60_000)
}

const replicas = (scene: Scene, name: string): number | undefined => scene.deployment(name).spec.replicas

describe("another team's Deployment with the name of a slot", () => {
  it('is left alone by a cleanup', async () => {
    const scene = await openScene()
    await scene.run().deploy()
    await join(scene, 'web-blue')
    expect(await scene.run().cleanup()).toMatchObject({
      result: 'unchanged',
      reason: 'there is nothing to clean up'
    })
    expect(replicas(scene, 'web-blue')).toBe(3)
  })

  it('is left alone by a release that does not need its place, and by the way back', async () => {
    const scene = await openScene()
    await join(scene, 'web-blue')
    expect(await scene.run().deploy()).toMatchObject({ result: 'promoted', warnings: [] })
    expect(await scene.run().rollback()).toMatchObject({ result: 'rolled-back' })
    expect(replicas(scene, 'web-blue')).toBe(3)
    expect(scene.deployment('web-blue').spec.template.metadata?.labels).toEqual({ app: 'bluetooth' })
    expect(scene.harm).toEqual([])
  })

  it('is not claimed by a run that takes over from a dead one', async () => {
    const scene = await openScene()
    await join(scene, 'web-blue')
    const dead = scene.run()
    void dead.deploy()
    await scene.when(STARTED, 500, () => {
      dead.kill()
    })
    await scene.clock.sleep(60_000)
    const before = scene.deployment('web-blue').metadata
    await scene.run().cleanup()
    expect(scene.deployment('web-blue').metadata.resourceVersion).toBe(before.resourceVersion)
  })

  it.each(['deploy', 'plan'] as const)(
    'is a fault of a %s that needs its place, before anything is changed',
    async (command) => {
      const scene = await openScene()
      await scene.run().deploy()
      await join(scene, 'web-blue')
      const before = scene.story.length
      await expect(scene.run({ inputs: { images: 'shop/web:3' } })[command]()).rejects.toThrow(
        'workload: deployment/web-blue in namespace shop has the name of the slot that this release needs, but is not of web: ' +
          'its pods (app=bluetooth) are none that service/web (app=web,greenlight.dev/slot=green) could select'
      )
      expect(scene.story).toHaveLength(before)
    }
  )
})
