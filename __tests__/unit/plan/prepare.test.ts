import { describe, expect, it } from '@jest/globals'
import type { Fault } from '../../../src/base/errors.ts'
import type { Release } from '../../../src/domain/record.ts'
import type { Manifest } from '../../../src/kubernetes/manifests.ts'
import type { Deployment, Service } from '../../../src/kubernetes/objects.ts'
import type { Observed } from '../../../src/observe/observed.ts'
import { placementOf, selectorsOf } from '../../../src/plan/placement.ts'
import { prepare, type Prepared } from '../../../src/plan/prepare.ts'
import { autoscaler, inputsOf, manifest, service, workload } from '../../scenarios/scene.ts'
import { observed, origin, slotted } from './observed.ts'

const BLUE = { app: 'web', 'greenlight.dev/slot': 'blue' }
const GREEN = { app: 'web', 'greenlight.dev/slot': 'green' }

function prepared(seen: Observed, manifests: readonly Manifest[] = [], given = {}): Prepared {
  const result = prepare(inputsOf(given), seen, manifests, origin)
  if ('length' in result) throw new Error(result.map(({ problem }) => problem).join('\n'))
  return result
}
function faultsOf(seen: Observed, manifests: readonly Manifest[] = [], given = {}): readonly Fault[] {
  const result = prepare(inputsOf(given), seen, manifests, origin)
  return 'length' in result ? result : []
}
const imagesOf = ({ spec }: Deployment): (string | undefined)[] =>
  spec.template.spec.containers.map(({ image }) => image)

describe('the selectors of a release', () => {
  const of = (seen: Observed) => selectorsOf(seen, placementOf(seen))

  it('of a plain Deployment narrow it to its template, for its pods have no label of a slot', () => {
    expect(of(observed())).toEqual({
      before: { app: 'web' },
      stable: { app: 'web', 'pod-template-hash': 'abc' },
      canary: GREEN
    })
  })

  it('of a slot tell the slots apart by our label', () => {
    expect(of(slotted('green'))).toEqual({ before: GREEN, stable: GREEN, canary: BLUE })
  })

  it('of a pair with a label of its own tell them apart by that, and add nothing', () => {
    const pair = observed({
      slot: 'blue',
      deployment: workload('web-blue', { labels: { version: 'blue' } }),
      service: service({ version: 'blue' })
    })
    expect(of(pair)).toEqual({
      before: { version: 'blue' },
      stable: { version: 'blue' },
      canary: { version: 'green' }
    })
  })

  it('of a slot whose Service was widened by hand are narrow again', () => {
    expect(of(slotted('blue', { service: service() }))).toEqual({
      before: { app: 'web' },
      stable: BLUE,
      canary: GREEN
    })
  })

  it('of a plain Deployment that is narrowed already forget its old template', () => {
    const narrowed = observed({ service: service({ app: 'web', 'pod-template-hash': 'old' }) })
    expect(of(narrowed)).toMatchObject({ stable: { app: 'web', 'pod-template-hash': 'abc' }, canary: GREEN })
  })

  it('of a plain Deployment without pods send nobody anywhere', () => {
    expect(of(observed({ hash: '' })).stable).toEqual({ app: 'web', 'greenlight.dev/slot': 'plain' })
  })

  it('back to a plain Deployment name its template', () => {
    const seen = slotted('green')
    const back = { ...placementOf(seen), slot: 'plain', name: 'web' } as const
    expect(selectorsOf(seen, back, 'abc')).toEqual({
      before: GREEN,
      stable: GREEN,
      canary: { app: 'web', 'pod-template-hash': 'abc' }
    })
  })
})

