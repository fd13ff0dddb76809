import { describe, expect, it } from '@jest/globals'
import { InputError } from '../../src/base/errors.ts'
import { RECORD_ANNOTATION } from '../../src/domain/record.ts'
import { versionLines } from '../../src/report/history.ts'
import { READY, waiting } from '../support/memory/controllers.ts'
import { openScene, service, serviceRef, workload, SERVING, type RunOptions, type Scene } from './scene.ts'

const BLUE = { app: 'web', 'greenlight.dev/slot': 'blue' }
const slotted = () => [workload('web-blue', { labels: { 'greenlight.dev/slot': 'blue' } }), service(BLUE)]

const images = (version: number, more: Readonly<Record<string, string>> = {}): RunOptions => ({
  inputs: { images: `shop/web:${version}`, ...more }
})
const to = (name: string, more: Readonly<Record<string, string>> = {}): RunOptions => ({
  inputs: { command: 'rollback', to: name, ...more }
})

/** From now on pods with this image crash. */
function crashes(scene: Scene, version: number): void {
  scene.controllers.life = ({ spec }) => ({
    after: 500,
    status: spec.containers[0]?.image === `shop/web:${version}` ? waiting('CrashLoopBackOff') : READY
  })
}

/** Version 1 serves in blue, and 2, 3, 4 have been released after it by the runs 1-1, 2-1 and 3-1. */
async function released(...versions: readonly number[]): Promise<Scene> {
  const scene = await openScene(slotted())
  for (const version of versions)
    expect(await scene.run(images(version)).deploy()).toMatchObject({ result: 'promoted' })
  return scene
}

async function refusal(scene: Scene, name: string): Promise<string> {
  const before = scene.story.length
  const error: unknown = await scene
    .run(to(name))
    .rollback()
    .catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(InputError)
  expect(scene.story.slice(before)).toEqual([])
  return (error as InputError).message
}

function remove(scene: Scene, image: string): void {
  const sets = scene.cluster.all({ apiVersion: 'apps/v1', kind: 'ReplicaSet' })
  for (const set of sets)
    if (JSON.stringify(set).includes(`"${image}"`))
      scene.cluster.remove({
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        namespace: 'shop',
        name: set.metadata.name
      })
}

