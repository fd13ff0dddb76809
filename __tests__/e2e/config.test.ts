import { describe, expect, it } from '@jest/globals'
import type { KubernetesObject } from '../../src/kubernetes/objects.ts'
import { referencesIn } from '../../src/kubernetes/references.ts'
import { copyOf, type ConfigObject } from '../../src/plan/config-copy.ts'
import { admin } from '../support/cluster/real-cluster.ts'
import type { Counted } from '../support/cluster/load.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { manifestFile, openLiveScene } from '../support/cluster/live-scene.ts'
import { shiftsOf } from '../support/cluster/share.ts'
import { getDeployment, getPods, getService, service, workload } from '../support/cluster/workload.ts'

playLiveScenes()

const PASSWORD = 'hunter2hunter2'

const configMap = (version: string, name = 'web-config'): ConfigObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data: { VERSION: version, 'page.html': `<h1>${version}</h1>` }
})

const secret: ConfigObject = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'web-secret' },
  stringData: { password: PASSWORD }
}

/** What it answers is in the ConfigMap, which it mounts as well; the Secret is a variable and a volume. */
function configured() {
  const deployment = workload()
  const [container] = deployment.spec.template.spec.containers as unknown as readonly [
    { readonly env: readonly object[] }
  ]
  const env = [
    ...container.env,
    { name: 'VERSION', valueFrom: { configMapKeyRef: { name: 'web-config', key: 'VERSION' } } },
    { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'web-secret', key: 'password' } } }
  ]
  const volumeMounts = [{ name: 'files', mountPath: '/etc/web' }]
  const sources = [
    { configMap: { name: 'web-config', items: [{ key: 'page.html', path: 'page.html' }] } },
    { secret: { name: 'web-secret' } }
  ]
  return workload({
    template: {
      containers: [{ ...container, env, volumeMounts }],
      volumes: [{ name: 'files', projected: { sources } }]
    }
  })
}

const manifests = (version: string): string =>
  manifestFile([configMap(version), secret, configured(), service()])

const read = (namespace: string, kind: string, name: string) =>
  admin.get<ConfigObject>({ apiVersion: 'v1', kind, namespace, name })

/** The version in the ConfigMap that a Deployment's pods refer to. */
async function configOf(namespace: string, deployment: string): Promise<unknown> {
  const { spec } = await getDeployment(namespace, deployment)
  const [reference] = referencesIn(spec.template.spec)
  const found = reference && (await read(namespace, reference.kind, reference.name))
  return (found?.data as { readonly VERSION?: string } | undefined)?.VERSION
}

