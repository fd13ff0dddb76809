import { it } from '@jest/globals'
import { READY } from '../../support/memory-controllers.ts'
import { openScene } from './scene.ts'
it('x', async () => {
    const scene = await openScene()
    scene.controllers.lag = 5000
    scene.controllers.life = () => ({ after: 300, status: READY })
    const run = scene.run({ before: (c) => console.log(scene.clock.now() % 1000000, JSON.stringify(c)) as never })
    run.onStep = () => {
      console.log(run.steps.at(-1))
      if (run.steps.at(-1) === 'Wait until the pods are ready') void scene.clock.sleep(2000).then(() => { run.cancel() })
    }
    console.log(await run.deploy())
    console.log(await run.post())
})
