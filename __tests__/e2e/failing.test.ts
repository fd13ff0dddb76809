import { describe, expect, it } from '@jest/globals'
import type { Ended } from '../support/action.ts'
import { admin } from '../support/cluster/real-cluster.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { startEmptyRegistry } from '../support/cluster/registry.ts'
import { manifestFile, openLiveScene, type LiveScene } from '../support/cluster/live-scene.ts'
import { essence, getDeployment, getService, image, workload } from '../support/cluster/workload.ts'

playLiveScenes()

/** Milliseconds, far below the 10 minutes that pods may take: on a busy machine, too. */
const SOON = 120_000

/** Plays a release that must not succeed, and shows that nobody but its own pods noticed. */
async function refused(inputs: (scene: LiveScene) => Promise<Record<string, string>>): Promise<Ended> {
  const scene = await openLiveScene()
  const before = [await getDeployment(scene.namespace, 'web'), await getService(scene.namespace)].map(essence)

  const ended = await scene.run(await inputs(scene))
  expect(ended.exitCode).toBe(1)
  expect(ended.outputs).toMatchObject({
    result: 'rolled-back',
    'stable-slot': 'plain',
    image: image(1),
    weight: '0'
  })

  const after = [await getDeployment(scene.namespace, 'web'), await getService(scene.namespace)].map(essence)
  expect(after).toStrictEqual(before)
  expect((await getDeployment(scene.namespace, 'web-green')).spec.replicas).toBe(0)
  const { users, empty } = await scene.end()
  expect(users).toMatchObject({ failed: 0, versions: { v1: users.total } })
  expect(empty).toEqual([])
  return ended
}

const manifests = (options: Parameters<typeof workload>[0]): Promise<Record<string, string>> =>
  Promise.resolve({ manifests: manifestFile([workload({ image: image(2), ...options })]) })

describe('a version that cannot come up never gets a request, and says why', () => {
  it('is never ready', async () => {
    const ended = await refused(async () => ({
      ...(await manifests({ env: { NEVER_READY: '1' } })),
      timeout: '30s'
    }))
    expect(ended.outputs.reason).toMatch(
      /^deployment\/web-green was not ready after 30s: 0 of 3 pods ready; web-green-\S+ runs but is not ready$/
    )
  })

  it('has an image that no registry has', async () => {
    const registry = await startEmptyRegistry()
    const ended = await refused(() => Promise.resolve({ images: `web=${registry.host}/shop/web:404` }))
    registry.close()
    expect(ended.outputs.reason).toMatch(
      /^pod web-green-\S+ cannot run: (ErrImagePull|ImagePullBackOff): container web: .*not found/
    )
    expect(ended.summary).toContain('shop/web:404')
    expect(ended.milliseconds).toBeLessThan(SOON)
  })

  it('crashes at the start', async () => {
    const ended = await refused(() => manifests({ env: { CRASH: 'panic: no database' } }))
    expect(ended.outputs.reason).toMatch(
      /^pod web-green-\S+ cannot run: CrashLoopBackOff: container web keeps crashing: exit code 1/
    )
    expect(ended.summary).toContain('panic: no database')
    expect(ended.milliseconds).toBeLessThan(SOON)
  })

  it('refers to configuration that does not exist', async () => {
    const base = workload({ image: image(2) })
    const [container] = base.spec.template.spec.containers
    const template = { containers: [{ ...container, envFrom: [{ configMapRef: { name: 'settings' } }] }] }
    const ended = await refused(() => manifests({ template }))
    expect(ended.outputs.reason).toMatch(
      /CreateContainerConfigError: container web: configmap "settings" not found/
    )
  })

  it('fits on no node', async () => {
    const ended = await refused(() => manifests({ template: { nodeSelector: { disk: 'none-has-this' } } }))
    expect(ended.outputs.reason).toMatch(
      /^pod web-green-\S+ cannot run: Unschedulable: 0\/1 nodes are available/
    )
  })

  it('is refused by a quota', async () => {
    const ended = await refused(async ({ namespace }) => {
      const quota = {
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { name: 'small', namespace },
        spec: { hard: { pods: '3' } }
      }
      await admin.create(quota)
      return { images: image(2) }
    })
    expect(ended.outputs.reason).toMatch(
      /^deployment\/web-green cannot run: FailedCreate: .*exceeded quota: small/
    )
  })

  it('fails its smoke test', async () => {
    const line = 'GET /version -> 200 contains "v9"'
    const ended = await refused(() =>
      Promise.resolve({ images: image(2), 'smoke-tests': `GET /health -> 200\n${line}` })
    )
    expect(ended.outputs.reason).toMatch(
      /^smoke test failed: 2: GET \/version: .*200 in \d+ ms without the text that it must contain$/
    )
    // What came back is in the log alone, where the runner masks secrets.
    expect(ended.log).toContain(line)
    expect(ended.log).toContain('v2')
  })

  it('fails a command of the repository', async () => {
    const ended = await refused(() =>
      Promise.resolve({
        images: image(2),
        'smoke-tests': 'run: curl -sf "$GREENLIGHT_URL/health" && echo "::error::not ours" && exit 3'
      })
    )
    expect(ended.outputs.reason).toBe('smoke test failed: command 1: exit 3')
    expect(ended.log).not.toMatch(/^\s*::error::not ours/m)
  })
})
