import { expect, it } from '@jest/globals'
import type { Deployment } from '../../../src/kubernetes/objects.ts'
import { isUnchanged } from '../../../src/plan/unchanged.ts'
import { workload } from '../../scenarios/scene.ts'

const labels = ['greenlight.dev/slot', 'version']
const serving = workload('web-blue', { labels: { 'greenlight.dev/slot': 'blue' } })
const released = workload('web-green', { labels: { 'greenlight.dev/slot': 'green' } })

const changed = (template: object): Deployment => ({
  ...released,
  spec: { ...released.spec, template: { ...released.spec.template, ...template } }
})
const annotated = (annotations: Readonly<Record<string, string>>): Deployment =>
  changed({ metadata: { ...released.spec.template.metadata, annotations } })

it.each<[string, Deployment, boolean]>([
  ['the same template in the other slot', released, true],
  ['another size', workload('web-green', { replicas: 9 }), true],
  [
    'its keys in another order',
    JSON.parse(JSON.stringify(released, Object.keys(flat(released)).reverse())) as Deployment,
    true
  ],
  ['a restart', annotated({ 'kubectl.kubernetes.io/restartedAt': '2026-11-03T14:00:00Z' }), true],
  ['the label of a pair of their own', workload('web-green', { labels: { version: 'green' } }), true],
  ['another image', workload('web-green', { version: 2 }), false],
  ['another annotation of the pods', annotated({ config: 'sha256:1' }), false],
  ['another label of the pods', workload('web-green', { labels: { tier: 'front' } }), false],
  [
    'one field more',
    changed({ spec: { ...released.spec.template.spec, terminationGracePeriodSeconds: 5 } }),
    false
  ]
])('a release of what serves, with %s, changes nothing: %p', (_, object, expected) => {
  expect(isUnchanged(object, serving, labels)).toBe(expected)
})

/** All keys of an object and of what is in it. */
function flat(value: unknown): Readonly<Record<string, true>> {
  if (typeof value !== 'object' || value === null) return {}
  const entries = Object.entries(value).flatMap(([key, inner]) => [
    [key, true] as const,
    ...Object.entries(flat(inner))
  ])
  return Object.fromEntries(entries)
}
