import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { parseManifests } from '../../../src/kubernetes/manifests.ts'
import { releaseNeeds, smokeNeeds, statusNeeds } from '../../../src/kubernetes/needs.ts'
import { covers } from '../../../src/kubernetes/rights.ts'
import type { Right, Rule } from '../../../src/kubernetes/rights.ts'

const file = new URL('../../../examples/kubernetes/role.yaml', import.meta.url)
const { manifests, faults } = parseManifests(readFileSync(file, 'utf8'), 'role.yaml')
const role = manifests.find(({ object }) => object.kind === 'Role')?.object as
  { rules?: readonly Rule[] } | undefined
const rules = role?.rules ?? []

const print = ({ verb, group, resource, subresource }: Right): string =>
  `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}${group === '' ? '' : ` in ${group}`}`

const granted = rules.flatMap(({ apiGroups = [], resources = [], verbs }) =>
  apiGroups.flatMap((group) =>
    resources.flatMap((path) => {
      const [resource = '', subresource] = path.split('/')
      return verbs.map((verb): Right => ({ verb, group, resource, subresource }))
    })
  )
)

describe('the Role of the example', () => {
  it('is there to be applied', () => {
    expect(faults).toEqual([])
    expect(manifests.map(({ object }) => object.kind)).toEqual(['ServiceAccount', 'Role', 'RoleBinding'])
  })

  it.each([...releaseNeeds, ...smokeNeeds].map((right) => [print(right), right] as const))(
    'grants %s',
    (_, right) => {
      expect(covers(rules, right)).toBe(true)
    }
  )

  it('grants nothing by a wildcard', () => {
    expect(granted.filter((right) => print(right).includes('*'))).toEqual([])
  })

  it('grants nothing twice', () => {
    const all = granted.map(print)
    expect(all.filter((right, at) => all.indexOf(right) !== at)).toEqual([])
  })

  it('grants nothing that is not needed', () => {
    const needed = [...releaseNeeds, ...smokeNeeds].map(print)
    expect(granted.map(print).filter((right) => !needed.includes(right))).toEqual([])
  })
})

it('status needs to read only, and no more than a release', () => {
  expect([...new Set(statusNeeds.map(({ verb }) => verb))].sort()).toEqual(['get', 'list'])
  expect(statusNeeds.filter((right) => !releaseNeeds.includes(right))).toEqual([])
})
