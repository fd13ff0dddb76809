import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import type { ResourceQuota } from '../../src/kubernetes/limits.ts'
import { parseManifests } from '../../src/kubernetes/manifests.ts'
import type { KubernetesObject } from '../../src/kubernetes/objects.ts'
import { admin } from '../support/cluster/real-cluster.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { type LiveScene, manifestFile, ONE_OF_MANY, openLiveScene } from '../support/cluster/live-scene.ts'
import { getService, image, service, workload } from '../support/cluster/workload.ts'

playLiveScenes()

/** The published Role and its binding, for the ServiceAccount of the test. */
async function grant(file: string, namespace: string): Promise<void> {
  const { manifests } = parseManifests(readFileSync(`examples/kubernetes/${file}`, 'utf8'), file)
  for (const { object } of manifests)
    await admin.create({
      ...object,
      metadata: { ...object.metadata, namespace },
      ...('subjects' in object
        ? { subjects: [{ kind: 'ServiceAccount', name: 'greenlight', namespace }] }
        : {})
    })
}

/** A quota counts from the moment that its controller has looked. */
async function limit(namespace: string, hard: Readonly<Record<string, string>>): Promise<KubernetesObject> {
  const kind = { apiVersion: 'v1', kind: 'ResourceQuota' }
  const quota = { ...kind, metadata: { name: 'team', namespace }, spec: { hard } }
  await admin.create<ResourceQuota>(quota)
  for (let left = 100; left > 0; left -= 1) {
    const live = await admin.get<ResourceQuota>({ ...kind, namespace, name: 'team' })
    if (Object.keys(live?.status?.used ?? {}).length > 0) return quota
    await sleep(100)
  }
  throw new Error('nobody counts what the quota limits')
}

/** As Flux writes a Service that is in Git. */
async function applyAsFlux(namespace: string): Promise<void> {
  const { spec } = service()
  const labels = {
    'kustomize.toolkit.fluxcd.io/name': 'apps',
    'kustomize.toolkit.fluxcd.io/namespace': 'flux-system'
  }
  const { status } = await admin.send({
    method: 'PATCH',
    path: `/api/v1/namespaces/${namespace}/services/web?fieldManager=kustomize-controller&force=true`,
    headers: { 'Content-Type': 'application/apply-patch+yaml' },
    body: JSON.stringify({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', labels }, spec })
  })
  expect(status).toBe(200)
}

async function reasonOf({ run }: LiveScene, inputs = {}): Promise<string> {
  const ended = await run({ images: image(2), ...inputs })
  expect(ended.outputs.result).toBe('failed')
  return ended.outputs.reason ?? ''
}

describe('before anything is changed', () => {
  it('what does not fit, and what may not be applied, ends the run with the figures or the rule', async () => {
    const scene = await openLiveScene([workload(), service()], undefined, ONE_OF_MANY)
    const { namespace } = scene
    const before = await getService(namespace)

    const one = await limit(namespace, { 'count/deployments.apps': '1' })
    expect(await reasonOf(scene)).toContain(
      'exceeded quota: team, requested: count/deployments.apps=1, used: count/deployments.apps=1, limited: count/deployments.apps=1'
    )
    await admin.remove(one)

    await grant('role-preflight.yaml', namespace)
    const five = await limit(namespace, { pods: '5' })
    expect(await reasonOf(scene)).toContain(
      `deployment/web-green does not fit into resourcequota/team in namespace ${namespace}: pods: 3 more are wanted (1 a pod), 3 of 5 are in use`
    )
    await admin.remove(five)

    const template = workload().spec.template.spec
    const containers = template.containers.map((web) => ({
      ...web,
      resources: { limits: { memory: '1Gi' } }
    }))
    await admin.create({
      apiVersion: 'v1',
      kind: 'LimitRange',
      metadata: { name: 'team', namespace },
      spec: { limits: [{ type: 'Container', max: { memory: '512Mi' } }] }
    } as KubernetesObject)
    expect(
      await reasonOf(scene, { manifests: manifestFile([workload({ template: { containers } })]) })
    ).toContain(
      `container web of deployment/web-green would have limits.memory of 1Gi, and limitrange/team in namespace ${namespace} allows memory up to 512Mi`
    )

    const budget = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'web' } }
    expect(await reasonOf(scene, { manifests: manifestFile([budget]) })).toContain(
      `cannot patch poddisruptionbudgets in namespace ${namespace}: give the ServiceAccount this rule: {apiGroups: ["policy"], resources: ["poddisruptionbudgets"], verbs: ["create","patch"]}`
    )

    await applyAsFlux(namespace)
    expect(await reasonOf(scene)).toContain(
      `Kustomization apps of Flux (namespace flux-system) would revert the release at its next interval: it applies /spec/selector of service/web — for example: kubectl -n ${namespace} annotate service/web kustomize.toolkit.fluxcd.io/reconcile=disabled`
    )

    expect((await getService(namespace)).spec).toStrictEqual(before.spec)
    expect(await admin.list({ apiVersion: 'apps/v1', kind: 'Deployment', namespace })).toHaveLength(1)
    expect((await scene.end()).users).toMatchObject({ failed: 0, failures: [] })
  })
})
