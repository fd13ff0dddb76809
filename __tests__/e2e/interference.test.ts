import { execFileSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import type { Service } from '../../src/kubernetes/objects.ts'
import { printSelector } from '../../src/kubernetes/selectors.ts'
import { admin, kubeconfigPath } from '../support/cluster/real-cluster.ts'
import { holdTest } from '../support/cluster/held-test.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { manifestFile, openLiveScene } from '../support/cluster/live-scene.ts'
import {
  getDeployment,
  getService,
  image,
  service,
  untilAvailable,
  workload
} from '../support/cluster/workload.ts'

playLiveScenes()

const kubectl = (namespace: string, ...args: string[]): string =>
  execFileSync('kubectl', ['--kubeconfig', kubeconfigPath(), '-n', namespace, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe']
  })

const ORIGINAL = [workload(), service()]
/** Users are on stable, the canary is ready and not tested yet. */
const READY = /Smoke tests/
const CHANGED =
  /deployment\/web-green was given another template by somebody else|is not the one that was tested|pods of deployment\/web-green are ready/
/** Milliseconds until users are where the Service says, on a node that has more to do. */
const PROXIED = 3000
const RELEASE = { images: image(2), bake: '2s' }

describe('somebody else writes while a release runs', () => {
  it('adds a port and an annotation to the Service: both stay', async () => {
    const test = holdTest()
    const scene = await openLiveScene()
    const ref = { apiVersion: 'v1', kind: 'Service', namespace: scene.namespace, name: 'web' }
    const started = scene.start({ ...RELEASE, 'smoke-tests': test.line })
    await started.seen(READY)
    await admin.patch(ref, [
      { op: 'add', path: '/spec/ports/-', value: { name: 'metrics', port: 9090, targetPort: 'http' } },
      { op: 'add', path: '/metadata/annotations/team', value: 'shop' }
    ])
    test.letGo()
    expect(await started.ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted' } })
    const { spec, metadata } = await getService(scene.namespace)
    expect(spec.ports?.map(({ name }) => name)).toEqual(['http', 'metrics'])
    expect(metadata.annotations).toMatchObject({ team: 'shop' })
    expect(spec.selector).toStrictEqual({ app: 'web', 'greenlight.dev/slot': 'green' })
    const { users, empty } = await scene.end()
    expect(users).toMatchObject({ failed: 0, failures: [] })
    expect(empty).toEqual([])
  })

  it('re-applies the original manifests by client-side apply: the traffic never goes to an untested or empty slot', async () => {
    const test = holdTest()
    const scene = await openLiveScene()
    const file = manifestFile(ORIGINAL)
    kubectl(scene.namespace, 'apply', '-f', file)
    const started = scene.start({ ...RELEASE, 'smoke-tests': test.line })
    await started.seen(READY)
    kubectl(scene.namespace, 'apply', '-f', file)
    test.letGo()
    const ended = await started.ended
    expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted' } })
    expect((await getService(scene.namespace)).spec.selector).toStrictEqual({
      app: 'web',
      'greenlight.dev/slot': 'green'
    })
    const { users, empty, states } = await scene.end()
    expect(users).toMatchObject({ failed: 0, failures: [] })
    expect(empty).toEqual([])
    expect(states.filter(({ pods }) => isMixed(pods))).toEqual([])
  })

  it('resets the selector by a forced server-side apply: it is put back and told', async () => {
    // The release ends in a rollback, so that every answer of v2 is one that nobody should have got.
    const test = holdTest(1)
    const scene = await openLiveScene()
    const file = manifestFile([service()])
    const changes = recordSelectors(scene.namespace)
    const started = scene.start({ ...RELEASE, 'smoke-tests': test.line })
    await started.seen(READY)
    kubectl(
      scene.namespace,
      'apply',
      '--server-side',
      '--force-conflicts',
      '--field-manager=someone',
      '-f',
      file
    )
    await started.seen('somebody moved the traffic')
    expect((await getService(scene.namespace)).spec.selector).toHaveProperty('pod-template-hash')
    test.letGo()
    const ended = await started.ended
    expect(ended).toMatchObject({ exitCode: 1, outputs: { result: 'rolled-back' } })
    expect(ended.summary).toContain('someone')

    const { users, empty } = await scene.end()
    const { foreignWrites } = JSON.parse(ended.outputs.json ?? '') as { foreignWrites: unknown[] }
    const reset = changes.findIndex(({ selector }, index) => index > 1 && selector === 'app=web')
    const wrongFor = (changes[reset + 1]?.at ?? Infinity) - (changes[reset]?.at ?? 0)
    console.log(
      `the selector was wrong for ${wrongFor} ms; answers of the untested version: ${users.versions.v2 ?? 0} of ${users.total}`
    )
    expect(foreignWrites).toHaveLength(1)
    expect(wrongFor).toBeLessThan(5000)
    expect(users).toMatchObject({ failed: 0, failures: [] })
    expect(empty).toEqual([])
  })

  it('changes the canary between test and switch: what was not tested gets no traffic', async () => {
    const test = holdTest()
    const scene = await openLiveScene()
    const started = scene.start({ ...RELEASE, 'smoke-tests': test.line, bake: '0s' })
    await started.seen(READY)
    kubectl(scene.namespace, 'set', 'image', 'deployment/web-green', `web=${image(3)}`)
    test.letGo()
    const ended = await started.ended
    expect(ended).toMatchObject({ exitCode: 1, outputs: { result: 'rolled-back' } })
    expect(ended.outputs.reason).toMatch(CHANGED)
    const { users, empty } = await scene.end()
    expect(users).toMatchObject({ failed: 0, versions: { v1: users.total } })
    expect(empty).toEqual([])
  })

  it('changes the canary while users are on it: stable serves before what was not tested comes up', async () => {
    const scene = await openLiveScene([workload({ env: { START_DELAY_MS: '5000' } }), service()])
    const started = scene.start({ ...RELEASE, bake: '60s' })
    await started.seen(/Bake/)
    await sleep(PROXIED)
    kubectl(scene.namespace, 'set', 'image', 'deployment/web-green', `web=${image(3)}`)
    const ended = await started.ended
    expect(ended).toMatchObject({ exitCode: 1, outputs: { result: 'rolled-back' } })
    expect(ended.outputs.reason).toMatch(CHANGED)
    const { users, empty } = await scene.end()
    expect(users.failures).toEqual([])
    expect(Object.keys(users.versions).sort()).toEqual(['v1', 'v2'])
    expect(empty).toEqual([])
  })

  it.each([
    ['while the canary is tested', holdTest().line, READY],
    ['while users are on the canary', 'GET /health -> 200', /Bake/]
  ])('changes the plain Deployment itself %s: the release makes way for it', async (_, test, moment) => {
    const scene = await openLiveScene()
    const started = scene.start({ images: image(2), 'smoke-tests': test, bake: '60s' })
    await started.seen(moment)
    kubectl(scene.namespace, 'set', 'image', 'deployment/web', `web=${image(3)}`)
    const ended = await started.ended
    expect(ended).toMatchObject({ exitCode: 1, outputs: { result: 'rolled-back' } })
    expect(ended.outputs.reason).toMatch(
      /^deployment\/web was changed by somebody else while the release ran/
    )
    await untilAvailable(scene.namespace, 'web')
    expect((await getService(scene.namespace)).spec.selector).toStrictEqual({ app: 'web' })
    const { users, empty } = await scene.end()
    expect(users).toMatchObject({ failed: 0, failures: [] })
    expect(empty).toEqual([])
  })

  it('starts a second release: it is refused by name, and the first goes on', async () => {
    const test = holdTest()
    const scene = await openLiveScene()
    const first = scene.start({ ...RELEASE, 'smoke-tests': test.line })
    await first.seen(READY)
    const second = await scene.run({ images: image(3) })
    test.letGo()
    expect(second).toMatchObject({ exitCode: 1, outputs: { result: 'failed' } })
    expect(second.outputs.reason).toMatch(
      /^another run is releasing here right now: \d+-1-\S+ \(https:\/\/github\.com\/shop\/web\/actions\/runs\/\d+\/attempts\/1\) holds lease\/greenlight-(deployment|service)-web/
    )
    expect(await first.ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted', image: image(2) } })
    expect((await getDeployment(scene.namespace, 'web-green')).spec.template.spec.containers[0]?.image).toBe(
      image(2)
    )
    expect((await scene.end()).users).toMatchObject({ failed: 0, failures: [] })
  })
})

/** Pods of both versions at the same time. */
const isMixed = (pods: readonly string[]): boolean =>
  pods.some((pod) => pod.startsWith('web-green-')) && pods.some((pod) => !pod.startsWith('web-green-'))

/** Every selector that the Service has had, with the time at which the API server told of it. */
function recordSelectors(namespace: string): { at: number; selector: string }[] {
  const changes: { at: number; selector: string }[] = []
  const watched = { apiVersion: 'v1', kind: 'Service', namespace, fields: 'metadata.name=web' }
  const onChange = ([live]: readonly Service[]): void => {
    const selector = printSelector(live?.spec.selector)
    if (changes.at(-1)?.selector !== selector) changes.push({ at: Date.now(), selector })
  }
  void admin.watch<Service>(watched, onChange, AbortSignal.timeout(60_000)).catch(() => undefined)
  return changes
}
