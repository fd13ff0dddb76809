import { describe, expect, it, jest } from '@jest/globals'
import { RESTORED } from './scene.ts'
import { names, open, REST, crashes, setImage } from './in-place.ts'

/** Somebody else changes the template while a release in place runs. */

// Whole releases, one for each moment: far more than they take even on a busy machine.
jest.setTimeout(120_000)

describe.each(names)('%s: a template that somebody else puts there', (world) => {
  it('in each half second stays, and is not claimed', async () => {
    for (let ms = 20; ms < 8000; ms += 500) {
      const { scene, name, to, image } = await open(world)
      let was: string | undefined
      void scene.clock.sleep(ms).then(() => {
        was = scene.record()?.phase
        setImage(scene, name, 9)
      })
      const outcome = await scene
        .run(to(2))
        .deploy()
        .catch((error: unknown) => error as Error)
      await scene.clock.sleep(Math.max(REST, ms))
      expect([ms, image()]).toEqual([ms, 'shop/web:9'])
      if (was === 'promoted' || outcome instanceof Error) continue
      expect([ms, outcome.result]).toEqual([ms, expect.stringMatching(/^(rolled-back|failed)$/)])
      expect([ms, outcome.reason]).toEqual([ms, expect.stringContaining('by somebody else')])
      expect([ms, outcome.serving?.images]).toEqual([ms, ['shop/web:9']])
      expect([ms, scene.record()?.phase]).toEqual([ms, 'rolled-back'])
      expect([ms, scene.traffic()]).toEqual([ms, expect.stringMatching(/-> v9 3$/)])
    }
  })

  it.each([
    ['comes up', 2],
    ['cannot run', 9]
  ])('while the release is undone stays as well, when it %s', async (_, version) => {
    for (let ms = 0; ms < 3000; ms += 250) {
      const { scene, name, to, image } = await open(world)
      crashes(scene, 2, version)
      let was: string | undefined
      void scene.when(RESTORED, ms, () => {
        was = scene.record()?.phase
        setImage(scene, name, 9)
      })
      const outcome = await scene.run(to(2)).deploy()
      await scene.clock.sleep(REST)
      expect([ms, image()]).toEqual([ms, 'shop/web:9'])
      expect([ms, scene.record()?.phase]).toEqual([ms, 'rolled-back'])
      if (was === 'aborting') expect([ms, outcome.serving?.images]).toEqual([ms, ['shop/web:9']])
    }
  })
})
