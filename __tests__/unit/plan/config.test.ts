import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Manifest } from '../../../src/kubernetes/manifests.ts'
import type { Deployment, KubernetesObject } from '../../../src/kubernetes/objects.ts'
import { referencesIn } from '../../../src/kubernetes/references.ts'
import {
  copyOf,
  copySelector,
  originalName,
  unreferenced,
  type ConfigObject
} from '../../../src/plan/config-copy.ts'
import { prepareInPlace } from '../../../src/plan/prepare-in-place.ts'
import { prepare, type Prepared } from '../../../src/plan/prepare.ts'
import { inputsOf, manifest, NAMESPACE, workload } from '../../scenarios/scene.ts'
import { observed, origin, slotted } from './observed.ts'

const configMap = (data: object = { url: 'db:5432' }, name = 'web-config'): ConfigObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data
})
const secret = (
  more: object = { stringData: { password: 'hunter2hunter2' } },
  name = 'web-secret'
): ConfigObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name },
  ...more
})

/** The workload with fields of its pod spec. */
function withSpec(spec: object, name = 'web'): Deployment {
  const deployment = workload(name)
  const template = { ...deployment.spec.template, spec: { ...deployment.spec.template.spec, ...spec } }
  return { ...deployment, spec: { ...deployment.spec, template } }
}
const VOLUMES = [
  { name: 'config', configMap: { name: 'web-config' } },
  { name: 'secret', secret: { secretName: 'web-secret' } }
]
const referring = (name = 'web'): Deployment => withSpec({ volumes: VOLUMES }, name)

type Given = readonly KubernetesObject[]

function prepared(given: Given, seen = observed(), inputs: object = { images: '' }): Prepared {
  const result = prepare(inputsOf({ ...inputs }), seen, given.map(manifest), origin)
  if ('length' in result) throw new Error(result.map(({ problem }) => problem).join('\n'))
  return result
}
function faultsOf(given: Given): readonly string[] {
  const result = prepare(inputsOf({ images: '' }), observed(), given.map(manifest), origin)
  return 'length' in result ? result.map(({ problem }) => problem) : []
}
const namesIn = ({ spec }: Deployment): readonly string[] =>
  referencesIn(spec.template.spec).map(({ kind, name }) => `${kind} ${name}`)
const applied = ({ manifests }: { readonly manifests: readonly Manifest[] }): readonly string[] =>
  manifests.map(({ object }) => `${object.kind} ${object.metadata.name}`)

const COPY = /^(ConfigMap web-config|Secret web-secret)-[bcdfghjklmnpqrstvwxz2456789]{10}$/

describe('config that the workload refers to', () => {
  it('becomes copies under names of their content, which the new version refers to', () => {
    const release = prepared([configMap(), secret(), referring()])
    expect(namesIn(release.canary)).toEqual([expect.stringMatching(COPY), expect.stringMatching(COPY)])
    expect(applied(release)).toEqual(namesIn(release.canary))
    const [copy] = release.manifests
    expect(copy?.object).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: expect.stringMatching(/^web-config-/),
        namespace: NAMESPACE,
        labels: { 'app.kubernetes.io/managed-by': 'greenlight', 'greenlight.dev/workload': 'web' },
        annotations: { 'greenlight.dev/copy-of': 'web-config' }
      },
      data: { url: 'db:5432' },
      immutable: true
    })
  })

  it('is the same release as long as its content is', () => {
    const [one, same, another] = ['db:5432', 'db:5432', 'db:5433'].map((url) =>
      namesIn(prepared([configMap({ url }), secret(), referring()]).canary)
    )
    expect(same).toEqual(one)
    expect(another?.[0]).not.toEqual(one?.[0])
    expect(another?.[1]).toEqual(one?.[1])
  })

  it('is copied where the pods are replaced in place, too', () => {
    const inputs = { ...inputsOf({ images: '' }), strategy: 'rolling' } as const
    const result = prepareInPlace(
      inputs,
      observed(),
      [configMap(), secret(), referring()].map(manifest),
      origin
    )
    if ('length' in result) throw new Error('it has faults')
    expect(namesIn(result.canary)).toEqual([expect.stringMatching(COPY), expect.stringMatching(COPY)])
    expect(applied(result)).toEqual(namesIn(result.canary))
  })

  it('keeps its labels and annotations, but not what kubectl has kept of a Secret', () => {
    const labels = { app: 'web' }
    const annotations = {
      'example.com/team': 'shop',
      'kubectl.kubernetes.io/last-applied-configuration': 'hunter2'
    }
    const object = { ...secret(), metadata: { name: 'web-secret', labels, annotations } }
    const [copy] = prepared([object, referring()]).manifests
    expect(copy?.object.metadata.labels).toMatchObject(labels)
    expect(copy?.object.metadata.annotations).toEqual({
      'example.com/team': 'shop',
      'greenlight.dev/copy-of': 'web-secret'
    })
  })

  it('with labels and annotations that are empty in YAML is nothing to stumble over', () => {
    const metadata = { name: 'web-config', labels: null, annotations: null }
    const object = { ...configMap(), metadata } as unknown as KubernetesObject
    expect(applied(prepared([object, referring()]))).toEqual([expect.stringMatching(COPY)])
  })

  it('of a release without the Deployment in the manifests is found by the copies that run', () => {
    const first = prepared([configMap(), secret(), referring()])
    const running = slotted('green', { deployment: { ...first.canary } })
    const next = prepared([configMap({ url: 'new' })], running)
    expect(namesIn(next.canary)[0]).toMatch(/^ConfigMap web-config-/)
    expect(namesIn(next.canary)[0]).not.toBe(namesIn(first.canary)[0])
    expect(namesIn(next.canary)[1]).toBe(namesIn(first.canary)[1])
    expect(applied(next)).toEqual([namesIn(next.canary)[0]])
  })

  it('stays what it is in a release of images alone', () => {
    const first = prepared([configMap(), secret(), referring()])
    const running = slotted('green', { deployment: first.canary })
    const next = prepared([], running, { images: 'shop/web:2' })
    expect(namesIn(next.canary)).toEqual(namesIn(first.canary))
    expect(applied(next)).toEqual([])
  })
})