describe('what is released', () => {
  it.each<[string, Observed, readonly Manifest[], object, readonly string[]]>([
    ['is what serves, with the new image', observed(), [], {}, ['shop/web:2']],
    ['is what serves in the other slot, with the new image', slotted('blue'), [], {}, ['shop/web:2']],
    [
      'is the manifest',
      observed(),
      [manifest(workload('web', { version: 5 }))],
      { images: '' },
      ['shop/web:5']
    ],
    [
      'is the manifest with the new image',
      observed(),
      [manifest(workload('web', { version: 5 }))],
      {},
      ['shop/web:2']
    ],
    [
      'is the manifest under the name of its slot',
      slotted('blue'),
      [manifest(workload('web-green', { version: 6 })), manifest(workload('web', { version: 5 }))],
      { images: '' },
      ['shop/web:6']
    ],
    [
      'is the manifest under the name of the slot that serves',
      slotted('blue'),
      [manifest(workload('web-blue', { version: 7 }))],
      { images: '' },
      ['shop/web:7']
    ]
  ])('%s', (_, seen, manifests, given, images) => {
    expect(imagesOf(prepared(seen, manifests, given).canary)).toEqual(images)
  })

  it.each<[string, Observed, string, number]>([
    ['beside a plain Deployment is green', observed(), 'web-green', 3],
    ['beside blue is green', slotted('blue'), 'web-green', 3],
    ['beside green is blue', slotted('green'), 'web-blue', 3],
    [
      'is as big as what serves, whatever the manifest says',
      observed({ deployment: workload('web', { replicas: 12 }) }),
      'web-green',
      12
    ],
    ['has one pod at least', observed({ deployment: workload('web', { replicas: 0 }) }), 'web-green', 1]
  ])('%s', (_, seen, name, replicas) => {
    const { canary, release } = prepared(seen, [manifest(workload('web', { replicas: 2 }))])
    expect([canary.metadata.name, canary.spec.replicas]).toEqual([name, replicas])
    expect(release.canary).toMatchObject({ deployment: name, replicas, images: ['shop/web:2'], hash: '' })
  })

  it('is not applied a second time with the other manifests', () => {
    const others = [manifest(service()), manifest(workload('api'))]
    const { manifests } = prepared(observed(), [manifest(workload()), ...others])
    expect(manifests.map(({ object }) => `${object.kind} ${object.metadata.name}`)).toEqual([
      'Service web',
      'Deployment api'
    ])
  })
})

describe('the record of a release', () => {
  it('says who, what, from where, and how to get back', () => {
    const previous = { slot: 'plain', deployment: 'web', images: ['shop/web:0'], hash: 'old', replicas: 3 }
    const history = [{ release: '6-1', served: true, at: '', images: [] }] as const
    const record = { canary: previous, previous, history } as unknown as Release
    const { release } = prepared(slotted('blue', { record }))
    expect(release).toEqual({
      version: 1,
      id: '7-1',
      holder: '7-1-a',
      command: 'deploy',
      run: 'https://ci/7',
      actor: 'mona',
      sha: 'abc',
      phase: 'running',
      weight: 0,
      startedAt: '2026-11-03T14:00:00.000Z',
      stable: { slot: 'blue', deployment: 'web-blue', images: ['shop/web:1'], hash: 'abc', replicas: 3 },
      canary: { slot: 'green', deployment: 'web-green', images: ['shop/web:2'], hash: '', replicas: 3 },
      previous,
      selectors: { before: BLUE, stable: BLUE, canary: GREEN },
      history
    })
  })

  it.each<[string, Observed, readonly Manifest[], string | undefined]>([
    ['names the autoscaler of what serves', observed({ autoscaler: autoscaler() }), [], 'web'],
    ['names the autoscaler that the manifests bring', observed(), [manifest(autoscaler())], 'web'],
    ['names no autoscaler of something else', observed(), [manifest(autoscaler('api'))], undefined],
    ['names none where there is none', observed(), [], undefined]
  ])('%s', (_, seen, manifests, name) => {
    expect(prepared(seen, manifests).release.autoscaler).toBe(name)
  })
})

