import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import type { KubernetesObject } from '../../src/kubernetes/objects.ts'
import { startApiDoor } from '../support/cluster/api-door.ts'
import { admin, grant } from '../support/cluster/real-cluster.ts'
import { httpRoute, uniqueHost } from '../support/cluster/gateway.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { openLiveScene, type LiveScene } from '../support/cluster/live-scene.ts'
import { observe } from '../support/cluster/share.ts'
import { essence, getPods, getService, image, service, workload } from '../support/cluster/workload.ts'

playLiveScenes()

const WATCHDOG = { watchdog: 'docker.io/greenlight/kubectl:1', bake: '0s' }
const LABEL = 'greenlight.dev/watchdog=web'

async function openWatched(isOnRoute: boolean): Promise<LiveScene> {
  const host = isOnRoute ? uniqueHost() : undefined
  const routes = host === undefined ? [] : [httpRoute({ host })]
  const scene = await openLiveScene([workload(), service(), ...routes], host)
  await grant(scene.namespace, 'role-watchdog.yaml')
  return scene
}

const CANARY = { strategy: 'canary', route: 'httproute/web', images: image(2), ...WATCHDOG }

const jobsIn = (namespace: string): Promise<readonly KubernetesObject[]> =>
  admin.list({ apiVersion: 'batch/v1', kind: 'Job', namespace, labels: LABEL })

const selectorOf = async ({ namespace }: LiveScene, name: string) =>
  (await getService(namespace, name)).spec.selector

/** Until both Services select only what the plain Deployment's pods have, as they do when stable has all traffic. */
async function untilBack(scene: LiveScene, name: string): Promise<void> {
  for (;;) {
    if ('pod-template-hash' in ((await selectorOf(scene, name)) ?? {})) return
    await sleep(100)
  }
}

/** Milliseconds from then to the last answer of the new version. */
function lastAnswer(users: Awaited<ReturnType<LiveScene['end']>>['users'], since: number): number {
  for (let later = 0; ; later += 1000)
    if (observe(users, 'v2', since + later, Date.now()).canary === 0) return later
}

/** The runner is lost at 50%, and nobody comes. */
async function playKilled(): Promise<string> {
  const scene = await openWatched(true)
  const started = scene.start({ ...CANARY, steps: '50% for 10m\n100%' })
  await started.seen(/: watch web-green/)
  await sleep(4000)
  await started.kill()
  const killedAt = Date.now()
  await untilBack(scene, 'web-green')
  const backAfter = Date.now() - killedAt
  await sleep(4000)
  const next = await scene.run({ ...CANARY, steps: '50% for 1s\n100%', images: image(3) })
  expect(next).toMatchObject({ exitCode: 0, outputs: { result: 'promoted', image: image(3) } })
  expect(next.log).toContain('was left unfinished')
  expect(await jobsIn(scene.namespace)).toEqual([])
  const { users, empty } = await scene.end()
  expect(users.failures).toEqual([])
  expect(empty).toEqual([])
  const last = lastAnswer(users, killedAt)
  expect(backAfter).toBeGreaterThan(10_000)
  return `killed at 50%: both Services on stable after ${(backAfter / 1000).toFixed(1)} s, last answer of the new version after ${(last / 1000).toFixed(1)} s`
}

/** The runner stands still under all traffic, and wakes up when the watchdog has taken over. */
async function playStopped(): Promise<string> {
  const scene = await openWatched(false)
  const before = essence(await getService(scene.namespace))
  const started = scene.start({ ...WATCHDOG, images: image(2), bake: '10m' })
  await started.seen(/Bake/)
  await sleep(2000)
  started.child.kill('SIGSTOP')
  const stoppedAt = Date.now()
  await untilBack(scene, 'web')
  const backAfter = Date.now() - stoppedAt
  await sleep(2000)
  started.child.kill('SIGCONT')
  const ended = await started.ended
  expect(ended).toMatchObject({ exitCode: 1, outputs: { result: 'failed' } })
  expect(ended.outputs.reason).toMatch(/this one changes nothing any more/)
  expect(await selectorOf(scene, 'web')).toHaveProperty('pod-template-hash')
  expect(await scene.run({ command: 'abort' })).toMatchObject({ outputs: { result: 'aborted' } })
  expect(essence(await getService(scene.namespace))).toStrictEqual(before)
  expect(await jobsIn(scene.namespace)).toEqual([])
  const { users, empty } = await scene.end()
  expect(users.failures).toEqual([])
  expect(empty).toEqual([])
  return `stood still under all traffic: back after ${(backAfter / 1000).toFixed(1)} s; woken up it says: ${ended.outputs.reason ?? ''}`
}

/** The runner lives, but every request takes 4 s for a minute. */
async function playSlow(): Promise<string> {
  const scene = await openWatched(true)
  const door = await startApiDoor()
  const kubeconfig = scene.inputs.kubeconfig?.replace(/https:\/\/[^"]+/, door.url) ?? ''
  const started = scene.start({ ...CANARY, kubeconfig, steps: '50% for 70s\n100%' })
  await started.seen(/: watch web-green/)
  const [pod] = await getPods(scene.namespace, LABEL)
  door.befall(() => ({ late: 4000 }))
  await sleep(60_000)
  door.befall(() => undefined)
  const name = pod?.metadata.name ?? ''
  const said = await admin.logs({ namespace: scene.namespace, name }, 'watchdog', 20, false)
  expect(said).toMatch(/^watchdog: watching run \S+ by lease\/greenlight-service-web\n$/)
  expect(await started.ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted' } })
  door.close()
  expect(await jobsIn(scene.namespace)).toEqual([])
  const { users, empty } = await scene.end()
  expect(users.failures).toEqual([])
  expect(empty).toEqual([])
  return 'slow for a minute: promoted, and the watchdog kept still'
}

describe('a watchdog', () => {
  it('puts stable back when the runner is lost or stands still, and keeps still while it is slow', async () => {
    const told = await Promise.all([playKilled(), playStopped(), playSlow()])
    console.log(told.join('\n'))
  })

  it('that may not do its work, or has no image: nobody is sent to the new version', async () => {
    const scene = await openWatched(false)
    await admin.remove({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { namespace: scene.namespace, name: 'greenlight-watchdog' }
    })
    const forbidden = await scene.run({ ...WATCHDOG, images: image(2) })
    expect(forbidden).toMatchObject({ exitCode: 1, outputs: { result: 'rolled-back', image: image(1) } })
    expect(forbidden.outputs.reason).toMatch(/the watchdog does not come up: CrashLoopBackOff.*forbidden/i)
    const missing = await scene.run({ ...WATCHDOG, images: image(2), watchdog: '127.0.0.1:5999/kubectl:1' })
    expect(missing).toMatchObject({ exitCode: 1, outputs: { result: 'rolled-back', image: image(1) } })
    expect(missing.outputs.reason).toMatch(/the watchdog does not come up: (ErrImagePull|ImagePullBackOff)/)
    const { users, empty } = await scene.end()
    expect(users.failures).toEqual([])
    expect(Object.keys(users.versions)).toEqual(['v1'])
    expect(empty).toEqual([])
    expect(await jobsIn(scene.namespace)).toEqual([])
  })
})
