import { readFileSync } from 'node:fs'

import { describe, expect, it } from '@jest/globals'

import { parseManifests } from '../../src/kubernetes/manifests.ts'
import type { KubernetesObject } from '../../src/kubernetes/objects.ts'
import { admin } from '../support/cluster.ts'
import { httpRoute, uniqueHost } from '../support/gateway.ts'
import { playScenes } from '../support/play.ts'
import { openScene } from '../support/scene.ts'
import { getService, image, service, workload } from '../support/workload.ts'

playScenes()

interface Role extends KubernetesObject {
  readonly rules: readonly {
    readonly apiGroups: string[]
    readonly resources: string[]
    readonly verbs: string[]
  }[]
}

const published = (file: string): Role =>
  parseManifests(readFileSync(`examples/kubernetes/${file}`, 'utf8'), file)
    .manifests.map(({ object }) => object)
    .find(({ kind }) => kind === 'Role') as Role

const RBAC = 'rbac.authorization.k8s.io/v1'

const autoscaler = {
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'web' },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    minReplicas: 3,
    maxReplicas: 3
  }
}

const RELEASE = { images: image(2), 'smoke-tests': 'GET /health -> 200\nPOST /health {} -> 200' }

/** What a first release beside the old version has no use for, and what has. */
const others: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'get replicasets': { ...RELEASE, strategy: 'rolling' },
  'list replicasets': { command: 'rollback' }
}

describe.each([
  ['role.yaml', 'service/web'],
  ['role-httproute.yaml', 'httproute/web']
])('the published Role in %s', (file, route) => {
  it('is what it takes: without any one verb the run ends before anything is changed, and names it', async () => {
    const host = uniqueHost()
    const scene = await openScene([workload(), service(), autoscaler, httpRoute({ host })], host)
    const { namespace } = scene
    const before = await getService(namespace)
    const { metadata, rules } = published(file)
    const ref = { apiVersion: RBAC, kind: 'Role', namespace, name: metadata.name }
    const rights = rules.flatMap(({ resources: [resource = ''], verbs }, rule) =>
      verbs.map((verb) => ({ rule, resource, verb }))
    )
    for (const { rule, resource, verb } of rights) {
      const left = rules.map((one, index) =>
        index === rule ? { ...one, verbs: one.verbs.filter((other) => other !== verb) } : one
      )
      await admin.patch(ref, [
        { op: 'replace', path: '/rules', value: left.filter(({ verbs }) => verbs.length > 0) }
      ])
      const ended = await scene.run(others[`${verb} ${resource}`] ?? { ...RELEASE, route })
      expect({ resource, verb, ...ended.outputs }).toMatchObject({ resource, verb, result: 'failed' })
      expect(ended.outputs.reason).toContain(`cannot ${verb} ${resource}`)
      expect(ended.outputs.reason).toContain(`namespace ${namespace}`)
    }
    expect(await getService(namespace)).toStrictEqual(before)
  })
})
