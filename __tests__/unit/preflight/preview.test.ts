import { describe, expect, it } from '@jest/globals'
import type { KubernetesObject } from '../../../src/kubernetes/objects.ts'
import { changeOf } from '../../../src/preflight/preview.ts'
import { workload } from '../../scenarios/scene.ts'

type Any = KubernetesObject & Readonly<Record<string, unknown>>

const object = (kind: string, rest: object): Any => ({
  apiVersion: 'v1',
  kind,
  metadata: { name: 'web', namespace: 'shop' },
  ...rest
})

const base64 = (text: string): string => Buffer.from(text).toString('base64')

describe('a change of a Secret', () => {
  const before = object('Secret', {
    type: 'Opaque',
    data: { password: base64('old hunter'), same: base64('swordfish'), gone: base64('shibboleth') }
  })
  const after = object('Secret', {
    type: 'Opaque',
    data: { password: base64('new hunter'), same: base64('swordfish'), come: base64('sesame') }
  })
  const annotated = (one: Any): Any => ({
    ...one,
    metadata: {
      ...one.metadata,
      annotations: {
        'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(one.data),
        'example.com/copy': base64('old hunter')
      }
    }
  })

  it('shows which keys change', () => {
    expect(changeOf('Secret web', before, after).diff).toEqual([
      '@@ -1,5 +1,5 @@',
      ' data:',
      '-  gone: (hidden)',
      '-  password: (hidden)',
      '+  come: (hidden)',
      '+  password: (hidden, another value)',
      '   same: (hidden)',
      ' type: Opaque'
    ])
  })

  it.each([
    ['changed', before],
    ['new', undefined]
  ])('that is %s shows no value, encoded or not, wherever it stands', (state, live) => {
    const tried: Any = { ...annotated(after), stringData: { token: 'open sesame' } }
    const change = changeOf('Secret web', live && annotated(live), tried)
    expect(change.state).toBe(state)
    const shown = change.diff.join('\n')
    for (const value of ['old hunter', 'new hunter', 'swordfish', 'shibboleth', 'sesame', 'open sesame'])
      for (const written of [value, base64(value)]) expect(shown).not.toContain(written)
    expect(shown).toContain('token: (hidden)')
  })
})

describe('a change of anything else', () => {
  it('does not show the values of variables that sound secret, but that they change', () => {
    const withToken = (token: string): Any => {
      const { spec, ...rest } = workload()
      const [container] = spec.template.spec.containers
      const env = [
        { name: 'API_TOKEN', value: token },
        { name: 'COLOUR', value: 'red' }
      ]
      const template = { ...spec.template, spec: { containers: [{ ...container, env }] } }
      return { ...rest, spec: { ...spec, template } }
    }
    const { diff } = changeOf('Deployment web', withToken('hunter1'), withToken('hunter2'))
    expect(diff.filter((line) => /^[-+]/.test(line))).toEqual([
      '-              value: (hidden)',
      '+              value: (hidden, another value)'
    ])
    expect(diff.join('\n')).not.toContain('hunter')
    expect(changeOf('Deployment web', withToken('a'), withToken('a')).state).toBe('same')
  })

  it('leaves out what the API server, kubectl and releases keep for themselves', () => {
    const { metadata, ...rest } = workload()
    const kept: Any = {
      ...rest,
      status: { replicas: 3 },
      metadata: {
        ...metadata,
        uid: 'u',
        resourceVersion: '7',
        generation: 3,
        creationTimestamp: '2026-11-03T14:00:00Z',
        managedFields: [{ manager: 'kubectl' }],
        annotations: {
          'deployment.kubernetes.io/revision': '3',
          'kubectl.kubernetes.io/last-applied-configuration': '{}',
          'greenlight.dev/release': '{}'
        }
      }
    }
    expect(changeOf('Deployment web', workload(), kept)).toEqual({
      object: 'Deployment web',
      state: 'same',
      diff: []
    })
  })

  it('shows an empty map: to Kubernetes it can mean something', () => {
    const volume = (source: object): Any => object('Pod', { spec: { volumes: [{ name: 'tmp', ...source }] } })
    expect(changeOf('Pod web', volume({}), volume({ emptyDir: {} })).diff).toContain('+    - emptyDir: {}')
  })
})
