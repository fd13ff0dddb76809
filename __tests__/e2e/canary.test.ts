import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { SIGTERM_AFTER } from '../support/action.ts'
import { admin } from '../support/cluster/real-cluster.ts'
import { httpRoute, uniqueHost } from '../support/cluster/gateway.ts'
import { startLoad, type Counted } from '../support/cluster/load.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { CLOSE, manifestFile, openLiveScene } from '../support/cluster/live-scene.ts'
import { interval, observe, shiftsOf, type Shift } from '../support/cluster/share.ts'
import { essence, getDeployment, getService, image, service, workload } from '../support/cluster/workload.ts'

playLiveScenes()

/** The gateway may take up to two seconds until a change is effective. */
const EFFECTIVE = 2500

/** Compares the share that users saw at every step with the one that was wanted. */
function expectShares(users: Counted, shifts: readonly Shift[], until: number): void {
  shifts.forEach(({ at, weight }, index) => {
    const end = shifts[index + 1]?.at ?? until
    const seen = observe(users, 'v2', at + EFFECTIVE, end)
    const [low, high] = interval(weight, seen.all)
    console.log(
      `${weight}%: ${seen.canary} of ${seen.all} = ${seen.share.toFixed(2)}% (99.99%: ${low.toFixed(2)}–${high.toFixed(2)})`
    )
    expect(seen.all).toBeGreaterThan(500)
    expect(seen.share).toBeGreaterThanOrEqual(low)
    expect(seen.share).toBeLessThanOrEqual(high)
  })
}

async function getRoute(namespace: string) {
  const found = await admin.get({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    namespace,
    name: 'web'
  })
  if (found === undefined) throw new Error('there is no httproute/web')
  return found
}

/** What a release that was undone must leave as it was. */
const everything = async (namespace: string): Promise<unknown> =>
  [await getRoute(namespace), await getService(namespace), await getDeployment(namespace, 'web')].map(essence)

/** The entry of a Service with a weight of 90 and the canary's at 30%. */
const withShares = (entry: { weight: number }) => [
  { ...entry, weight: 63 },
  { ...entry, name: 'web-green', weight: 27 }
]

async function scene(options: Parameters<typeof workload>[0] = {}) {
  const host = uniqueHost()
  return openLiveScene([workload(options), service(), httpRoute({ host })], host, CLOSE)
}

const CANARY = { strategy: 'canary', route: 'httproute/web', images: image(2) }