describe('a rollback to a version that is named', () => {
  it('brings the template of the slot that serves into the other one, at the size of what serves', async () => {
    const scene = await released(2, 3, 4)
    expect(scene.traffic()).toBe('app=web,greenlight.dev/slot=green -> v4 3')
    const before = scene.story.length
    const outcome = await scene.run(to('1-1')).rollback()
    expect(outcome).toMatchObject({
      result: 'rolled-back',
      serving: { slot: 'blue', deployment: 'web-blue', images: ['shop/web:2'], replicas: 3 }
    })
    expect(scene.story.slice(before)).toEqual([
      'service/web app=web,greenlight.dev/slot=green (running 0 %)',
      'deployment/web-blue 3 x shop/web:2',
      'service/web app=web,greenlight.dev/slot=blue (running 100 %)',
      'service/web app=web,greenlight.dev/slot=blue (rolled-back 0 %)',
      'deployment/web-green 0 x shop/web:4'
    ])
    expect(scene.traffic()).toBe('app=web,greenlight.dev/slot=blue -> v2 3')
    expect(scene.deployment('web-blue').spec.template.metadata?.labels).toEqual(BLUE)
    expect(scene.harm).toEqual([])
  })

  it.each([
    ['its release', '1-1'],
    ['its image', 'shop/web:2'],
    ['its image in full', 'docker.io/shop/web:2'],
    ['its tag', '2-alpine']
  ])('is found by %s', async (_, name) => {
    const scene = await openScene(slotted())
    const tag = name === '2-alpine' ? '2-alpine' : '2'
    await scene.run({ inputs: { images: `shop/web:${tag}` } }).deploy()
    await scene.run(images(3)).deploy()
    await scene.run(images(4)).deploy()
    const outcome = await scene.run(to(name)).rollback()
    expect(outcome.serving).toMatchObject({ images: [`shop/web:${tag}`] })
  })

  it('by a rollback, by another one and by a release: all of them go on from what serves', async () => {
    const scene = await released(2, 3, 4)
    await scene.run(to('1-1')).rollback()
    await scene.run(to('shop/web:3')).rollback()
    expect(scene.traffic()).toMatch(/ -> v3 3$/)
    await scene.run(to('3-1')).rollback()
    expect(scene.traffic()).toMatch(/ -> v4 3$/)
    expect(await scene.run(images(5)).deploy()).toMatchObject({ result: 'promoted' })
    expect(scene.traffic()).toMatch(/ -> v5 3$/)
    await scene.run().rollback()
    expect(scene.traffic()).toMatch(/ -> v4 3$/)
    expect(scene.harm).toEqual([])
  })

  it('the same version in two slots is one version', async () => {
    const scene = await released(2, 3, 4)
    await scene.run(to('1-1')).rollback()
    await scene.run(images(5)).deploy()
    expect(await scene.run(to('shop/web:2')).rollback()).toMatchObject({
      result: 'rolled-back',
      serving: { images: ['shop/web:2'] }
    })
    expect(scene.harm).toEqual([])
  })

  it('and that was kept running is one switch', async () => {
    const scene = await openScene(slotted())
    await scene.run(images(2, { previous: 'keep' })).deploy()
    const started = scene.clock.now()
    await scene.run(to('shop/web:1', { previous: 'keep' })).rollback()
    expect(scene.clock.now() - started).toBeLessThan(300)
    expect(scene.harm).toEqual([])
  })

  it('to the plain Deployment of before the first release: the selector is the one that it had', async () => {
    const scene = await openScene()
    await scene.run(images(2)).deploy()
    await scene.run(images(3)).deploy()
    await scene.run(to('shop/web:1')).rollback()
    expect(scene.traffic()).toBe('app=web -> v1 3')
    expect(scene.deployment('web-blue').spec.replicas).toBe(0)
    expect(scene.harm).toEqual([])
  })

  it('to which a rollback was stopped before: that says nothing of the version', async () => {
    const scene = await openScene()
    await scene.run(images(2)).deploy()
    await scene.run(images(3)).deploy()
    const stopped = scene.run(to('shop/web:1'))
    const ended = stopped.rollback()
    await scene.clock.sleep(500)
    stopped.cancel()
    expect((await ended).result).toBe('aborted')
    await stopped.post()
    await scene.run(to('shop/web:1')).rollback()
    expect(scene.traffic()).toBe('app=web -> v1 3')
  })

  it('that was released in place goes back in place', async () => {
    const scene = await openScene()
    for (const version of [2, 3, 4]) await scene.run(images(version, { strategy: 'rolling' })).deploy()
    const outcome = await scene.run(to('shop/web:1')).rollback()
    expect(outcome).toMatchObject({
      result: 'rolled-back',
      serving: { slot: 'plain', images: ['shop/web:1'] }
    })
    expect(scene.traffic()).toBe('app=web -> v1 3')
    expect(
      scene.cluster.read({ ...serviceRef, apiVersion: 'apps/v1', kind: 'Deployment', name: 'web-green' })
    ).toBe(undefined)
    await scene.run(to('2-1')).rollback()
    expect(scene.traffic()).toBe('app=web -> v3 3')
    // Version 1 is revision 5 by now, and version 3 is revision 6.
    await scene.run(to('2')).rollback()
    expect(scene.traffic()).toBe('app=web -> v2 3')
  })

  it('that was released in place goes back in place, although a release beside it has failed since', async () => {
    const scene = await openScene()
    await scene.run(images(2, { strategy: 'rolling' })).deploy()
    crashes(scene, 3)
    await scene.run(images(3)).deploy()
    await scene.run(to('shop/web:1')).rollback()
    expect(scene.traffic()).toBe('app=web -> v1 3')
    expect(scene.deployment('web-green').spec.replicas).toBe(0)
  })

  it('and a release that was left: that is undone first, and only then the version is brought back', async () => {
    const scene = await released(2, 3)
    const run = scene.run(images(4, { bake: '1m' }))
    void run.deploy()
    await scene.when(SERVING, 500, () => {
      run.kill()
    })
    await scene.clock.sleep(30_000)
    expect(await scene.run(to('1-1')).rollback()).toMatchObject({
      result: 'rolled-back',
      serving: { images: ['shop/web:2'] }
    })
    expect(scene.traffic()).toMatch(/ -> v2 3$/)
    expect(scene.harm).toEqual([])
  })

  it('and a release that was left on it: undoing that is enough', async () => {
    const scene = await released(2, 3)
    const run = scene.run(images(4, { bake: '1m' }))
    void run.deploy()
    await scene.when(SERVING, 500, () => {
      run.kill()
    })
    await scene.clock.sleep(30_000)
    expect(await scene.run(to('2-1')).rollback()).toMatchObject({
      result: 'rolled-back',
      serving: { images: ['shop/web:3'] }
    })
    expect(scene.traffic()).toMatch(/ -> v3 3$/)
  })
})

