import { describe, expect, it } from '@jest/globals'
import type { Outcome } from '../../src/domain/outcome.ts'
import type { HttpRequest } from '../../src/kubernetes/cluster.ts'
import type { Entry } from '../../src/smoke/entry.ts'
import { httpRoute, openGateway } from '../support/memory/gateway-controller.ts'
import { openScene, service, workload, type Scene } from './scene.ts'

/** What users see at the entry is told, and nothing depends on it. */

const probe = { url: 'https://shop.example.com/cart?key=1', header: 'X-Version', requestHeaders: {} }

/** When the entry was asked, and what for. */
interface Asked {
  readonly entry: Entry
  readonly at: number[]
}

/** The entry as `answer` has it, which is told how many requests there have been before. */
function entryIn({ clock }: Scene, answer: (before: number) => Promise<string | undefined>): Asked {
  const at: number[] = []
  const ask: Entry['ask'] = () => {
    at.push(clock.now())
    return answer(at.length - 1)
  }
  return { entry: { probe, ask }, at }
}

const tenth = (before: number): Promise<string> => Promise.resolve(before % 10 === 0 ? 'v2' : 'v1')

const byVersion = (pod: string): Readonly<Record<string, string>> => ({
  'x-version': pod.startsWith('web-green-') ? 'v2' : 'v1'
})

const podIn = ({ path }: HttpRequest): string => /pods\/http:(.+):8080\/proxy\//.exec(path)?.[1] ?? ''

async function open(headers: (pod: string) => Readonly<Record<string, string>> = byVersion) {
  const scene = await openScene([workload(), service(), httpRoute()])
  openGateway(scene.cluster)
  const paths: string[] = []
  scene.cluster.answer = (request) => {
    paths.push(request.path)
    return { status: 200, headers: headers(podIn(request)), body: '' }
  }
  return { scene, paths }
}

const inputs = (steps: string) => ({ strategy: 'canary', route: 'httproute/web', steps, bake: '0s' })

const observedIn = ({ shifts }: Outcome) => shifts.map(({ split, observed }) => [split.weight, observed])

