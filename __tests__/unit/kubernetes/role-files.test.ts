import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from '@jest/globals'
import { parseManifests } from '../../../src/kubernetes/manifests.ts'
import { covers, describeAllMissing, type Right, type Rule } from '../../../src/kubernetes/rights.ts'
import { roleFileFor } from '../../../src/kubernetes/role-files.ts'

const FOLDER = 'examples/kubernetes'

/** The rules of a file for whoever runs the action; the watchdog has an account of its own. */
function rulesIn(file: string): readonly Rule[] {
  const roles = parseManifests(readFileSync(file, 'utf8'), file).manifests.filter(
    ({ object }) => object.kind === 'Role'
  )
  return (roles[0]?.object as unknown as { rules: readonly Rule[] } | undefined)?.rules ?? []
}

const rightsIn = (file: string): readonly Right[] =>
  rulesIn(file).flatMap(({ apiGroups = [], resources = [], resourceNames: [only] = [], verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((name) => {
        const [resource = '', subresource] = name.split('/')
        return verbs.map((verb) => ({
          verb,
          group,
          resource,
          ...(subresource === undefined ? {} : { subresource }),
          ...(only === undefined ? {} : { name: only })
        }))
      })
    )
  )

const files = readdirSync(FOLDER)
  .filter((file) => /^role.*\.yaml$/.test(file) && !/role-(?:preflight|in-place)/.test(file))
  .map((file) => `${FOLDER}/${file}`)

it.each(files)('every right of %s is found in the file that a message names', (file) => {
  const rights = rightsIn(file)
  expect(rights.length).toBeGreaterThan(0)
  const lost = rights.filter((right) => {
    const named = roleFileFor(right)
    const where = named?.includes('<') ? file : named
    return where === undefined || !covers(rulesIn(where), right)
  })
  expect(lost).toEqual([])
})

it('no file is named for what it does not grant', () => {
  const verbs = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete']
  const named = files
    .flatMap(rightsIn)
    .flatMap((right) => verbs.map((verb) => ({ ...right, verb })))
    .flatMap((right) => ({ right, file: roleFileFor(right) ?? '' }))
    .filter(({ file }) => file !== '' && !file.includes('<'))
  expect(named.filter(({ right, file }) => !covers(rulesIn(file), right))).toEqual([])
})

it('verbs that are lacking of one resource are told in one rule, with the file that has them', () => {
  const right = (verb: string, resource: string): Right => ({ verb, group: '', resource })
  expect(
    describeAllMissing([right('list', 'pods'), right('watch', 'pods'), right('create', 'widgets')], 'shop')
  ).toEqual([
    'cannot list, watch pods in namespace shop: give the ServiceAccount this rule: {apiGroups: [""], resources: ["pods"], verbs: ["list","watch"]}, or apply examples/kubernetes/role.yaml there',
    'cannot create widgets in namespace shop: give the ServiceAccount this rule: {apiGroups: [""], resources: ["widgets"], verbs: ["create"]}'
  ])
})
