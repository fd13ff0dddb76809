import { expect, it } from '@jest/globals'
import { parseManifests } from '../../../src/kubernetes/manifests.ts'

const TEXT = `# A comment
apiVersion: v1
kind: First
metadata: { name: a }
---
apiVersion: v1
kind: Second
metadata: { name: b }
spec:
  shared: &shared
    deep: { field: 1 }
  steps:
    - setWeight: 10
    - pause: {}
      other:

        after: an empty line
  again: *shared
---
apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: Third
    metadata: { name: c }
  - apiVersion: v1
    kind: Fourth
    metadata: { name: d }
    spec:
      field: 1
`

const placeOf = (kind: string, path: string): string =>
  parseManifests(TEXT, 'web.yaml')
    .manifests.find(({ object }) => object.kind === kind)
    ?.placeOf?.(path) ?? ''

it.each([
  ['First', 'metadata.name', 4],
  ['Second', 'spec', 9],
  ['Second', 'spec.steps[0].setWeight', 13],
  ['Second', 'spec.steps[1]', 14],
  ['Second', 'spec.steps[1].other.after', 17],
  ['Second', 'spec.again.deep.field', 11],
  // What is not there is looked for where it would be.
  ['Second', 'spec.steps[7].pause', 12],
  ['Second', 'spec.missing.at.all', 9],
  ['Fourth', 'spec.field', 30],
  ['Third', 'metadata', 25]
])('%s: %s is in line %d', (kind, path, line) => {
  expect(placeOf(kind, path)).toBe(`web.yaml, line ${line}`)
})

it('objects of JSON have lines as well', () => {
  const text =
    '{"apiVersion": "v1",\n"kind": "A", "metadata": {"name": "a"}}\n{"apiVersion": "v1",\n"kind": "B",\n"metadata":\n{"name": "b"}}'
  const { manifests } = parseManifests(text, 'web.json')
  expect(manifests[1]?.placeOf?.('metadata')).toBe('web.json, line 5')
})