describe('refused, with nothing changed, is a name', () => {
  it('that nothing has: what there is is listed', async () => {
    const scene = await released(2, 3)
    expect(await refusal(scene, 'shop/web:9')).toBe(
      'to: "shop/web:9" is no release, revision or image of deployment/web in namespace shop; there are ' +
        '2-1 (shop/web:3, web-blue revision 2, serves now); 1-1 (shop/web:2, web-green revision 1); ' +
        'shop/web:1, web-blue revision 1 — for example: 2-1'
    )
  })

  it('that several have', async () => {
    const scene = await released(2, 3)
    expect(await refusal(scene, '1')).toBe(
      'to: "1" means several versions: 1-1 (shop/web:2, web-green revision 1); shop/web:1, web-blue revision 1 — for example: 1-1'
    )
  })

  it('of what serves', async () => {
    const scene = await released(2, 3)
    expect(await refusal(scene, 'shop/web:3')).toMatch(
      /^to: 2-1 serves already: deployment\/web-blue \(shop\/web:3\) has all the traffic/
    )
  })

  it('of what serves by a rollback, too', async () => {
    const scene = await released(2, 3, 4)
    await scene.run(to('1-1')).rollback()
    expect(await refusal(scene, '1-1')).toMatch(/^to: 1-1 serves already/)
  })

  it.each(['2-1', 'shop/web:3'])('of a release that has failed, as %s', async (name) => {
    const scene = await released(2)
    crashes(scene, 3)
    await scene.run(images(3)).deploy()
    expect(await refusal(scene, name)).toBe(
      'to: 2-1 (shop/web:3) was never promoted: the deploy failed and its version was rolled back (https://ci/2-1) ' +
        '— for example: command: deploy, which tests it, with images: shop/web:3'
    )
  })

  it('of a failed release, but not of the one that has brought the same image after it', async () => {
    const scene = await released(2)
    crashes(scene, 3)
    await scene.run(images(3)).deploy()
    crashes(scene, 99)
    await scene.run(images(3)).deploy()
    await scene.run(images(4)).deploy()
    expect(await refusal(scene, '2-1')).toMatch(/was never promoted/)
    expect(await scene.run(to('shop/web:3')).rollback()).toMatchObject({
      result: 'rolled-back',
      serving: { images: ['shop/web:3'] }
    })
  })

  it('of a version whose template is gone', async () => {
    const scene = await released(2, 3)
    remove(scene, 'shop/web:2')
    expect(await refusal(scene, '1-1')).toMatch(
      /^to: 1-1 \(shop\/web:2\) cannot be brought back: its template was that of replicaset\/web-green-\S+ in namespace shop, which is gone/
    )
  })

  it('of a release of which an older record does not say where it ran', async () => {
    const scene = await released(2, 3)
    const { annotations = {} } = scene.service().metadata
    const record = JSON.parse(annotations[RECORD_ANNOTATION] ?? '') as { history: object[] }
    const history = record.history.map((entry) => ({ ...entry, version: undefined }))
    const value = JSON.stringify({ ...record, history })
    scene.cluster.patch(serviceRef, [
      { op: 'replace', path: '/metadata/annotations', value: { [RECORD_ANNOTATION]: value } }
    ])
    const before = scene.story.length
    await expect(scene.run(to('1-1')).rollback()).rejects.toThrow(
      /the record does not say where its template is/
    )
    expect(scene.story.slice(before)).toEqual([])
    expect(await scene.run(to('shop/web:2')).rollback()).toMatchObject({ result: 'rolled-back' })
  })

  it('of a template that the Service cannot send traffic to', async () => {
    const scene = await released(2, 3)
    scene.cluster.patch(serviceRef, [
      { op: 'replace', path: '/spec/ports', value: [{ name: 'http', port: 80, targetPort: 'web' }] }
    ])
    expect(await refusal(scene, '1-1')).toMatch(
      /^to: service\/web sends traffic to the port named web, which no container/
    )
  })
})

