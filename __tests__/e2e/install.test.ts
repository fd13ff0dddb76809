import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, it } from '@jest/globals'
import { admin, grant, nodeAddress } from '../support/cluster/real-cluster.ts'
import { startLoad, type Load } from '../support/cluster/load.ts'
import { manifestFile, ONE_OF_MANY, openLiveStage, type LiveStage } from '../support/cluster/live-scene.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { startWitness, type Witness } from '../support/cluster/witness.ts'
import { getDeployment, getService, image, service, workload } from '../support/cluster/workload.ts'

playLiveScenes()

const CLOSED = 'app=web,greenlight.dev/slot=none'

/** kube-proxy has its rule for a Service by then, in milliseconds. */
const PROXY_RULE = 1500

const ingress = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: 'web' },
  spec: { defaultBackend: { service: { name: 'web', port: { name: 'http' } } } }
}

const installing = (env: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  manifests: manifestFile([ingress, service(), workload({ replicas: 2, env })]),
  'smoke-tests': 'GET /health -> 200',
  bake: '2s'
})

/** Ended even where a test fails. */
const asking: Pick<Load, 'stop'>[] = []
const watching: Witness[] = []
afterEach(async () => {
  const all = [...asking.splice(0), ...watching.splice(0)]
  await Promise.all(all.map((one) => one.stop().catch(() => undefined)))
})

const readIngress = ({ namespace }: LiveStage) => admin.get({ ...ingress, namespace, name: 'web' })

/** Nobody is served, and what there is stays. */
async function closed(stage: LiveStage): Promise<void> {
  const { spec } = await getService(stage.namespace)
  expect(spec.selector).toEqual({ app: 'web', 'greenlight.dev/slot': 'none' })
  expect((await getDeployment(stage.namespace, 'web')).spec.replicas).toBe(0)
}

it('what does not exist yet is installed: nobody is behind its Service before it has passed, and no user fails after', async () => {
  const stage = await openLiveStage([])
  const { namespace } = stage
  const witness = startWitness(namespace)
  watching.push(witness)

  const refused = await stage.run(installing())
  expect(refused.outputs.result).toBe('failed')
  expect(refused.outputs.reason).toContain(`no version of web exists in namespace ${namespace}`)
  expect(refused.outputs.reason).toContain('apply examples/kubernetes/role-install.yaml there')
  expect(await admin.list({ apiVersion: 'apps/v1', kind: 'Deployment', namespace })).toEqual([])
  await grant(namespace, 'role-install.yaml')
  await grantIngresses(namespace)

  const planned = await stage.run({ ...installing(), command: 'plan' })
  expect(planned).toMatchObject({ exitCode: 0, outputs: { result: 'planned' } })
  expect(planned.summary).toContain('**`Service web`** is new')

  const failing = await stage.run({ ...installing(), 'smoke-tests': 'GET /health -> 404' })
  expect(failing).toMatchObject({ exitCode: 1, outputs: { result: 'rolled-back', image: '' } })
  expect(failing.summary).toContain('Nobody is served: service/web has no endpoints. Nothing was deleted')
  await closed(stage)

  const crashing = await stage.run(installing({ CRASH: 'panic: no database' }))
  expect(crashing.outputs.reason).toMatch(/^pod web-\S+ cannot run: CrashLoopBackOff/)
  expect(crashing.summary).toContain('panic: no database')
  await closed(stage)
  expect(await readIngress(stage)).toBeUndefined()

  const lost = stage.start({ ...installing(), bake: '5m' })
  await lost.seen('Bake: watch web')
  // Users come now: a NodePort that was tried before it led anywhere goes on refusing some on this machine.
  await sleep(PROXY_RULE)
  const { ports } = (await getService(namespace)).spec
  const [{ nodePort }] = ports as unknown as [{ nodePort: number }]
  const url = `http://${await nodeAddress()}:${nodePort}/`
  const late = await startLoad(url, ONE_OF_MANY)
  asking.push(late)
  expect(await readIngress(stage)).toBeDefined()
  await lost.kill()
  expect(await stage.run({ command: 'status' })).toMatchObject({ outputs: { image: image(1) } })
  expect(await stage.run(installing())).toMatchObject({ exitCode: 0, outputs: { result: 'unchanged' } })

  const next = await stage.run({ images: image(2), bake: '2s' })
  expect(next).toMatchObject({ exitCode: 0, outputs: { result: 'promoted', 'previous-image': image(1) } })
  const { failed, failures, firstSeen: versions } = await late.stop()
  expect({ failed, failures }).toEqual({ failed: 0, failures: [] })
  expect(versions.map(({ version }) => version)).toEqual(['v1', 'v2'])

  const { states } = await witness.stop()
  watching.pop()
  const open = states.findIndex(({ selector }) => selector !== CLOSED)
  expect(states.slice(0, open).flatMap(({ pods }) => pods)).toEqual([])
})

/** Every kind in the manifests takes its own. */
async function grantIngresses(namespace: string): Promise<void> {
  const metadata = { namespace, name: 'ingresses' }
  const RBAC = 'rbac.authorization.k8s.io'
  await admin.create({
    apiVersion: `${RBAC}/v1`,
    kind: 'Role',
    metadata,
    rules: [{ apiGroups: ['networking.k8s.io'], resources: ['ingresses'], verbs: ['create', 'patch'] }]
  } as never)
  await admin.create({
    apiVersion: `${RBAC}/v1`,
    kind: 'RoleBinding',
    metadata,
    roleRef: { apiGroup: RBAC, kind: 'Role', name: 'ingresses' },
    subjects: [{ kind: 'ServiceAccount', name: 'greenlight', namespace }]
  } as never)
}
