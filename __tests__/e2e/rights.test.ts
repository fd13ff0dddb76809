import { readFileSync } from 'node:fs'

import { describe, expect, it } from '@jest/globals'

import { parseManifests } from '../../src/kubernetes/manifests.ts'
import type { KubernetesObject } from '../../src/kubernetes/objects.ts'
import { admin } from '../support/cluster.ts'
import { playScenes } from '../support/play.ts'
import { openScene } from '../support/scene.ts'
import { getService, image } from '../support/workload.ts'

playScenes()

interface Role extends KubernetesObject {
  readonly rules: readonly {
    readonly apiGroups: string[]
    readonly resources: string[]
    readonly verbs: string[]
  }[]
}

const published = parseManifests(readFileSync('examples/kubernetes/role.yaml', 'utf8'), 'role.yaml')
  .manifests.map(({ object }) => object)
  .find(({ kind }) => kind === 'Role') as Role

const rights = published.rules.flatMap(({ resources: [resource = ''], verbs }, rule) =>
  verbs.map((verb) => ({ rule, resource, verb }))
)

describe('the published Role', () => {
  it('is what it takes: without any one verb the run ends before anything is changed, and names it', async () => {
    const scene = await openScene()
    const before = await getService(scene.namespace)
    const [live] = await admin.list<Role>({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      namespace: scene.namespace
    })
    const ref = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      namespace: scene.namespace,
      name: live?.metadata.name ?? ''
    }
    for (const { rule, resource, verb } of rights) {
      const rules = published.rules.map((one, index) =>
        index === rule ? { ...one, verbs: one.verbs.filter((other) => other !== verb) } : one
      )
      await admin.patch(ref, [
        { op: 'replace', path: '/rules', value: rules.filter(({ verbs }) => verbs.length > 0) }
      ])
      const ended = await scene.run({
        images: image(2),
        route: 'service/web',
        'smoke-tests': 'GET /health -> 200'
      })
      expect({ resource, verb, ...ended.outputs }).toMatchObject({ resource, verb, result: 'failed' })
      expect(ended.outputs.reason).toContain(`cannot ${verb} ${resource}`)
      expect(ended.outputs.reason).toContain(`namespace ${scene.namespace}`)
    }
    expect(await getService(scene.namespace)).toStrictEqual(before)
  })
})
