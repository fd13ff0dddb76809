import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { SIGTERM_AFTER } from '../support/action.ts'
import { admin } from '../support/cluster/real-cluster.ts'
import { ingressRoute, traefikService, uniqueHost } from '../support/cluster/gateway.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { CLOSE, openLiveScene } from '../support/cluster/live-scene.ts'
import { interval, observe, shiftsOf } from '../support/cluster/share.ts'
import {
  essence,
  getDeployment,
  getPods,
  getService,
  image,
  service,
  workload
} from '../support/cluster/workload.ts'

playLiveScenes()

/** Traefik may take up to two seconds until a change is effective. */
const EFFECTIVE = 2500

const CANARY = {
  strategy: 'canary',
  route: 'traefikservice/web',
  images: image(2),
  previous: 'keep',
  bake: '0s'
}

async function getRoute(namespace: string) {
  const found = await admin.get({
    apiVersion: 'traefik.io/v1alpha1',
    kind: 'TraefikService',
    namespace,
    name: 'web'
  })
  if (found === undefined) throw new Error('there is no traefikservice/web')
  return found
}

/** What a release that was undone must leave as it was. */
const everything = async (namespace: string): Promise<unknown> =>
  [await getRoute(namespace), await getService(namespace), await getDeployment(namespace, 'web')].map(essence)

/** Requests, and copies of them, that have come to pods, by their own count. */
async function received(namespace: string, labels: string): Promise<number> {
  const pods = await getPods(namespace, labels)
  const counts = pods.map(async ({ metadata }) => {
    const path = `/api/v1/namespaces/${namespace}/pods/http:${metadata.name}:8080/proxy/metrics`
    const { body } = await admin.send({ method: 'GET', path })
    const lines = [...body.matchAll(/^http_requests_total\{.*\} (\d+)$/gm)]
    return lines.reduce((sum, [, count]) => sum + Number(count), 0)
  })
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
}

async function receivedByEach(namespace: string) {
  const [copies, originals] = await Promise.all([
    received(namespace, 'app=web,greenlight.dev/slot=green'),
    received(namespace, 'app=web,greenlight.dev/slot!=green')
  ])
  return { copies, originals }
}

describe('a canary on a TraefikService', () => {
  it('gets copies first, then its share, and leaves everything as it was when cancelled or over', async () => {
    const host = uniqueHost()
    const { namespace, start, end } = await openLiveScene(
      [workload(), service(), traefikService({ backends: [{ name: 'web' }] }), ingressRoute({ host })],
      host,
      CLOSE
    )
    const before = await everything(namespace)
    const cancelled = start({ ...CANARY, steps: 'mirror 20% for 60s\n100%' })
    await cancelled.seen(/: watch web-green/)
    await sleep(EFFECTIVE + 500)
    expect((await receivedByEach(namespace)).copies).toBeGreaterThan(10)
    const { main, post } = await cancelled.cancel()
    expect(main).toMatchObject({ exitCode: 1, outputs: { result: 'aborted', weight: '0', image: image(1) } })
    expect(Number(main.outputs['restore-seconds'])).toBeLessThan(SIGTERM_AFTER)
    expect(post.exitCode).toBe(0)
    expect(await everything(namespace)).toStrictEqual(before)
    expect((await getDeployment(namespace, 'web-green')).spec.replicas).toBe(0)

    const started = start({ ...CANARY, steps: 'mirror 20% for 8s\n20% for 8s\n100%' })
    await started.seen(/: watch web-green/)
    const route = (await getRoute(namespace)) as unknown
    expect(route).toMatchObject({
      spec: { mirroring: { name: 'web', mirrors: [{ name: 'web-green', percent: 20 }] } }
    })
    await sleep(EFFECTIVE)
    const from = await receivedByEach(namespace)
    await sleep(4500)
    const to = await receivedByEach(namespace)
    const ended = await started.ended
    expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted', image: image(2) } })
    expect(essence(await getRoute(namespace))).toStrictEqual((before as unknown[])[0])

    const { users, empty } = await end()
    expect(users.failures).toEqual([])
    expect(empty).toEqual([])
    const [mirror, fifth, all] = shiftsOf(ended)
    expect(mirror).toMatchObject({ weight: 0, mirror: 20 })
    // From the first user on: neither in this mirror step nor in the one that was cancelled.
    const seenBefore = observe(users, 'v2', users.startedAt, fifth?.at ?? 0)
    expect(seenBefore.all).toBeGreaterThan(2000)
    expect(seenBefore.canary).toBe(0)

    const [copies, originals] = [to.copies - from.copies, to.originals - from.originals]
    const copied = (100 * copies) / originals
    console.log(`${copies} copies of ${originals} requests = ${copied.toFixed(2)}%`)
    expect(originals).toBeGreaterThan(500)
    // The pods are not asked in the same moment.
    expect(copied).toBeGreaterThan(18)
    expect(copied).toBeLessThan(22)

    const seen = observe(users, 'v2', (fifth?.at ?? 0) + EFFECTIVE, all?.at ?? 0)
    const [low, high] = interval(20, seen.all)
    console.log(
      `${seen.canary} of ${seen.all} = ${seen.share.toFixed(2)}% (99.99%: ${low.toFixed(2)}–${high.toFixed(2)}); none of ${seenBefore.all} before`
    )
    expect(seen.all).toBeGreaterThan(500)
    expect(seen.share).toBeGreaterThanOrEqual(low)
    expect(seen.share).toBeLessThanOrEqual(high)
  })
})
