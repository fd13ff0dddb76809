import { describe, expect, it } from '@jest/globals'
import { admin } from '../support/cluster/real-cluster.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { type LiveScene, manifestFile, ONE_OF_MANY, openLiveScene } from '../support/cluster/live-scene.ts'
import { getService, image, service, workload } from '../support/cluster/workload.ts'

playLiveScenes()

/** Runs with bad input and shows that nothing in the namespace has changed. */
async function refusedFor(scene: LiveScene, inputs: Record<string, string>): Promise<string> {
  const before = await everything(scene.namespace)
  const ended = await scene.run(inputs)
  expect(ended).toMatchObject({ exitCode: 1, outputs: { result: 'failed' } })
  expect(await everything(scene.namespace)).toStrictEqual(before)
  return ended.outputs.reason ?? ''
}

const everything = async (namespace: string): Promise<unknown> => [
  (await admin.list({ apiVersion: 'apps/v1', kind: 'Deployment', namespace })).map(({ metadata }) => [
    metadata.name,
    metadata.generation
  ]),
  (await admin.list({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace })).map(
    ({ metadata }) => metadata.name
  ),
  (await getService(namespace)).metadata.resourceVersion
]

describe('bad input ends the run before anything is changed, and says what is wrong and what would be right', () => {
  it('in a running namespace', async () => {
    const scene = await openLiveScene(undefined, undefined, ONE_OF_MANY)
    const { namespace } = scene

    expect(await refusedFor(scene, { workload: 'wbe', images: image(2) })).toBe(
      `workload: deployment/wbe (or wbe-blue, wbe-green) does not exist in namespace ${namespace}; did you mean web? There are web — for example: workload: web`
    )
    expect(await refusedFor(scene, { images: 'other=shop/web:2' })).toBe(
      `images: other=shop/web:2 changes nothing: deployment/web has web=${image(1)} — for example: web=shop/web:2`
    )
    expect(await refusedFor(scene, { images: image(2), route: 'service/wbe' })).toMatch(
      /^route: service\/wbe does not exist in namespace \S+; there are .*web.* — for example: route: service\//
    )
    expect(
      await refusedFor(scene, {
        images: image(2),
        checks: 'success-rate >= 95%\n\nsucess-rate >= 95%\np95 latency < 200',
        prometheus: 'service/monitoring/prometheus:9090',
        timeout: 'soon'
      })
    ).toMatch(
      /checks, line 3: .*sucess-rate.* — for example: .*; checks, line 4: .*; timeout: "soon" is not a duration/s
    )
    expect(await refusedFor(scene, { manifests: '/nowhere/*.yaml' })).toMatch(
      /^manifests: \/nowhere\/\*\.yaml names no \.yaml, \.yml or \.json file/
    )
    expect(
      await refusedFor(scene, { manifests: manifestFile([{ apiVersion: 'v1', kind: 'ConfigMap' }]) })
    ).toMatch(/^manifests: .*web\.yaml, line 1: the ConfigMap has no metadata\.name/)
    expect(
      await refusedFor(scene, {
        manifests: manifestFile([
          workload({
            image: image(2),
            template: { containers: [{ image: image(2), ports: [{ name: 'http', containerPort: 8080 }] }] }
          })
        ])
      })
    ).toMatch(
      /^manifests: .*web\.yaml, line 1: cannot create deployment\/web .*containers\[0\]\.name: Required value/
    )
    expect(await refusedFor(scene, { images: image(2), kubeconfig: 'apiVersion: v1\nkind: Config' })).toMatch(
      /^kubeconfig: /
    )
    expect(await refusedFor(scene, { images: image(2), context: 'nowhere' })).toMatch(
      /^context: .*nowhere.*test/
    )
    expect((await scene.end()).users).toMatchObject({ failed: 0, failures: [] })
  })

  it('when no Service or two Services select the workload, or the workload is no Deployment', async () => {
    const scene = await openLiveScene(undefined, undefined, ONE_OF_MANY)
    await admin.create({
      ...service({ app: 'web' }, 'internal'),
      metadata: { name: 'internal', namespace: scene.namespace }
    })
    expect(await refusedFor(scene, { images: image(2) })).toMatch(
      /^route: 2 Services in namespace \S+ select deployment\/web: service\/\S+, service\/\S+\. Which one do users come through\?/
    )
    const { spec } = workload({ name: 'db', labels: { app: 'db' } })
    await admin.create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'lonely', namespace: scene.namespace },
      spec: { ...spec, replicas: 0 }
    } as never)
    expect(await refusedFor(scene, { workload: 'lonely', images: image(2) })).toMatch(
      /^route: no Service in namespace \S+ selects the pods of deployment\/lonely \(labels app=db\)/
    )
    const set = {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'db', namespace: scene.namespace },
      spec: { ...spec, replicas: 1, serviceName: 'db' }
    }
    await admin.create(set as never)
    await untilPod(scene.namespace, 'db-0')
    expect(await refusedFor(scene, { workload: 'db', images: image(2) })).toMatch(
      /^workload: db in namespace \S+ is a StatefulSet; only Deployments/
    )
  })

  it('when there is no cluster', async () => {
    const scene = await openLiveScene(undefined, undefined, ONE_OF_MANY)
    const none = await scene.run({ images: image(2), kubeconfig: '' })
    expect(none.exitCode).toBe(1)
    expect(none.outputs.reason).toMatch(/kubeconfig/)
    expect(none.outputs.reason).not.toContain('localhost:8080')

    const dead = scene.inputs.kubeconfig?.replace(/https:\/\/[^"]+/, 'https://127.0.0.1:9') ?? ''
    const unreachable = await scene.run({ images: image(2), kubeconfig: dead })
    expect(unreachable.exitCode).toBe(1)
    expect(unreachable.outputs.reason).toMatch(/https:\/\/127\.0\.0\.1:9 .*\d+(\.\d+)? ?s/)
  })
})

async function untilPod(namespace: string, name: string): Promise<void> {
  while ((await admin.get({ apiVersion: 'v1', kind: 'Pod', namespace, name })) === undefined) {
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
