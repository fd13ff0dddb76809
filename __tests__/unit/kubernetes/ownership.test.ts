import { describe, expect, it } from '@jest/globals'
import type { KubernetesObject } from '../../../src/kubernetes/objects.ts'
import { removals, takeOver } from '../../../src/kubernetes/ownership.ts'

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'
type Entry = NonNullable<KubernetesObject['metadata']['managedFields']>[number]

const entry = (manager: string, operation: string, fieldsV1: object, more: Partial<Entry> = {}): Entry => ({
  manager,
  operation,
  apiVersion: 'v1',
  fieldsV1: fieldsV1 as NonNullable<Entry['fieldsV1']>,
  ...more
})
const annotated = (more: object = {}) => ({
  'f:metadata': { 'f:annotations': { '.': {}, [`f:${LAST_APPLIED}`]: {}, ...more } }
})
const client = entry('kubectl-client-side-apply', 'Update', {
  ...annotated({ 'f:greenlight.dev/release': {} }),
  'f:data': { '.': {}, 'f:legacy': {}, 'f:current': {}, 'f:shared': {} },
  'f:spec': { 'f:replicas': {} }
})
const ours = entry('greenlight', 'Apply', { 'f:data': { 'f:current': {} } })
const other = entry('somebody', 'Update', { 'f:data': { 'f:shared': {} } })

const object = (...managedFields: readonly Entry[]): KubernetesObject & { data: object; spec: object } => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {
    name: 'flags',
    resourceVersion: '7',
    annotations: { [LAST_APPLIED]: '{}', 'greenlight.dev/release': 'x' },
    managedFields
  },
  data: { legacy: '1', current: '1', shared: '1' },
  spec: { replicas: 2 }
})

describe('fields that were applied from the client', () => {
  it('become ours, but for what releases write, for sizes, and for what the next apply from the client needs', () => {
    const [fields, version] = takeOver(object(client, ours, other)) ?? []
    expect(fields).toMatchObject({ op: 'replace', path: '/metadata/managedFields' })
    expect((fields as { value: unknown }).value).toEqual([
      {
        ...ours,
        fieldsV1: {
          'f:data': { '.': {}, 'f:legacy': {}, 'f:current': {}, 'f:shared': {} }
        }
      },
      other
    ])
    expect(version).toEqual({ op: 'replace', path: '/metadata/resourceVersion', value: '7' })
  })

  it('would go where nobody else wants them', () => {
    expect(removals(object(client, ours, other))).toEqual([
      { op: 'add', path: '/metadata/labels', value: {} },
      {
        op: 'add',
        path: '/metadata/annotations',
        value: { [LAST_APPLIED]: '{}', 'greenlight.dev/release': 'x' }
      },
      { op: 'add', path: '/data', value: { current: '1', shared: '1' } },
      { op: 'add', path: '/spec', value: { replicas: 2 } }
    ])
  })

  it.each(['Update', 'Apply'])('become ours where Helm has installed the object by %s', (operation) => {
    const helm = entry('helm', operation, {
      'f:metadata': { 'f:annotations': { '.': {}, 'f:meta.helm.sh/release-name': {} } },
      'f:data': { 'f:legacy': {} }
    })
    const status = { ...helm, subresource: 'status', fieldsV1: { 'f:status': {} } }
    const [fields] = takeOver(object(helm, status, ours)) ?? []
    const data = { 'f:current': {}, 'f:legacy': {} }
    expect((fields as { value: unknown }).value).toEqual([{ ...ours, fieldsV1: { 'f:data': data } }, status])
    const ofFlux = { ...helm, manager: 'helm-controller' }
    expect(takeOver(object(ofFlux, ours))).toBeUndefined()
  })

  it.each([
    ['nobody has applied it so', [ours, other]],
    ['it was written by hand', [entry('kubectl-edit', 'Update', { 'f:data': { 'f:legacy': {} } }), ours]],
    ['a controller applies it so, and does still', [entry('argocd-controller', 'Update', annotated()), ours]],
    ['it is of a subresource', [{ ...client, subresource: 'status', fieldsV1: { 'f:status': {} } }, ours]],
    ['we have not applied it', [client]]
  ])('stay whose they are where %s', (_, managed) => {
    expect([takeOver(object(...managed)), removals(object(...managed))]).toEqual([undefined, undefined])
  })

  it('are only given up where they are of another version of the kind', () => {
    const old = { ...client, apiVersion: 'v1beta1' }
    expect((takeOver(object(old, ours))?.[0] as { value: unknown }).value).toEqual([ours])
  })
})