describe('a probe', () => {
  it('counts who answers at the entry, once a gateway has had the time for the change', async () => {
    const { scene, paths } = await open()
    const { entry, at } = entryIn(scene, tenth)
    const outcome = await scene.run({ inputs: inputs('10% for 1m\n100%'), entry }).deploy()
    expect(outcome).toMatchObject({ result: 'promoted', warnings: [] })
    expect(observedIn(outcome)).toContainEqual([10, { share: 10, requests: 200 }])
    const shiftedAt = outcome.shifts.find(({ split }) => split.weight === 10)?.at ?? 0
    expect((at[0] ?? 0) - shiftedAt).toBe(2500)
    expect((at.at(-1) ?? 0) - shiftedAt).toBeLessThan(7500)
    expect([...new Set(paths.map((path) => path.replace(/^.*proxy/, '')))]).toEqual(['/cart'])
  })

  it('is over when the step is', async () => {
    const { scene } = await open()
    const { entry, at } = entryIn(scene, tenth)
    const outcome = await scene.run({ inputs: inputs('10% for 2s\n50% for 4s\n100%'), entry }).deploy()
    expect(outcome).toMatchObject({ result: 'promoted', warnings: [] })
    const [, half, all] = outcome.shifts.slice(-3)
    expect(observedIn(outcome).slice(-3)).toEqual([
      [10, undefined],
      [50, { share: (100 * Math.ceil(at.length / 10)) / at.length, requests: at.length }],
      [100, undefined]
    ])
    expect(at.length).toBeGreaterThan(40)
    expect(at.length).toBeLessThan(70)
    expect((at[0] ?? 0) - (half?.at ?? 0)).toBe(2500)
    expect((all?.at ?? 0) - (at.at(-1) ?? 0)).toBeGreaterThan(0)
  })

  it('counts for the share only what one of the two versions has answered', async () => {
    const { scene } = await open()
    const { entry } = entryIn(scene, async (before) => (before % 4 === 0 ? 'other' : tenth(before)))
    const outcome = await scene.run({ inputs: inputs('10% for 1m\n100%'), entry }).deploy()
    expect(observedIn(outcome)).toContainEqual([10, { share: (100 * 10) / 150, requests: 150 }])
  })

  it.each([
    [
      'nobody answers at the entry',
      byVersion,
      () => Promise.reject(new Error('connect ECONNREFUSED')),
      'the entry does not answer: connect ECONNREFUSED'
    ],
    [
      'the answers at the entry have no such header',
      byVersion,
      () => Promise.resolve(undefined),
      'answers at the entry have no header X-Version'
    ],
    [
      'somebody else answers at the entry',
      byVersion,
      () => Promise.resolve('nginx'),
      'answers at the entry say nginx in X-Version, as neither version does'
    ],
    [
      'the entry does not come to an end',
      byVersion,
      () => new Promise<never>(() => undefined),
      'the entry did not answer while the step lasted'
    ],
    [
      'the pods have no such header',
      () => ({}),
      () => Promise.reject(new Error('this is not asked')),
      'answers of web-green have no header X-Version'
    ],
    [
      'both versions say the same',
      () => ({ 'x-version': 'v1' }),
      () => Promise.reject(new Error('this is not asked')),
      'X-Version is v1 in the answers of both versions'
    ],
    [
      'every pod says something else',
      (pod: string) => ({ 'x-version': pod }),
      () => Promise.reject(new Error('this is not asked')),
      'X-Version is not the same in the answers of all pods of web-green'
    ]
  ])('warns once and does not stop a release when %s', async (_, headers, answer, why) => {
    const { scene } = await open(headers)
    const { entry, at } = entryIn(scene, answer)
    const steps = '50% for 20s\n60% for 20s\n100% for 20s'
    const outcome = await scene.run({ inputs: inputs(steps), entry }).deploy()
    expect(outcome).toMatchObject({
      result: 'promoted',
      warnings: [`probe: the share that users see is not observed: ${why}`]
    })
    expect(outcome.shifts.every(({ observed }) => observed === undefined)).toBe(true)
    expect(at.length).toBeLessThanOrEqual(20)
  })

  it('does not keep a cancelled run from putting the traffic back', async () => {
    const { scene } = await open()
    const { entry, at } = entryIn(scene, () => new Promise<never>(() => undefined))
    const run = scene.run({ inputs: inputs('50% for 1m\n100%'), entry })
    const ended = run.deploy()
    while (at.length === 0) await scene.clock.sleep(100)
    const cancelledAt = scene.clock.now()
    run.cancel()
    expect(await ended).toMatchObject({ result: 'aborted' })
    expect(scene.clock.now() - cancelledAt).toBeLessThan(1000)
  })

  it('does not keep a cancelled run that still asks the pods from putting the traffic back', async () => {
    const { scene } = await open()
    const asked = Promise.withResolvers<undefined>()
    const { entry } = entryIn(scene, tenth)
    const run = scene.run({
      inputs: inputs('50% for 1m\n100%'),
      entry,
      before: ({ verb }) => {
        if (verb !== 'send') return Promise.resolve()
        asked.resolve(undefined)
        return new Promise<never>(() => undefined)
      }
    })
    const ended = run.deploy()
    await asked.promise
    const cancelledAt = scene.clock.now()
    run.cancel()
    expect(await ended).toMatchObject({ result: 'aborted', warnings: [] })
    expect(scene.clock.now() - cancelledAt).toBeLessThan(1000)
  })

  it('says that there is nothing to compare with where pods are replaced in place', async () => {
    const { scene } = await open()
    const { entry, at } = entryIn(scene, tenth)
    const outcome = await scene.run({ inputs: { strategy: 'rolling', bake: '20s' }, entry }).deploy()
    expect(outcome).toMatchObject({
      result: 'promoted',
      warnings: [
        expect.stringContaining('deployment/web: container web has no preStop hook'),
        'probe: the share that users see is not observed: strategy rolling leaves no pod of the old version to compare with'
      ]
    })
    expect(at).toEqual([])
  })

  it('is made in the bake when the last step has no length', async () => {
    const { scene } = await open()
    const { entry } = entryIn(scene, () => Promise.resolve('v2'))
    const outcome = await scene.run({ inputs: { ...inputs('100%'), bake: '20s' }, entry }).deploy()
    expect(observedIn(outcome)).toContainEqual([100, { share: 100, requests: 200 }])
  })
})
