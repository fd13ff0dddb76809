import { expect, it } from '@jest/globals'
import { ClusterError, InputError } from '../../src/base/errors.ts'
import { RECORD_ANNOTATION } from '../../src/domain/record.ts'
import { httpRoute, openGateway } from '../support/memory/gateway-controller.ts'
import { openScene, service, serviceRef, workload, type Scene } from './scene.ts'

/** A release that waits, and is not any more what it was when it began to. */

const STEPS = '50% until approved\n80% for 5m\n100%'

async function waiting(changes: object): Promise<Scene> {
  const scene = await openScene()
  await scene.run({ inputs: { strategy: 'canary', steps: STEPS } }).deploy()
  const value = JSON.stringify({ ...scene.record(), ...changes })
  const path = `/metadata/annotations/${RECORD_ANNOTATION.replace('/', '~1')}`
  scene.cluster.patch(serviceRef, [{ op: 'add', path, value }])
  return scene
}

it.each([
  ['are in another spelling', { steps: ['50% of pods until approved', '80% for 5m!', '100%'] }, 'step 1: '],
  ['hold a word for all', { steps: ['50% until approved', '80% for 5m', 'all'] }, 'step 3: '],
  [
    'do not end with everybody',
    { steps: ['50% until approved', '80% for 5m'] },
    'step 2: the last step must be 100%'
  ],
  ['go down', { steps: ['50% until approved', '30% for 5m', '100%'] }, 'step 2: the weights must rise'],
  ['are blanks', { steps: [' '.repeat(4000), '100%'] }, 'step 1: '],
  ['are not there', { steps: undefined }, 'it waits in step 1 of 0'],
  ['are fewer than it has done', { step: 7 }, 'it waits in step 8 of 3']
])('steps that %s are not gone on with: nothing is changed', async (_, changes, problem) => {
  const scene = await waiting(changes)
  const before = scene.story.length
  const ended = scene.run({ inputs: { images: '' } }).promote()
  await expect(ended).rejects.toBeInstanceOf(InputError)
  await expect(ended).rejects.toThrow(
    `command: the steps of release 1-1 on record cannot be carried out: ${problem}`
  )
  expect(scene.story).toHaveLength(before)
  expect(await scene.run().abort()).toMatchObject({ result: 'aborted' })
})

it.each(['abort', 'cleanup', 'deploy', 'promote'] as const)(
  'a release whose kind of route was removed while it waited: %s takes the route for gone',
  async (command) => {
    const scene = await openScene([workload(), service(), httpRoute()])
    openGateway(scene.cluster)
    const inputs = { route: 'httproute/web', strategy: 'canary', steps: STEPS }
    await scene.run({ inputs }).deploy()
    if (command === 'cleanup') {
      // Nobody waits for it any more.
      const path = `/metadata/annotations/${RECORD_ANNOTATION.replace('/', '~1')}`
      const value = JSON.stringify({ ...scene.record(), phase: 'running' })
      scene.cluster.patch(serviceRef, [{ op: 'add', path, value }])
    }
    const before = ({ kind }: { readonly kind: string }): void => {
      if (kind === 'HTTPRoute')
        throw new ClusterError('the cluster has no kind HTTPRoute in gateway.networking.k8s.io/v1', 404)
    }
    await scene.clock.sleep(60_000)
    const run = scene.run({
      inputs: { route: 'httproute/web', images: command === 'promote' ? '' : 'shop/web:3' },
      before
    })
    if (command === 'deploy') {
      const { result, reason } = await run.deploy()
      expect(result).toBe('failed')
      expect(reason).toContain('route: httproute/web does not exist in namespace shop')
    } else
      expect(await run[command]()).toMatchObject({
        result: { abort: 'aborted', cleanup: 'rolled-back', promote: 'rolled-back' }[command]
      })
    expect(scene.traffic()).toBe('app=web -> v1 3')
  }
)