describe('a canary on an HTTPRoute', () => {
  it('moves 10, 30, 50 and 100% of the users without a failed request, and leaves the route as it was', async () => {
    const { namespace, run, end } = await scene()
    const before = essence(await getRoute(namespace))
    const ended = await run({
      ...CANARY,
      steps: '10% for 8s\n30% for 8s\n50% for 8s\n100% for 8s',
      bake: '0s'
    })
    expect(ended).toMatchObject({
      exitCode: 0,
      outputs: { result: 'promoted', 'stable-slot': 'green', image: image(2), weight: '100' }
    })
    expect(essence(await getRoute(namespace))).toStrictEqual(before)
    expect((await getService(namespace)).spec.selector).toStrictEqual({
      app: 'web',
      'greenlight.dev/slot': 'green'
    })
    expect((await getDeployment(namespace, 'web')).spec.replicas).toBe(0)

    const { users, empty } = await end()
    expect(users.failures).toEqual([])
    expect(empty).toEqual([])
    const shifts = shiftsOf(ended)
    expect(shifts.map(({ weight }) => weight)).toEqual([10, 30, 50, 100])
    expectShares(users, shifts, (shifts.at(-1)?.at ?? 0) + 8000)
  })

  it('cancelled at 50% puts all users back without a failed request', async () => {
    const { namespace, start, end } = await scene()
    const before = await everything(namespace)
    const started = start({ ...CANARY, steps: '50% for 60s\n100%' })
    await started.seen(/: watch web-green/)
    await sleep(4000)
    const { main, post } = await started.cancel()
    expect(main).toMatchObject({ exitCode: 1, outputs: { result: 'aborted', weight: '0', image: image(1) } })
    expect(Number(main.outputs['restore-seconds'])).toBeLessThan(SIGTERM_AFTER)
    expect(post.exitCode).toBe(0)
    expect(await everything(namespace)).toStrictEqual(before)
    const { users, empty } = await end()
    console.log(`restored within ${main.outputs['restore-seconds'] ?? ''} s of SIGINT`)
    expect(users.failures).toEqual([])
    expect(users.versions.v2).toBeGreaterThan(100)
    expect(empty).toEqual([])
  })

  it('killed at 50%: the next run puts all users back, and then releases', async () => {
    const { namespace, start, run, end } = await scene()
    const before = essence(await getRoute(namespace))
    const started = start({ ...CANARY, steps: '50% for 60s\n100%' })
    await started.seen(/: watch web-green/)
    await started.kill()
    const next = await run({ ...CANARY, images: image(3), steps: '50% for 4s\n100%', bake: '0s' })
    expect(next).toMatchObject({
      exitCode: 0,
      outputs: { result: 'promoted', image: image(3), 'previous-image': image(1) }
    })
    expect(essence(await getRoute(namespace))).toStrictEqual(before)
    const { users, empty } = await end()
    expect(users.failures).toEqual([])
    expect(empty).toEqual([])
  })

  it('of a version with errors is taken out at 10%', async () => {
    const { namespace, run, end } = await scene()
    const before = await everything(namespace)
    const ended = await run({
      ...CANARY,
      images: '',
      manifests: manifestFile([workload({ image: image(3), env: { ERROR_RATE: '0.2' } })]),
      steps: '10% for 60s\n50% for 60s\n100%',
      prometheus: 'service/monitoring/prometheus:9090',
      checks: 'success-rate >= 95%',
      'check-interval': '1s',
      'warm-up': '0s'
    })
    expect(ended).toMatchObject({
      exitCode: 1,
      outputs: { result: 'rolled-back', 'failed-check': 'success-rate >= 95%', weight: '0' }
    })
    expect(await everything(namespace)).toStrictEqual(before)
    const { users, empty } = await end()
    expect(users.failedByVersion).toEqual({ v3: users.failed })
    const { firstFailureAt, lastFailureAt } = users
    const [first, last] = [firstFailureAt ?? 0, lastFailureAt ?? 0]
    const exposed = users.seconds
      .slice(Math.floor(first), Math.ceil(last) + 1)
      .flatMap(({ fresh, kept }) => [...Object.values(fresh), ...Object.values(kept)])
    const during = exposed.reduce((sum, count) => sum + count, 0)
    const share = (100 * users.failed) / during
    console.log(
      `${users.failed} errors of ${users.total} requests, ${share.toFixed(2)}% of the ${during} while it had traffic; ${(last - first).toFixed(1)} s from the first bad answer to the last`
    )
    expect(share).toBeLessThan(4)
    expect(empty).toEqual([])
  })

  it('by a header: who sends it reaches the canary, nobody else does', async () => {
    const { namespace, url, headers, start, end } = await scene()
    const before = essence(await getRoute(namespace))
    const started = start({ ...CANARY, steps: 'header x-canary: true for 16s\n100%', bake: '0s' })
    await started.seen(/: watch web-green/)
    await sleep(EFFECTIVE)
    const [testers, others] = await Promise.all([
      startLoad(url, 50, { ...headers, 'X-Canary': 'true' }),
      startLoad(url, 50, { ...headers, 'X-Canary': 'false' })
    ])
    await sleep(5000)
    const [seenByTesters, seenByOthers] = await Promise.all([testers.stop(), others.stop()])
    expect(seenByTesters).toMatchObject({ failed: 0, versions: { v2: seenByTesters.total } })
    expect(seenByOthers).toMatchObject({ failed: 0, versions: { v1: seenByOthers.total } })
    console.log(`with the header ${seenByTesters.total} of v2, without ${seenByOthers.total} of v1`)
    const ended = await started.ended
    expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted' } })
    expect(essence(await getRoute(namespace))).toStrictEqual(before)
    const { users } = await end()
    const [step, all] = shiftsOf(ended)
    expect(observe(users, 'v2', step?.at ?? 0, all?.at ?? 0).canary).toBe(0)
    expect(users.failures).toEqual([])
  })

  it('beside rules, filters and weights of others changes nothing but its own entries', async () => {
    const host = uniqueHost()
    const rules = [
      {
        name: 'api',
        matches: [{ path: { type: 'PathPrefix', value: '/api' } }],
        filters: [
          {
            type: 'ResponseHeaderModifier',
            responseHeaderModifier: { set: [{ name: 'x-team', value: 'api' }] }
          }
        ],
        backends: [{ name: 'other', port: 80, weight: 3 }]
      },
      {
        name: 'main',
        matches: [{ path: { type: 'PathPrefix', value: '/' } }],
        filters: [
          {
            type: 'ResponseHeaderModifier',
            responseHeaderModifier: { set: [{ name: 'x-team', value: 'web' }] }
          }
        ],
        timeouts: { request: '10s' },
        backends: [
          { name: 'web', port: 80, weight: 90 },
          { name: 'other', port: 80, weight: 10 }
        ]
      }
    ]
    const route = httpRoute({ host, rules })
    const { namespace, start, end } = await openLiveScene(
      [
        workload(),
        workload({ name: 'other', labels: { app: 'other' }, replicas: 1 }),
        service(),
        service({ app: 'other' }, 'other'),
        { ...route, metadata: { ...route.metadata, annotations: { team: 'shop' } } }
      ],
      host,
      CLOSE
    )
    const before = await getRoute(namespace)
    const started = start({ ...CANARY, steps: '30% for 8s\n100%', bake: '0s' })
    await started.seen(/: watch web-green/)
    const during = await getRoute(namespace)
    const expected = structuredClone(before) as unknown as {
      spec: { rules: { backendRefs: { weight: number }[] }[] }
    }
    const main = expected.spec.rules[1]
    main?.backendRefs.splice(0, 1, ...withShares(main.backendRefs[0] ?? { weight: 0 }))
    expect((during as unknown as typeof expected).spec).toStrictEqual(expected.spec)
    expect(during.metadata.annotations).toMatchObject({ team: 'shop' })
    expect(await started.ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted' } })
    expect(essence(await getRoute(namespace))).toStrictEqual(essence(before))
    expect((await end()).users.failures).toEqual([])
  })

  it('whose HTTPRoute somebody re-applies in the middle gets its share again', async () => {
    const host = uniqueHost()
    const original = httpRoute({ host })
    const { namespace, start, end } = await openLiveScene([workload(), service(), original], host, CLOSE)
    const started = start({ ...CANARY, steps: '50% for 10s\n100%', bake: '0s' })
    await started.seen(/: watch web-green/)
    await admin.patch({ apiVersion: original.apiVersion, kind: original.kind, namespace, name: 'web' }, [
      { op: 'replace', path: '/spec', value: (original as unknown as { spec: unknown }).spec }
    ])
    const ended = await started.ended
    expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted' } })
    const { foreignWrites } = JSON.parse(ended.outputs.json ?? '{}') as {
      foreignWrites: { object: string }[]
    }
    expect(foreignWrites).toMatchObject([{ object: 'httproute/web' }])
    expect((await end()).users.failures).toEqual([])
  })

  it('goes back by a rollback, on the same route', async () => {
    const { namespace, run, end } = await scene()
    const before = await everything(namespace)
    expect(await run({ ...CANARY, steps: '100%', bake: '0s' })).toMatchObject({
      outputs: { result: 'promoted', image: image(2) }
    })
    const back = await run({ command: 'rollback' })
    expect(back).toMatchObject({ exitCode: 0, outputs: { result: 'rolled-back', image: image(1) } })
    expect(await everything(namespace)).toStrictEqual(before)
    const { users, empty } = await end()
    expect(users.failures).toEqual([])
    expect(empty).toEqual([])
  })
})

describe('a route that cannot take part', () => {
  it.each([
    ['is not there', { route: 'httproute/shop' }, /httproute\/shop does not exist in namespace/],
    [
      'cannot do a step',
      { route: 'service/web', steps: 'header x-canary: true for 1m\n100%' },
      /service\/web cannot tell requests apart by their headers; these can: httproute/
    ]
  ])('%s: nothing is changed', async (_, inputs, words) => {
    const { namespace, run } = await scene()
    const before = await everything(namespace)
    const ended = await run({ ...CANARY, ...inputs })
    expect(ended).toMatchObject({ exitCode: 1, outputs: { result: 'failed' } })
    expect(ended.outputs.reason).toMatch(words)
    expect(await everything(namespace)).toStrictEqual(before)
  })
})
