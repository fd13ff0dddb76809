import { describe, expect, it } from '@jest/globals'
import { isReady } from '../../src/kubernetes/health.ts'
import type { Pod } from '../../src/kubernetes/objects.ts'
import type { Hooks } from '../support/memory/memory-cluster.ts'
import { openScene, RESTORED, SERVING, STARTED, type Scene } from './scene.ts'

/** Milliseconds from a runner to the API server and back. */
const ROUND_TRIP = 100

/** An API server that is far away. */
function farFrom({ clock }: Scene): Hooks {
  const way = (): Promise<void> => clock.sleep(ROUND_TRIP / 2)
  return { before: way, after: way }
}

/** When the story comes to a line with this text, in milliseconds of the scene's clock. */
async function timeOf(scene: Scene, text: string): Promise<number> {
  let at = NaN
  await scene.when(text, 0, () => (at = scene.clock.now()))
  return at
}

/** When the last pod of the new version became ready. */
function lastReady({ cluster, clock }: Scene): () => number {
  let at = NaN
  cluster.subscribe((now, before) => {
    const isNew = now.kind === 'Pod' && now.metadata.name.startsWith('web-green')
    if (isNew && isReady(now as Pod) && !(before !== undefined && isReady(before as Pod))) at = clock.now()
  })
  return () => at
}

describe('how many questions wait for one another, where the API server is far away:', () => {
  it('8 until the new pods are started, 3 from the last one that is ready until users are on them', async () => {
    const scene = await openScene()
    const begun = scene.clock.now()
    const ready = lastReady(scene)
    const [started, switched] = [timeOf(scene, STARTED), timeOf(scene, SERVING)]
    expect(await scene.run(farFrom(scene)).deploy()).toMatchObject({ result: 'promoted' })
    expect(((await started) - begun) / ROUND_TRIP).toBeLessThanOrEqual(8)
    expect(((await switched) - ready()) / ROUND_TRIP).toBeLessThanOrEqual(3.1)
    expect(scene.harm).toEqual([])
  })

  it('2 from the cancellation until users are back', async () => {
    const scene = await openScene()
    const run = scene.run({ ...farFrom(scene), inputs: { bake: '10m' } })
    const restored = timeOf(scene, RESTORED)
    let cancelled = NaN
    const cancelling = scene.when(SERVING, 60_000, () => {
      cancelled = scene.clock.now()
      run.cancel()
    })
    expect(await run.deploy()).toMatchObject({ result: 'aborted' })
    await cancelling
    expect(((await restored) - cancelled) / ROUND_TRIP).toBeLessThanOrEqual(2)
    expect(scene.harm).toEqual([])
  })
})