describe('what is applied as it is', () => {
  const cronJob = (spec: object): KubernetesObject =>
    ({
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'report' },
      spec: { jobTemplate: { spec: { template: { spec } } } }
    }) as KubernetesObject

  it.each<[string, Given, readonly (string | RegExp)[]]>([
    ['what the workload does not refer to', [configMap({}, 'grafana'), referring()], ['ConfigMap grafana']],
    [
      'an object of the same name and another kind',
      [secret(undefined, 'web-config'), referring()],
      ['Secret web-config']
    ],
    [
      'an object for another namespace',
      [{ ...configMap(), metadata: { name: 'web-config', namespace: 'prod' } }, referring()],
      ['ConfigMap web-config']
    ],
    ['one that others fill', [{ ...configMap(), data: undefined }, referring()], ['ConfigMap web-config']],
    [
      'one that others fill with a token',
      [secret({ type: 'kubernetes.io/service-account-token', data: { a: 'YQ==' } }), referring()],
      ['Secret web-secret']
    ],
    [
      'the original beside the copy, for a CronJob that refers to it',
      [
        configMap(),
        cronJob({ containers: [{ name: 'a', envFrom: [{ configMapRef: { name: 'web-config' } }] }] }),
        referring()
      ],
      ['ConfigMap web-config', COPY, 'CronJob report']
    ],
    [
      'the original beside the copy, for an Ingress with its certificate',
      [
        secret(),
        {
          apiVersion: 'networking.k8s.io/v1',
          kind: 'Ingress',
          metadata: { name: 'web' },
          spec: { tls: [{ secretName: 'web-secret' }] }
        } as KubernetesObject,
        referring()
      ],
      ['Secret web-secret', COPY, 'Ingress web']
    ],
    [
      'the original beside the copy, for a monitor that names it with a key',
      [
        secret(),
        {
          apiVersion: 'monitoring.coreos.com/v1',
          kind: 'ServiceMonitor',
          metadata: { name: 'web' },
          spec: { endpoints: [{ basicAuth: { password: { name: 'web-secret', key: 'password' } } }] }
        } as KubernetesObject,
        referring()
      ],
      ['Secret web-secret', COPY, 'ServiceMonitor web']
    ],
    [
      'the original beside the copy, for the pull of the image',
      [secret(), withSpec({ volumes: VOLUMES, imagePullSecrets: [{ name: 'web-secret' }] })],
      ['Secret web-secret', COPY]
    ],
    [
      'the original beside the copy, for a driver of volumes',
      [
        secret(),
        withSpec({
          volumes: [
            ...VOLUMES,
            { name: 'a', csi: { driver: 'a', nodePublishSecretRef: { name: 'web-secret' } } }
          ]
        })
      ],
      ['Secret web-secret', COPY]
    ],
    [
      'no original for other objects that only have its name, as those of a chart have',
      [
        configMap({ a: '1' }, 'web'),
        {
          apiVersion: 'networking.k8s.io/v1',
          kind: 'Ingress',
          metadata: { name: 'web', labels: { app: 'web' } },
          spec: { rules: [{ http: { paths: [{ path: '/', backend: { service: { name: 'web' } } }] } }] }
        } as KubernetesObject,
        withSpec({
          containers: [
            {
              name: 'web',
              image: 'shop/web:1',
              ports: [{ name: 'http', containerPort: 8080 }],
              envFrom: [{ configMapRef: { name: 'web' } }],
              env: [{ name: 'SECRET_PATH', value: '/etc/web' }],
              volumeMounts: [{ name: 'secret', mountPath: '/etc/secrets/web' }]
            }
          ]
        })
      ],
      [/^ConfigMap web-[b-z2-9]{10}$/, 'Ingress web']
    ]
  ])('%s', (_, given, expected) => {
    expect(applied(prepared(given))).toEqual(
      expected.map((one) => (typeof one === 'string' ? one : expect.stringMatching(one)))
    )
  })
})

