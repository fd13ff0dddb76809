import { afterEach, describe, expect, it } from '@jest/globals'
import type { HorizontalPodAutoscaler } from '../../src/kubernetes/limits.ts'
import type { Deployment, KubernetesObject } from '../../src/kubernetes/objects.ts'
import { admin } from '../support/cluster/real-cluster.ts'
import { httpRoute, uniqueHost } from '../support/cluster/gateway.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { openLiveScene } from '../support/cluster/live-scene.ts'
import { essence, image, service, workload } from '../support/cluster/workload.ts'

playLiveScenes()

const watching = new AbortController()
afterEach(() => {
  watching.abort()
})

/** Without a metrics server it never scales by itself, and holds its limits all the same. */
const autoscaler: HorizontalPodAutoscaler & { spec: { minReplicas: number } } = {
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'web' },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    minReplicas: 2,
    maxReplicas: 6
  }
}

/** Of the pods of both versions. */
const budget: KubernetesObject & { spec: object } = {
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: 'web' },
  spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } }
}

/** As an autoscaler does it, and `kubectl scale`. */
async function scale(namespace: string, deployment: string, replicas: number): Promise<void> {
  const { status, body } = await admin.send({
    method: 'PATCH',
    path: `/apis/apps/v1/namespaces/${namespace}/deployments/${deployment}/scale`,
    headers: { 'content-type': 'application/merge-patch+json' },
    body: JSON.stringify({ spec: { replicas } })
  })
  if (status !== 200) throw new Error(body)
}

interface HttpRoute extends KubernetesObject {
  readonly spec: { readonly rules: readonly { readonly backendRefs: readonly { weight?: number }[] }[] }
}

/** `autoscaler -> web`, `web x 2`, `route 90:10` */
function lineOf(object: KubernetesObject): string {
  if (object.kind === 'HorizontalPodAutoscaler')
    return `autoscaler -> ${(object as HorizontalPodAutoscaler).spec.scaleTargetRef.name}`
  if (object.kind === 'Deployment')
    return `${object.metadata.name} x ${(object as Deployment).spec.replicas ?? 1}`
  const [rule] = (object as HttpRoute).spec.rules
  return `route ${rule?.backendRefs.map(({ weight = 1 }) => weight).join(':') ?? ''}`
}

/** Notes sizes, target of the autoscaler and weights as they change. All are kept in one store, which numbers the writes. */
function tellStory(namespace: string, signal: AbortSignal): () => readonly string[] {
  const changes = new Map<number, string>()
  const note = (objects: readonly KubernetesObject[]): void => {
    for (const object of objects) changes.set(Number(object.metadata.resourceVersion), lineOf(object))
  }
  const kinds = [
    ['apps/v1', 'Deployment'],
    ['autoscaling/v2', 'HorizontalPodAutoscaler'],
    ['gateway.networking.k8s.io/v1', 'HTTPRoute']
  ] as const
  for (const [apiVersion, kind] of kinds)
    void admin.watch({ apiVersion, kind, namespace }, note, signal).catch(() => undefined)
  return () => {
    const lines = [...changes].sort(([one], [other]) => one - other).map(([, line]) => line)
    const subject = (line: string): string => line.split(' ')[0] ?? ''
    return lines.filter(
      (line, at) => lines.slice(0, at).findLast((before) => subject(before) === subject(line)) !== line
    )
  }
}

async function state(namespace: string, { apiVersion, kind }: KubernetesObject) {
  const found = await admin.get({ apiVersion, kind, namespace, name: 'web' })
  if (found === undefined) throw new Error(`${kind} web is gone`)
  // The API server lists them by the time of their last write, and a controller writes a status whenever it likes.
  const managers = found.metadata.managedFields?.map(({ manager }) => manager ?? '').sort()
  return { essence: essence(found), managers }
}

describe('an autoscaler', () => {
  it('minds stable in the steps, the canary before that gets all traffic, and stable again after an abort', async () => {
    const host = uniqueHost()
    const objects = [workload({ replicas: 2 }), service(), httpRoute({ host }), autoscaler, budget]
    const { namespace, start, end } = await openLiveScene(objects, host)
    const story = tellStory(namespace, watching.signal)
    const budgetBefore = await state(namespace, budget)
    const release = { strategy: 'canary', route: 'httproute/web', previous: 'keep', bake: '0s' }

    const started = start({ ...release, images: image(2), steps: '50% for 8s\n75% for 1s\n100%' })
    await started.seen(/: watch web-green/)
    await scale(namespace, 'web', 4)
    expect(await started.ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted' } })
    const promoted = story()
    expect(promoted.slice(0, 3).sort()).toEqual(['autoscaler -> web', 'route 1', 'web x 2'])
    expect(promoted.slice(3)).toEqual([
      'web-green x 0',
      'web-green x 1',
      'route 100:0',
      'route 50:50',
      'web x 4',
      'web-green x 3',
      'route 25:75',
      'web-green x 4',
      'autoscaler -> web-green',
      'route 0:100',
      'route 1'
    ])

    const next = start({ ...release, images: image(3), steps: '100% for 60s' })
    await next.seen(/: watch web-blue/)
    const { main, post } = await next.cancel()
    expect(main).toMatchObject({ exitCode: 1, outputs: { result: 'aborted', image: image(2) } })
    expect(post.exitCode).toBe(0)
    expect(story().slice(promoted.length)).toEqual([
      // Kept for a rollback until the next release, which this is.
      'web x 0',
      'web-blue x 0',
      'web-blue x 4',
      'route 100:0',
      'autoscaler -> web-blue',
      'route 0:100',
      'route 1',
      'autoscaler -> web-green',
      'web-blue x 0'
    ])
    expect(await state(namespace, budget)).toStrictEqual(budgetBefore)
    const { users, empty } = await end()
    expect(users.failures).toEqual([])
    expect(empty).toEqual([])
  })
})