describe('status', () => {
  it('lists what can be gone back to, newest first', async () => {
    const scene = await released(2, 3)
    crashes(scene, 4)
    await scene.run(images(4)).deploy()
    await scene.run(to('1-1')).rollback()
    remove(scene, 'shop/web:3')
    const { versions = [] } = await scene.run().status()
    expect(
      versions.map(
        ({ release, command, served, images: [image], deployment, revision, kept, serves, run }) => [
          release,
          command,
          served,
          image,
          kept ? `${deployment} revision ${revision}` : 'gone',
          serves ? 'serves' : '',
          run
        ]
      )
    ).toEqual([
      ['4-1', 'rollback', true, 'shop/web:2', 'web-green revision 3', 'serves', 'https://ci/4-1'],
      ['3-1', 'deploy', false, 'shop/web:4', 'web-green revision 2', '', 'https://ci/3-1'],
      ['2-1', 'deploy', true, 'shop/web:3', 'gone', '', 'https://ci/2-1'],
      ['1-1', 'deploy', true, 'shop/web:2', 'web-green revision 3', 'serves', 'https://ci/1-1'],
      [undefined, undefined, undefined, 'shop/web:1', 'web-blue revision 1', '', undefined]
    ])
  })

  it('lists the templates of a workload that was never released', async () => {
    const scene = await openScene()
    const { versions } = await scene.run().status()
    expect(versions).toMatchObject([{ images: ['shop/web:1'], revision: 1, kept: true, serves: true }])
  })
})

describe('the version of a release that is under way', () => {
  const waits = async (): Promise<Scene> => {
    const scene = await released(2)
    const steps = { strategy: 'canary', steps: '50% until approved\n100%' }
    expect(await scene.run(images(3, steps)).deploy()).toMatchObject({ result: 'waiting' })
    return scene
  }

  it('is listed with its release, and what that waits for', async () => {
    const scene = await waits()
    const { versions = [] } = await scene.run().status()
    expect(versions[0]).toMatchObject({
      release: '2-1',
      phase: 'waiting',
      images: ['shop/web:3'],
      kept: true
    })
    expect(versionLines(versions)[0]).toMatch(/^2-1 .* waits for approval {2}shop\/web:3 /)
  })

  it('is none to go back to, and stays as it is', async () => {
    const scene = await waits()
    for (const name of ['2-1', 'shop/web:3'])
      expect(await refusal(scene, name)).toBe(
        'to: 2-1 (shop/web:3) has not been promoted yet: its release waits for approval — for example: command: promote goes on with it'
      )
  })
})

describe('the commit that a run is about', () => {
  const [one, two, later] = ['1'.repeat(40), '2'.repeat(40), 'f'.repeat(40)]

  it('is that of the release which a rollback takes back', async () => {
    const scene = await openScene(slotted())
    await scene.run({ ...images(2), sha: one }).deploy()
    await scene.run({ ...images(3), sha: two }).deploy()
    expect(await scene.run({ sha: later }).rollback()).toMatchObject({ result: 'rolled-back', commit: two })
  })

  it.each(['promote', 'abort'] as const)('is that of the release which waits, in %s', async (command) => {
    const scene = await released(2)
    const steps = { strategy: 'canary', steps: '50% until approved\n100%' }
    await scene.run({ ...images(3, steps), sha: two }).deploy()
    const run = scene.run({ inputs: { command, images: '' }, sha: later })
    expect(await run[command]()).toMatchObject({ commit: two })
  })
})