describe('what cannot work is told before anything is changed:', () => {
  const withPort = (targetPort: number | string, more: Service['spec']['ports'] = []): Service => ({
    ...service(),
    spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort }, ...more] }
  })
  it.each<[string, Observed, readonly Manifest[], object, string, RegExp]>([
    [
      'nothing new',
      observed(),
      [],
      { images: '' },
      'images',
      /^nothing says what to release: no Deployment web in the manifests, and no images$/
    ],
    [
      'nothing new among the manifests',
      observed(),
      [manifest(service())],
      { images: '' },
      'manifests',
      /^nothing says what to release/
    ],
    [
      'an image that nothing runs',
      observed(),
      [],
      { images: 'shop/api:2' },
      'images',
      /^shop\/api:2 changes nothing: deployment\/web has web=shop\/web:1$/
    ],
    [
      'labels that the Service does not select',
      observed({ service: service({ app: 'web', tier: 'front' }) }),
      [manifest(workload())],
      {},
      'manifests',
      /^service\/web would select app=web,tier=front,greenlight\.dev\/slot=green, but the pods of deployment\/web-green have app=web,greenlight\.dev\/slot=green$/
    ],
    [
      'a port that the new version does not have',
      observed({ service: withPort('grpc') }),
      [],
      {},
      'route',
      /the port named grpc, which no container of deployment\/web-green has/
    ],
    [
      'the workload for another namespace',
      observed(),
      [manifest({ ...workload(), metadata: { name: 'web', namespace: 'prod' } })],
      {},
      'manifests',
      /is for namespace prod, the release for shop$/
    ],
    [
      'the Service for another namespace',
      observed(),
      [manifest({ ...service(), metadata: { name: 'web', namespace: 'prod' } })],
      {},
      'manifests',
      /is for namespace prod/
    ],
    [
      'a port of the Service that leads elsewhere',
      observed(),
      [manifest(withPort(9090))],
      {},
      'manifests',
      /port 80 of Service web would lead to 9090 of the pods/
    ]
  ])('%s', (_, seen, manifests, given, input, problem) => {
    const faults = faultsOf(seen, manifests, given)
    expect(faults).toContainEqual(expect.objectContaining({ input, problem: expect.stringMatching(problem) }))
  })

  it('every fault at once', () => {
    const seen = observed({ service: withPort('grpc') })
    expect(faultsOf(seen, [], { images: 'shop/api:2\nshop/db:3' })).toHaveLength(3)
  })

  /** Whose containers have these ports, by name; the second one is a sidecar. */
  const listening = (
    main: Readonly<Record<string, number>>,
    sidecar: Readonly<Record<string, number>> = {}
  ): Deployment => {
    const { spec, ...rest } = workload()
    const containers = [{ ...spec.template.spec.containers[0], name: 'web', ports: portsOf(main) }]
    const initContainers = [
      { name: 'migrate', ports: portsOf({ admin: 1 }) },
      { name: 'proxy', restartPolicy: 'Always', ports: portsOf(sidecar) }
    ]
    const template = { ...spec.template, spec: { ...spec.template.spec, containers, initContainers } }
    return { ...rest, spec: { ...spec, template } }
  }
  const portsOf = (ports: Readonly<Record<string, number>>) =>
    Object.entries(ports).map(([name, containerPort]) => ({ name, containerPort }))
  const behind = (named: string, deployment: Deployment): Observed =>
    observed({ deployment, service: withPort('http', [{ name: named, port: 81, targetPort: named }]) })

  it('a second port that only the old version has, by which users come in as well', () => {
    const seen = behind('grpc', listening({ http: 8080, grpc: 9000 }))
    expect(faultsOf(seen, [manifest(listening({ http: 8080 }))], { images: '' })).toEqual([
      expect.objectContaining({
        problem:
          'service/web sends traffic to the port named grpc, which no container of deployment/web-green has'
      })
    ])
  })

  it('a name that the Service is about to have for a port, and the new version has not', () => {
    const seen = observed({ deployment: listening({ http: 8080 }), service: withPort(8080) })
    const given = [manifest(listening({ web: 8080 })), manifest(withPort('http'))]
    expect(faultsOf(seen, given, { images: '' })).toEqual([
      expect.objectContaining({ problem: expect.stringContaining('the port named http') as unknown })
    ])
    expect(faultsOf(seen, [manifest(withPort('http'))])).toEqual([])
  })

  it.each([
    ['a port that a sidecar has', 'proxy', listening({ http: 8080 }, { proxy: 15001 })],
    ['a port that neither version has', 'stale', listening({ http: 8080 })],
    ['a port of an init container that has ended, which nobody has', 'admin', listening({ http: 8080 })]
  ])('but not %s', (_, name, deployment) => {
    expect(faultsOf(behind(name, deployment))).toEqual([])
  })

  it.each<[string, Observed, readonly Manifest[]]>([
    ['a port by number', observed({ service: withPort(8080) }), []],
    ['a Service that says the same', observed(), [manifest(service())]],
    [
      'a Service with one more port',
      observed(),
      [manifest(withPort('http', [{ port: 9090, targetPort: 'http' }]))]
    ],
    [
      'a port number for another protocol',
      observed({ service: withPort('http') }),
      [manifest(withPort('http', [{ port: 80, protocol: 'UDP', targetPort: 5353 }]))]
    ],
    [
      'the names of both slots',
      slotted('blue'),
      [manifest(workload('web-blue')), manifest(workload('web-green'))]
    ]
  ])('but not %s', (_, seen, manifests) => {
    expect(faultsOf(seen, manifests)).toEqual([])
  })
})