describe('config in the manifests', () => {
  it('is released with the version and comes back with it; what no version refers to is removed', async () => {
    const scene = await openLiveScene([configMap('one'), secret, configured(), service()])
    const { namespace } = scene
    const first = await scene.run({ manifests: manifests('two'), bake: '0s', previous: 'keep' })
    expect(first).toMatchObject({ exitCode: 0, outputs: { result: 'promoted', 'stable-slot': 'green' } })
    expect([await configOf(namespace, 'web'), await configOf(namespace, 'web-green')]).toEqual(['one', 'two'])

    const orphan = copyOf(configMap('nobody'), 'web', namespace)
    const others = [
      copyOf(configMap('nobody'), 'api', namespace),
      configMap('by hand', 'web-config-bcdfghjklm')
    ]
    for (const object of [orphan, ...others])
      await admin.create({ ...object, metadata: { ...object.metadata, namespace } })
    const second = await scene.run({ manifests: manifests('three'), bake: '0s', previous: 'keep' })
    expect(second).toMatchObject({ exitCode: 0, outputs: { result: 'promoted', 'stable-slot': 'blue' } })
    expect([await configOf(namespace, 'web-green'), await configOf(namespace, 'web-blue')]).toEqual([
      'two',
      'three'
    ])
    expect(await read(namespace, 'ConfigMap', orphan.metadata.name)).toBeUndefined()
    for (const { kind, metadata } of others) expect(await read(namespace, kind, metadata.name)).toBeDefined()

    const same = await scene.run({ manifests: manifests('three') })
    expect(same).toMatchObject({ exitCode: 0, outputs: { result: 'unchanged' } })
    const back = await scene.run({ command: 'rollback' })
    expect(back).toMatchObject({ exitCode: 0, outputs: { result: 'rolled-back', 'stable-slot': 'green' } })

    // The release before the previous one: its slot is taken, so its template and config come from its ReplicaSet.
    const third = await scene.run({ manifests: manifests('four'), bake: '0s' })
    expect(third).toMatchObject({ exitCode: 0, outputs: { result: 'promoted', 'stable-slot': 'blue' } })
    const further = await scene.run({ command: 'rollback', to: second.outputs.release ?? '' })
    expect(further).toMatchObject({ exitCode: 0, outputs: { result: 'rolled-back', 'stable-slot': 'green' } })
    expect(await configOf(namespace, 'web-green')).toBe('three')
    const [{ at } = { at: 0 }] = shiftsOf(further).filter(({ weight }) => weight === 100)
    const { startedAt } = JSON.parse(further.outputs.json ?? '{}') as { startedAt: string }

    const { users, empty } = await scene.end()
    expect(users).toMatchObject({ failed: 0, failures: [] })
    expect(users.lastSeen.map(({ version }) => version)).toEqual(
      expect.arrayContaining(['one', 'two', 'three', 'four'])
    )
    expect(lastOf(users)).toEqual(['three'])
    console.log(
      `rollback to the release before the previous one: all traffic on it and its config after ${((at - Date.parse(startedAt)) / 1000).toFixed(1)} s; ${users.failed} of ${users.total} requests failed`
    )
    expect(empty).toEqual([])
    const told = [first, second, same, back, third, further].map((ended) => JSON.stringify(ended)).join()
    expect(told).not.toContain(PASSWORD)
    expect(told).not.toContain(Buffer.from(PASSWORD).toString('base64'))
  })

  it('needs the published Role to be applied: what it lacks is named before anything is changed', async () => {
    const scene = await openLiveScene([configMap('one'), secret, configured(), service()])
    const { namespace } = scene
    const role = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      namespace,
      name: 'greenlight-config'
    }
    const before = await getService(namespace)
    const allow = (verbs: readonly string[]): Promise<KubernetesObject> =>
      admin.patch(role, [
        {
          op: 'replace',
          path: '/rules',
          value: [{ apiGroups: [''], resources: ['configmaps', 'secrets'], verbs }]
        }
      ])
    for (const [lacking, verbs] of [
      ['create', ['patch', 'list', 'delete']],
      ['patch', ['create', 'list', 'delete']]
    ] as const) {
      await allow(verbs)
      const { outputs } = await scene.run({ manifests: manifests('two') })
      expect(outputs.result).toBe('failed')
      for (const kind of ['configmaps', 'secrets'])
        expect(outputs.reason?.split(`cannot ${lacking} ${kind} in namespace ${namespace}`)).toHaveLength(2)
    }
    const wrong = [configMap('two'), { ...secret, stringData: { password: 123456789 } }, configured()]
    const { outputs, log } = await scene.run({ manifests: manifestFile(wrong) })
    expect(outputs.reason).toContain('Secret web-secret: stringData.password is not text')
    expect(log).not.toContain('123456789')
    expect(await getService(namespace)).toStrictEqual(before)
    expect(await getPods(namespace, 'greenlight.dev/slot')).toEqual([])

    await allow(['create', 'patch'])
    const ended = await scene.run({ manifests: manifests('two'), bake: '0s', previous: 'keep' })
    expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted' } })
    expect(ended.log).not.toMatch(/warning/i)
    expect((await scene.end()).users).toMatchObject({ failed: 0, failures: [] })
  })
})

/** Whom new connections reached in the last whole second: a connection that is kept stays where it is until its pod ends. */
const lastOf = ({ seconds }: Counted): readonly string[] => Object.keys(seconds.at(-2)?.fresh ?? {})