describe('what cannot work is told before anything is changed:', () => {
  const reads = (source: object): Deployment =>
    withSpec({
      containers: [
        {
          name: 'web',
          image: 'shop/web:2',
          ports: [{ name: 'http', containerPort: 8080 }],
          env: [{ name: 'URL', valueFrom: source }]
        }
      ]
    })

  it('a key that the ConfigMap lacks', () => {
    const ref = { configMapKeyRef: { name: 'web-config', key: 'uri' } }
    expect(faultsOf([configMap({ url: '1', host: '2' }), reads(ref)])).toEqual([
      'k8s/web.yaml, line 1: ConfigMap web-config has no key uri, which env URL of container web is read from; it has url, host'
    ])
    expect(faultsOf([configMap({ uri: '1' }), reads(ref)])).toEqual([])
  })

  it('but not one that is optional, or whose object is elsewhere', () => {
    const ref = { name: 'web-config', key: 'uri' }
    expect(faultsOf([configMap(), reads({ configMapKeyRef: { ...ref, optional: true } })])).toEqual([])
    expect(faultsOf([reads({ configMapKeyRef: ref })])).toEqual([])
  })

  it('a key that a volume lacks, together with other faults', () => {
    const items = [{ key: 'tls.key', path: 'tls.key' }]
    const deployment = withSpec({
      containers: [{ name: 'web' }],
      volumes: [{ name: 'tls', secret: { secretName: 'web-secret', items } }]
    })
    expect(faultsOf([secret(), deployment])).toEqual([
      expect.stringContaining('Secret web-secret has no key tls.key, which volume tls is read from'),
      expect.stringContaining('the port named http')
    ])
  })

  it('a value of a Secret that is not text, without the value', () => {
    const given = [secret({ stringData: { pin: 12345678, ok: 'a' }, data: 'hunter2' }, 'unused'), referring()]
    const faults = faultsOf(given)
    expect(faults).toEqual([
      'k8s/web.yaml, line 1: Secret unused: data must be a map of keys to text',
      'k8s/web.yaml, line 1: Secret unused: stringData.pin is not text; a number needs quotes'
    ])
    expect(faults.join()).not.toMatch(/12345678|hunter2/)
  })

  it('never with what a Secret holds', () => {
    const deployment = reads({ secretKeyRef: { name: 'web-secret', key: 'pass' } })
    const [fault = ''] = faultsOf([secret({ data: { password: 'aHVudGVyMg==' } }), deployment])
    expect(fault).toContain('it has password')
    expect(fault).not.toMatch(/hunter2|aHVudGVyMg/)
  })
})

