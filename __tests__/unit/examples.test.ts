import { execFileSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { parseManifests } from '../../src/kubernetes/manifests.ts'

/** The command by which a page has the right to Prometheus applied, and its file. */
function commandIn(page: string): { readonly script: string; readonly file: string } {
  // A long line goes on in the next one.
  const text = readFileSync(page, 'utf8').replaceAll('|\n', '|').replaceAll(/\| +/g, '| ')
  const lines = text
    .split('\n')
    .filter((line) => line.includes('prometheus-role.yaml') && line.includes('kubectl'))
  expect(lines).toHaveLength(1)
  const [, script = '', file = ''] =
    /^sed '([^']+)' (\S+) \| kubectl apply --namespace monitoring --filename -(?: #.*)?$/.exec(
      lines[0] ?? ''
    ) ?? []
  return { script, file }
}

interface Binding {
  readonly metadata: { readonly name: string }
  readonly subjects: readonly { readonly kind: string; readonly name: string; readonly namespace?: string }[]
}

/** Who logs in by a cloud has no ServiceAccount: the cloud's side puts it into this group. */
const CLOUD_IDENTITIES = { kind: 'Group', name: 'greenlight', apiGroup: 'rbac.authorization.k8s.io' }

/** What it binds when it is done for this namespace. */
function boundBy(page: string, folder: string, namespace: string): Binding {
  const { script, file } = commandIn(page)
  const path = join(folder, file)
  const text = execFileSync('sed', [script.replace('shop', namespace), path], { encoding: 'utf8' })
  const binding = parseManifests(text, file).manifests.find(({ object }) => object.kind === 'RoleBinding')
  return binding?.object as unknown as Binding
}

describe.each([
  ['docs/permissions.md', '.'],
  ['examples/README.md', '.']
])('the right to Prometheus, as %s gives it', (page, folder) => {
  it('is for the ServiceAccount of the namespace that it is done for', () => {
    expect(boundBy(page, folder, 'shop').subjects).toEqual([
      { kind: 'ServiceAccount', name: 'greenlight', namespace: 'shop' },
      CLOUD_IDENTITIES
    ])
  })

  it('takes nothing from another namespace that has it already', () => {
    const names = ['shop', 'blog'].map((namespace) => boundBy(page, folder, namespace).metadata.name)
    expect(new Set(names).size).toBe(2)
  })
})

const bindingsIn = (file: string): readonly Binding[] =>
  parseManifests(readFileSync(file, 'utf8'), file)
    .manifests.map(({ object }) => object)
    .filter(({ kind }) => kind === 'RoleBinding') as unknown as readonly Binding[]

describe.each(globSync('examples/kubernetes/*role*.yaml'))('%s', (file) => {
  it('gives whoever logs in by a cloud what it gives the ServiceAccount', () => {
    const bindings = bindingsIn(file).filter(({ subjects: [first] }) => first?.name === 'greenlight')
    expect(bindings.length).toBeGreaterThan(0)
    for (const { subjects } of bindings) {
      expect(subjects[0]).toMatchObject({ kind: 'ServiceAccount' })
      expect(subjects.slice(1)).toEqual([CLOUD_IDENTITIES])
    }
  })
})
