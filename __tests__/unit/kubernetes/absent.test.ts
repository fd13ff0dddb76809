import { describe, expect, it } from '@jest/globals'
import { withoutNulls } from '../../../src/kubernetes/absent.ts'

const builtIn = { apiVersion: 'apps/v1', kind: 'Deployment' }

describe('nothing behind a field of a built-in kind', () => {
  it('is the same as no such field, wherever it stands', () => {
    const object = {
      ...builtIn,
      metadata: { name: 'web', labels: null, annotations: null },
      spec: {
        selector: { matchLabels: { app: 'web' }, matchExpressions: null },
        template: {
          metadata: null,
          spec: { containers: [{ name: 'web', env: null, ports: null }], volumes: null }
        }
      },
      status: null
    }
    expect(withoutNulls(object)).toEqual({
      ...builtIn,
      metadata: { name: 'web' },
      spec: {
        selector: { matchLabels: { app: 'web' } },
        template: { spec: { containers: [{ name: 'web' }] } }
      }
    })
  })

  it.each([
    [
      'labels and annotations',
      builtIn,
      { metadata: { labels: { a: null }, annotations: { b: null, c: 'x' } } },
      { metadata: { labels: { a: '' }, annotations: { b: '', c: 'x' } } }
    ],
    [
      'the keys of a ConfigMap',
      { apiVersion: 'v1', kind: 'ConfigMap' },
      { data: { KEY: null, b: 'x' } },
      { data: { KEY: '', b: 'x' } }
    ],
    [
      'the keys of a Secret',
      { apiVersion: 'v1', kind: 'Secret' },
      { stringData: { KEY: null } },
      { stringData: { KEY: '' } }
    ],
    [
      'the selector of a Service',
      { apiVersion: 'v1', kind: 'Service' },
      { spec: { selector: { app: null } } },
      { spec: { selector: { app: '' } } }
    ],
    [
      'requests and limits',
      builtIn,
      { resources: { limits: { cpu: null }, requests: null } },
      { resources: { limits: { cpu: '0' } } }
    ]
  ])('is empty in %s, as the API server keeps it', (_, kind, fields, kept) => {
    expect(withoutNulls({ ...kind, ...fields })).toEqual({ ...kind, ...kept })
  })

  it('is for the API server to judge in a list', () => {
    expect(withoutNulls({ ...builtIn, spec: { ports: [null, { name: null }] } })).toEqual({
      ...builtIn,
      spec: { ports: [null, {}] }
    })
  })
})

describe('in a custom resource', () => {
  it('null may mean something: only its metadata is that of every object', () => {
    const spec = { retention: null, labels: { a: null } }
    const object = {
      apiVersion: 'example.com/v1',
      kind: 'Backup',
      metadata: { name: 'a', labels: null },
      spec
    }
    expect(withoutNulls(object)).toEqual({ ...object, metadata: { name: 'a' } })
    const gateway = { ...object, apiVersion: 'gateway.networking.k8s.io/v1' }
    expect(withoutNulls(gateway).spec).toEqual(spec)
  })
})
