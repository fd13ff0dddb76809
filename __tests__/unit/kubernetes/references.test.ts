import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { PodSpec } from '../../../src/kubernetes/objects.ts'
import { referencesIn, withNames, type ConfigKind } from '../../../src/kubernetes/references.ts'

/** A part of a pod spec, and what it refers to. */
interface Part {
  readonly value: object
  readonly refers: readonly { readonly kind: ConfigKind; readonly name: string }[]
}

const kind = fc.constantFrom<ConfigKind>('ConfigMap', 'Secret')
const name = fc.stringMatching(/^ref-[a-z0-9]{1,8}$/)
const other = fc.stringMatching(/^own-[a-z0-9]{1,8}$/)
const key = fc.stringMatching(/^[a-z.]{1,6}$/)
const optional = fc
  .option(fc.boolean(), { nil: undefined })
  .map((given) => (given === undefined ? {} : { optional: given }))

const part = (value: object, ...refers: Part['refers']): Part => ({ value, refers })

const variable: fc.Arbitrary<Part> = fc.oneof(
  fc.tuple(kind, other, name, key, optional).map(([of, at, target, field, more]) => {
    const source = of === 'ConfigMap' ? 'configMapKeyRef' : 'secretKeyRef'
    return part(
      { name: at, valueFrom: { [source]: { name: target, key: field, ...more } } },
      { kind: of, name: target }
    )
  }),
  fc.tuple(other, name).map(([at, text]) => part({ name: at, value: `not-${text}` })),
  other.map((at) => part({ name: at, valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }))
)

const envFrom: fc.Arbitrary<Part> = fc
  .tuple(kind, name, optional)
  .map(([of, target, more]) =>
    part(
      { prefix: 'APP_', [of === 'ConfigMap' ? 'configMapRef' : 'secretRef']: { name: target, ...more } },
      { kind: of, name: target }
    )
  )

const list = (of: fc.Arbitrary<Part>): fc.Arbitrary<readonly Part[]> => fc.array(of, { maxLength: 3 })
const values = (parts: readonly Part[]): object[] => parts.map(({ value }) => value)
const refersOf = (parts: readonly Part[]) => parts.flatMap(({ refers }) => refers)

const container: fc.Arbitrary<Part> = fc.tuple(other, list(variable), list(envFrom)).map(([at, env, from]) =>
  part(
    {
      name: at,
      image: 'shop/web:1',
      env: values(env),
      envFrom: values(from),
      volumeMounts: [{ name: at, mountPath: '/own' }]
    },
    ...refersOf([...env, ...from])
  )
)

const projection: fc.Arbitrary<Part> = fc.oneof(
  fc.tuple(kind, name, key, optional).map(([of, target, field, more]) =>
    part(
      {
        [of === 'ConfigMap' ? 'configMap' : 'secret']: {
          name: target,
          items: [{ key: field, path: field }],
          ...more
        }
      },
      { kind: of, name: target }
    )
  ),
  fc.constant(part({ serviceAccountToken: { path: 'token' } }))
)

const volume: fc.Arbitrary<Part> = fc.oneof(
  fc
    .tuple(other, kind, name, optional)
    .map(([at, of, target, more]) =>
      part(
        of === 'ConfigMap'
          ? { name: at, configMap: { name: target, defaultMode: 420, ...more } }
          : { name: at, secret: { secretName: target, ...more } },
        { kind: of, name: target }
      )
    ),
  fc
    .tuple(other, list(projection))
    .map(([at, sources]) =>
      part({ name: at, projected: { sources: values(sources) } }, ...refersOf(sources))
    ),
  fc
    .tuple(other, other)
    .map(([at, secret]) =>
      part({ name: at, csi: { driver: 'own', nodePublishSecretRef: { name: secret } } })
    ),
  other.map((at) => part({ name: at, emptyDir: {} }))
)

const pod: fc.Arbitrary<Part> = fc
  .tuple(list(container), list(container), list(container), list(volume), other)
  .map(([containers, initContainers, ephemeralContainers, volumes, secret]) =>
    part(
      {
        containers: values(containers),
        initContainers: values(initContainers),
        ephemeralContainers: values(ephemeralContainers),
        volumes: values(volumes),
        imagePullSecrets: [{ name: secret }],
        serviceAccountName: secret
      },
      ...refersOf([...containers, ...initContainers, ...ephemeralContainers, ...volumes])
    )
  )

describe('references in a pod spec', () => {
  it('are all found, and nothing else is', () => {
    fc.assert(
      fc.property(pod, ({ value, refers }) => {
        const found = referencesIn(value as PodSpec).map(({ kind: of, name: target }) => ({
          kind: of,
          name: target
        }))
        expect(found).toEqual(refers)
      })
    )
  })

  it('are all renamed, and nothing else changes', () => {
    fc.assert(
      fc.property(pod, ({ value }) => {
        const renamed = withNames(value as PodSpec, ({ name: target }) => target.replace('ref-', 'new-'))
        expect(JSON.stringify(renamed)).toBe(JSON.stringify(value).replaceAll('"ref-', '"new-'))
      })
    )
  })

  it('tell which keys they need, from where, and whether pods start without', () => {
    const spec = {
      containers: [
        {
          name: 'web',
          env: [{ name: 'URL', valueFrom: { configMapKeyRef: { name: 'config', key: 'url' } } }],
          envFrom: [{ secretRef: { name: 'more', optional: true } }]
        }
      ],
      volumes: [
        {
          name: 'tls',
          secret: {
            secretName: 'cert',
            items: [
              { key: 'tls.crt', path: 'a' },
              { key: 'tls.key', path: 'b' }
            ]
          }
        },
        { name: 'all', projected: { sources: [{ configMap: { name: 'config' } }] } }
      ]
    }
    expect(referencesIn(spec)).toEqual([
      {
        kind: 'ConfigMap',
        name: 'config',
        keys: ['url'],
        optional: false,
        place: 'env URL of container web'
      },
      { kind: 'Secret', name: 'more', keys: [], optional: true, place: 'envFrom of container web' },
      { kind: 'Secret', name: 'cert', keys: ['tls.crt', 'tls.key'], optional: false, place: 'volume tls' },
      { kind: 'ConfigMap', name: 'config', keys: [], optional: false, place: 'volume all' }
    ])
  })

  it('of what is no pod spec are none, and it stays what it is', () => {
    fc.assert(
      fc.property(
        fc.object({
          key: fc.constantFrom(
            'containers',
            'env',
            'valueFrom',
            'secretKeyRef',
            'volumes',
            'items',
            'secret',
            'a'
          )
        }),
        (value) => {
          const spec = value as unknown as PodSpec
          expect(withNames(spec, ({ name: target }) => target)).toEqual(value)
        }
      )
    )
  })
})
