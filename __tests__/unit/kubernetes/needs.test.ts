import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { parseManifests } from '../../../src/kubernetes/manifests.ts'
import {
  configNeeds,
  configRemovalNeeds,
  releaseNeeds,
  smokeNeeds,
  statusNeeds
} from '../../../src/kubernetes/needs.ts'
import { covers } from '../../../src/kubernetes/rights.ts'
import type { Right, Rule } from '../../../src/kubernetes/rights.ts'

const published = (name: string) => {
  const file = new URL(`../../../examples/kubernetes/${name}`, import.meta.url)
  const { manifests, faults } = parseManifests(readFileSync(file, 'utf8'), name)
  const role = manifests.find(({ object }) => object.kind === 'Role')?.object as
    { rules?: readonly Rule[] } | undefined
  return { manifests, faults, rules: role?.rules ?? [] }
}

const { manifests, faults, rules } = published('role.yaml')

const print = ({ verb, group, resource, subresource }: Right): string =>
  `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}${group === '' ? '' : ` in ${group}`}`

const grantedBy = (given: readonly Rule[]): readonly Right[] =>
  given.flatMap(({ apiGroups = [], resources = [], verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((path) => {
        const [resource = '', subresource] = path.split('/')
        return verbs.map((verb): Right => ({ verb, group, resource, subresource }))
      })
    )
  )

const granted = grantedBy(rules)

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

it('the Role for config grants what that needs besides, and nothing else', () => {
  const config = published('role-config.yaml')
  expect(config.faults).toEqual([])
  expect(config.manifests.map(({ object }) => object.kind)).toEqual(['Role', 'RoleBinding'])
  const needed = [...configNeeds(new Set(['ConfigMap', 'Secret', 'Service'])), ...configRemovalNeeds]
  const besides = needed.map(print).filter((right) => !releaseNeeds.map(print).includes(right))
  expect(grantedBy(config.rules).map(print).sort()).toEqual([...new Set(besides)].sort())
})

it('manifests without config need no rights for it', () => {
  expect(configNeeds(new Set(['Service', 'Deployment']))).toEqual([])
  expect(configNeeds(new Set(['Secret'])).map(print)).toEqual(['create secrets', 'patch secrets'])
})

it('status needs to read only, and no more than a release', () => {
  expect([...new Set(statusNeeds.map(({ verb }) => verb))].sort()).toEqual(['get', 'list'])
  expect(statusNeeds.filter((right) => !releaseNeeds.includes(right))).toEqual([])
})