describe('names of copies', () => {
  const nameOf = (object: ConfigObject, name = 'web'): string => copyOf(object, name, NAMESPACE).metadata.name
  const data = fc.dictionary(fc.stringMatching(/^[-._a-zA-Z0-9]{1,5}$/), fc.string(), {
    minKeys: 1,
    maxKeys: 4
  })

  it('are the same for the same content, in whichever order it stands', () => {
    fc.assert(
      fc.property(data, (content) => {
        const reversed = Object.fromEntries(Object.entries(content).reverse())
        expect(nameOf(configMap(reversed))).toBe(nameOf(configMap(content)))
      })
    )
  })

  it('are never the same for two contents', () => {
    fc.assert(
      fc.property(data, data, (one, other) => {
        fc.pre(JSON.stringify(Object.entries(one).sort()) !== JSON.stringify(Object.entries(other).sort()))
        expect(nameOf(configMap(one))).not.toBe(nameOf(configMap(other)))
        expect(nameOf(secret({ stringData: one }))).not.toBe(nameOf(secret({ stringData: other })))
      })
    )
  })

  it('do not depend on the form that a Secret is written in', () => {
    fc.assert(
      fc.property(data, (content) => {
        const encoded = new Map(
          Object.entries(content).map(([key, text]) => [key, Buffer.from(text).toString('base64')])
        )
        const data: object = Object.fromEntries(encoded)
        const plain = copyOf(secret({ stringData: content }), 'web', NAMESPACE)
        expect(plain).toEqual(copyOf(secret({ type: 'Opaque', data }), 'web', NAMESPACE))
      })
    )
  })

  it('tell apart types, kinds, binary content, and workloads that have the same object', () => {
    const data = { a: 'YQ==' }
    const names = [
      nameOf(configMap(data)),
      nameOf({ ...configMap(), data: undefined, binaryData: data }),
      nameOf(configMap(data), 'api'),
      nameOf(secret({ data }, 'web-config')),
      nameOf(secret({ data, type: 'example.com/a' }, 'web-config'))
    ]
    expect(new Set(names).size).toBe(names.length)
  })

  it('are as long as names may be, and lead back to the original', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]([-.a-z0-9]{0,251}[a-z0-9])?$/), (name) => {
        const copy = nameOf(configMap({ a: '1' }, name))
        expect(copy.length).toBeLessThanOrEqual(253)
        expect(copy).toMatch(/[a-z0-9]-[bcdfghjklmnpqrstvwxz2456789]{10}$/)
        expect(name.startsWith(originalName(copy) ?? '?')).toBe(true)
        if (name.length <= 242) expect(originalName(copy)).toBe(name)
      })
    )
    expect(originalName('web-production')).toBeUndefined()
    expect(originalName('web')).toBeUndefined()
  })

  it('select the copies of workloads with long names by labels that the API server takes', () => {
    const long = [`${'a'.repeat(80)}b`, `${'a'.repeat(80)}c`].map(copySelector)
    expect(long[0]).not.toBe(long[1])
    expect(long.map((selector) => selector.split('workload=')[1]?.length)).toEqual([63, 63])
  })
})

describe('copies that nothing refers to', () => {
  const copies = [copyOf(configMap(), 'web', NAMESPACE), copyOf(secret(), 'web', NAMESPACE)]
  const templateWith = (spec: object) => withSpec(spec).spec.template
  const [mapName = '', secretName = ''] = copies.map(({ metadata }) => metadata.name)

  it.each<[string, object, readonly string[]]>([
    ['none refers to any', {}, [mapName, secretName]],
    ['a volume refers to one', { volumes: [{ name: 'a', configMap: { name: mapName } }] }, [secretName]],
    [
      'a variable of an init container refers to one',
      {
        initContainers: [
          { name: 'a', env: [{ name: 'A', valueFrom: { secretKeyRef: { name: secretName, key: 'a' } } }] }
        ]
      },
      [mapName]
    ],
    ['somebody names one for pulls', { imagePullSecrets: [{ name: secretName }] }, [mapName]],
    [
      'all are referred to',
      {
        volumes: [
          {
            name: 'a',
            projected: { sources: [{ configMap: { name: mapName } }, { secret: { name: secretName } }] }
          }
        ]
      },
      []
    ]
  ])('of the templates %s', (_, spec, expected) => {
    const found = unreferenced(copies, [templateWith({}), templateWith(spec)])
    expect(found.map(({ metadata }) => metadata.name)).toEqual(expected)
  })

  it('are ours alone', () => {
    const [copy] = copies
    if (copy === undefined) throw new Error('no copy')
    const { metadata } = copy
    const strangers = [
      { ...copy, metadata: { ...metadata, labels: { 'greenlight.dev/workload': 'web' } } },
      { ...copy, metadata: { ...metadata, annotations: {} } },
      { ...copy, metadata: { ...metadata, name: 'web-config' } }
    ]
    expect(unreferenced(strangers, [])).toEqual([])
    expect(unreferenced([copy], [])).toEqual([copy])
  })
})
