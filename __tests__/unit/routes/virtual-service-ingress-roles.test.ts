import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'

import { parseManifests } from '../../../src/kubernetes/manifests.ts'
import type { Right, Rule } from '../../../src/kubernetes/rights.ts'
import { albRoute } from '../../../src/routes/alb.ts'
import { nginxRoute } from '../../../src/routes/nginx.ts'
import type { Route } from '../../../src/routes/route.ts'
import { virtualServiceRoute } from '../../../src/routes/virtual-service.ts'

const print = ({ verb, group, resource }: Right): string => `${verb} ${resource} in ${group}`

describe.each<[string, readonly Route[]]>([
  ['virtualservice', [virtualServiceRoute]],
  ['ingress', [albRoute, nginxRoute]]
])('the Role for route: %s/…', (kind, routes) => {
  const file = new URL(`../../../examples/kubernetes/role-${kind}.yaml`, import.meta.url)
  const { manifests, faults } = parseManifests(readFileSync(file, 'utf8'), `role-${kind}.yaml`)
  const [role, binding] = manifests.map(({ object }) => object)

  it('is bound to the ServiceAccount', () => {
    expect(faults).toEqual([])
    expect(manifests).toHaveLength(2)
    expect(role).toMatchObject({ kind: 'Role', metadata: { name: `greenlight-${kind}` } })
    expect(binding).toMatchObject({
      kind: 'RoleBinding',
      metadata: { name: `greenlight-${kind}` },
      roleRef: { kind: 'Role', name: `greenlight-${kind}` },
      subjects: [{ kind: 'ServiceAccount', name: 'greenlight' }]
    })
  })

  it('grants what is needed, and nothing else', () => {
    const { rules } = role as unknown as { rules: readonly Required<Rule>[] }
    const granted = rules.flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) => verbs.map((verb) => print({ verb, group, resource })))
      )
    )
    const needed = new Set(routes.flatMap(({ needs }) => needs.map(print)))
    expect(granted.sort()).toEqual([...needed].sort())
  })
})
