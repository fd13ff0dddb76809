import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { ClusterError } from '../../src/base/errors.ts'
import type { Cluster, JsonPatch, Query } from '../../src/kubernetes/cluster.ts'
import type { Deployment, KubernetesObject, Lease } from '../../src/kubernetes/objects.ts'
import type { Ref } from '../../src/kubernetes/ref.ts'

export interface ClusterUnderTest {
  readonly cluster: Cluster
  /** Empty, and used by nobody else. */
  readonly namespace: string
  remove(ref: Ref): Promise<void>
  close(): Promise<void>
}

interface ConfigMap extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>
}

async function statusOf(attempt: Promise<unknown>): Promise<number> {
  const error: unknown = await attempt.then(
    () => new Error('it went well'),
    (reason: unknown) => reason
  )
  if (!(error instanceof ClusterError)) throw error
  return error.status
}

/** What everything that calls itself a Cluster has to keep to, the real one and any model of it. */
export function clusterContract(name: string, start: () => Promise<ClusterUnderTest>): void {
  describe(`${name} keeps the contract of a cluster:`, () => {
    let under: ClusterUnderTest
    let cluster: Cluster
    let count = 0

    beforeAll(async () => {
      under = await start()
      cluster = under.cluster
    })
    afterAll(async () => {
      await under.close()
    })

    const configMap = (
      more: Partial<ConfigMap> = {},
      labels: Readonly<Record<string, string>> = {}
    ): ConfigMap => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: under.namespace, name: `map-${(count += 1)}`, labels },
      data: { a: '1' },
      ...more
    })
    const deployment = (): Deployment => {
      const labels = { app: `app-${(count += 1)}` }
      const containers = [{ name: 'app', image: 'docker.io/greenlight/workload:1' }]
      return {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { namespace: under.namespace, name: labels.app, labels, annotations: { team: 'none' } },
        spec: {
          replicas: 0,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers } }
        }
      }
    }
    const refTo = ({ apiVersion, kind, metadata: { namespace, name } }: KubernetesObject): Ref => ({
      apiVersion,
      kind,
      namespace,
      name
    })
    const query = (labels: string): Query => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      namespace: under.namespace,
      labels
    })
    const dataOf = async (ref: Ref) => (await cluster.get<ConfigMap>(ref))?.data

    describe('get', () => {
      it('is undefined for what does not exist', async () => {
        expect(await cluster.get(refTo(configMap()))).toBeUndefined()
      })

      it('brings what was created', async () => {
        const created = await cluster.create(configMap())
        expect(await cluster.get(refTo(created))).toEqual(created)
      })
    })

    describe('create', () => {
      it('gives the object an identity and a version', async () => {
        const { metadata, kind, apiVersion } = await cluster.create(configMap())
        expect({ kind, apiVersion }).toEqual({ kind: 'ConfigMap', apiVersion: 'v1' })
        expect(metadata.uid).toMatch(/./)
        expect(metadata.resourceVersion).toMatch(/./)
      })

      it('is refused with 409 for what exists', async () => {
        const object = configMap()
        await cluster.create(object)
        expect(await statusOf(cluster.create(object))).toBe(409)
      })
    })

    describe('the generation of a Deployment', () => {
      it('is another one with every change of its spec or an annotation, and the same with one of a label', async () => {
        const created = await cluster.create(deployment())
        const ref = refTo(created)
        const after = async (path: string, value: unknown): Promise<number> => {
          const { metadata } = await cluster.patch(ref, [{ op: 'add', path, value }])
          return (metadata.generation ?? 0) - (created.metadata.generation ?? 0)
        }
        expect(await after('/metadata/labels/tier', 'front')).toBe(0)
        expect(await after('/metadata/annotations/team', 'shop')).toBe(1)
        expect(await after('/metadata/annotations/team', 'shop')).toBe(1)
        expect(await after('/spec/minReadySeconds', 3)).toBe(2)
      })
    })

    describe('what somebody has written', () => {
      const misspelt = (): Deployment => {
        const object = deployment()
        const [container] = object.spec.template.spec.containers
        const containers = [{ ...container, name: 'app', resource: { limits: { cpu: '1' } } }]
        return {
          ...object,
          spec: { ...object.spec, template: { ...object.spec.template, spec: { containers } } }
        }
      }
      const FIELD = 'unknown field "spec.template.spec.containers[0].resource"'

      it('is refused with the fields that are not known, if it is to be checked', async () => {
        const object = misspelt()
        await expect(cluster.create(object, { strict: true, dryRun: true })).rejects.toThrow(FIELD)
        const created = await cluster.create(object)
        const again = { ...object, metadata: created.metadata }
        await expect(cluster.replace(again, { strict: true })).rejects.toThrow(FIELD)
        expect(await statusOf(cluster.create(misspelt(), { strict: true }))).toBe(400)
        const typo = { ...configMap(), metdata: {} }
        await expect(cluster.create(typo, { strict: true })).rejects.toThrow('unknown field "metdata"')
      })

      it('is kept without them, and with a warning, if not', async () => {
        const warnings: string[] = []
        const onWarning = (text: string): void => {
          warnings.push(text)
        }
        const { spec } = await cluster.create(misspelt(), { onWarning })
        expect(spec.template.spec.containers[0]).not.toHaveProperty('resource')
        expect(warnings).toEqual([FIELD])
        await cluster.create(configMap(), { onWarning })
        expect(warnings).toEqual([FIELD])
      })

      it.each([
        ['a port that is nothing', { kind: 'Service', spec: { ports: [null] } }],
        ['a Service of nothing', { kind: 'Service', spec: null }],
        [
          'an autoscaler of nothing',
          { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', spec: { maxReplicas: 1 } }
        ],
        [
          'a Deployment without a selector',
          {
            apiVersion: 'apps/v1',
            kind: 'Deployment',
            spec: {
              template: {
                metadata: { labels: { a: 'b' } },
                spec: { containers: [{ name: 'a', image: 'b' }] }
              }
            }
          }
        ],
        [
          'a container that is nothing',
          {
            apiVersion: 'apps/v1',
            kind: 'Deployment',
            spec: {
              selector: { matchLabels: { a: 'b' } },
              template: { metadata: { labels: { a: 'b' } }, spec: { containers: [null] } }
            }
          }
        ],
        ['labels that are numbers', { kind: 'ConfigMap', metadata: { name: 'numbers', labels: { a: 1 } } }]
      ])(
        'is refused when it is of no shape that its kind has, in a dry run as well: %s',
        async (_, wrong) => {
          const own = 'metadata' in wrong ? wrong.metadata : {}
          const metadata = { name: 'wrong', ...own, namespace: under.namespace }
          const object: unknown = { apiVersion: 'v1', ...wrong, metadata }
          const attempt = cluster.create(object as KubernetesObject, { dryRun: true, strict: true })
          expect([400, 422]).toContain(await statusOf(attempt))
        }
      )
    })

    describe('replace', () => {
      it('brings a new version', async () => {
        const created = await cluster.create(configMap())
        const replaced = await cluster.replace({ ...created, data: { b: '2' } })
        expect(replaced.metadata.resourceVersion).not.toBe(created.metadata.resourceVersion)
        expect(await dataOf(refTo(created))).toEqual({ b: '2' })
      })

      it('is refused with 409 when the object has changed since, and changes nothing', async () => {
        const created = await cluster.create(configMap())
        await cluster.replace({ ...created, data: { by: 'another' } })
        expect(await statusOf(cluster.replace({ ...created, data: { by: 'us' } }))).toBe(409)
        expect(await dataOf(refTo(created))).toEqual({ by: 'another' })
      })

      it('is refused with 404 for what does not exist', async () => {
        expect(await statusOf(cluster.replace(configMap()))).toBe(404)
      })

      it('makes a Lease that was deleted anew, whatever version it names, and no second one', async () => {
        const lease = (holderIdentity: string): Lease => ({
          apiVersion: 'coordination.k8s.io/v1',
          kind: 'Lease',
          metadata: { namespace: under.namespace, name: 'lock' },
          spec: { holderIdentity }
        })
        const old = await cluster.create(lease('one'))
        await cluster.remove(old)
        const another = { ...old, metadata: { ...old.metadata, uid: '' }, spec: { holderIdentity: 'two' } }
        const made = await cluster.replace(another)
        expect(made.metadata.uid).not.toBe(old.metadata.uid)
        expect(await statusOf(cluster.replace(another))).toBe(409)
        expect(await statusOf(cluster.create(lease('three')))).toBe(409)
        expect((await cluster.get<Lease>(refTo(old)))?.spec?.holderIdentity).toBe('two')
      })
    })

    describe('patch', () => {
      it('changes one field and keeps the others', async () => {
        const created = await cluster.create(configMap({ data: { a: '1' } }, { 'example.com/b': '2' }))
        const ref = refTo(created)
        const patched = await cluster.patch<ConfigMap>(ref, [
          { op: 'test', path: '/data/a', value: '1' },
          { op: 'replace', path: '/data/a', value: '3' },
          { op: 'add', path: '/data/c', value: '4' },
          { op: 'remove', path: '/metadata/labels/example.com~1b' }
        ])
        expect(patched.data).toEqual({ a: '3', c: '4' })
        expect(patched.metadata.labels ?? {}).toEqual({})
      })

      it('changes nothing when its test does not hold', async () => {
        const ref = refTo(await cluster.create(configMap()))
        const attempt = cluster.patch(ref, [
          { op: 'replace', path: '/data/a', value: '3' },
          { op: 'test', path: '/data/a', value: '1' }
        ])
        expect([409, 422]).toContain(await statusOf(attempt))
        expect(await dataOf(ref)).toEqual({ a: '1' })
      })

      it('may ask that something is not there, where there is anything beside it', async () => {
        const { metadata } = await cluster.create(configMap({ data: { a: '1' } }))
        const ref = refTo({ ...configMap(), metadata })
        const nothingAt = (path: string): JsonPatch => [
          { op: 'test', path, value: null },
          { op: 'replace', path: '/data/a', value: path }
        ]
        for (const path of ['/metadata/annotations', '/data/b']) {
          await cluster.patch(ref, nothingAt(path))
          expect(await dataOf(ref)).toEqual({ a: path })
        }
        for (const path of ['/metadata/annotations/b', '/data/a'])
          expect(await statusOf(cluster.patch(ref, nothingAt(path)))).toBe(422)
        expect(await dataOf(ref)).toEqual({ a: '/data/b' })
      })

      it('is refused when its resourceVersion is not the live one', async () => {
        const created = await cluster.create(configMap())
        await cluster.replace({ ...created, data: { by: 'another' } })
        const attempt = cluster.patch(refTo(created), [
          { op: 'test', path: '/metadata/resourceVersion', value: created.metadata.resourceVersion },
          { op: 'replace', path: '/data', value: {} }
        ])
        expect([409, 422]).toContain(await statusOf(attempt))
        expect(await dataOf(refTo(created))).toEqual({ by: 'another' })
      })

      it('changes the status, and with it nothing else', async () => {
        const { metadata } = await cluster.create(deployment())
        const ref = refTo({ ...deployment(), metadata })
        const patch: JsonPatch = [
          { op: 'test', path: '/status/collisionCount', value: null },
          { op: 'add', path: '/status/collisionCount', value: 7 },
          { op: 'replace', path: '/spec/replicas', value: 1 }
        ]
        const patched = await cluster.patch<Deployment>(ref, patch, { subresource: 'status' })
        expect(patched).toMatchObject({ status: { collisionCount: 7 }, spec: { replicas: 0 } })
        expect(patched.metadata.generation).toBe(metadata.generation)
        expect(await statusOf(cluster.patch(ref, patch, { subresource: 'status' }))).toBe(422)
        const other: JsonPatch = [{ op: 'add', path: '/status/collisionCount', value: 8 }]
        const whole = await cluster.patch<Deployment>(ref, other)
        expect(whole.status).not.toMatchObject({ collisionCount: 8 })
      })

      it('is refused with 404 for what does not exist', async () => {
        expect(await statusOf(cluster.patch(refTo(configMap()), []))).toBe(404)
      })
    })

    describe('apply', () => {
      it('creates what does not exist', async () => {
        const object = configMap()
        await cluster.apply(object)
        expect(await dataOf(refTo(object))).toEqual({ a: '1' })
      })

      it('keeps what others have written, and takes over what is contested', async () => {
        const created = await cluster.create(configMap({ data: { theirs: '1', contested: 'them' } }))
        const applied = await cluster.apply(configMapLike(created, { contested: 'us', ours: '2' }))
        expect(applied.data).toEqual({ theirs: '1', contested: 'us', ours: '2' })
      })

      it('removes what it has applied before and does not apply any more', async () => {
        const object = configMap({ data: { stays: '1', goes: '2' } })
        await cluster.apply(object)
        await cluster.apply({ ...object, data: { stays: '1' } })
        expect(await dataOf(refTo(object))).toEqual({ stays: '1' })
      })

      it('is refused with 422 for other content of what is immutable, and is nothing for the same', async () => {
        const object = { ...configMap(), immutable: true }
        await cluster.apply(object)
        expect(await statusOf(cluster.apply({ ...object, data: { a: '2' } }))).toBe(422)
        const { metadata, data } = await cluster.apply(object)
        expect(data).toEqual({ a: '1' })
        expect((await cluster.apply(object)).metadata.resourceVersion).toBe(metadata.resourceVersion)
      })

      const configMapLike = (
        { metadata: { namespace = '', name } }: ConfigMap,
        data: ConfigMap['data'] = {}
      ): ConfigMap => ({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { namespace, name },
        data
      })
    })

    describe('list', () => {
      it('brings those that carry the labels, and says what they are', async () => {
        const one = await cluster.create(configMap({}, { list: 'yes', tier: 'web' }))
        await cluster.create(configMap({}, { list: 'yes', tier: 'db' }))
        await cluster.create(configMap())
        expect(await cluster.list(query('list=yes,tier!=db'))).toEqual([one])
        expect(await cluster.list(query('list=yes'))).toHaveLength(2)
        expect(await cluster.list(query('list=no'))).toEqual([])
      })

      it('brings no more than their metadata, if that is all that is wanted', async () => {
        const { apiVersion, kind, metadata } = await cluster.create(configMap({}, { metadata: 'only' }))
        const found = await cluster.list({ ...query('metadata=only'), metadataOnly: true })
        expect(found).toEqual([{ apiVersion, kind, metadata }])
      })
    })

    describe('watch', () => {
      /** The names of what is there, each time it changes; ends when they are as wanted. */
      const watchFor = async (labels: string, wanted: (names: readonly string[]) => boolean) => {
        const stop = new AbortController()
        const views: (readonly string[])[] = []
        const onChange = (objects: readonly KubernetesObject[]): void => {
          views.push(objects.map(({ metadata }) => metadata.name))
          if (wanted(views.at(-1) ?? [])) stop.abort()
        }
        await cluster.watch(query(labels), onChange, stop.signal)
        return views
      }

      it('shows at once what is there', async () => {
        const { metadata } = await cluster.create(configMap({}, { watch: 'start' }))
        expect(await watchFor('watch=start', () => true)).toEqual([[metadata.name]])
      })

      it('shows what comes, changes and goes', async () => {
        const views: string[][] = []
        const stop = new AbortController()
        const seen = async (length: number): Promise<void> => {
          while (views.length < length) await new Promise((resolve) => setTimeout(resolve, 5))
        }
        const watching = cluster.watch<ConfigMap>(
          query('watch=all'),
          (objects) => views.push(objects.map(({ data = {} }) => data.a ?? '')),
          stop.signal
        )
        await seen(1)
        const created = await cluster.create(configMap({}, { watch: 'all' }))
        await seen(2)
        await cluster.replace({ ...created, data: { a: '2' } })
        await seen(3)
        await under.remove(refTo(created))
        await seen(4)
        stop.abort()
        await watching
        expect(views).toEqual([[], ['1'], ['2'], []])
      })

      it('shows that an object has lost its label', async () => {
        const created = await cluster.create(configMap({}, { watch: 'label' }))
        const views = watchFor('watch=label', (names) => names.length === 0)
        await cluster.patch(refTo(created), [{ op: 'remove', path: '/metadata/labels/watch' }])
        expect((await views).at(-1)).toEqual([])
      })

      it('ends quietly when it is no longer wanted', async () => {
        await cluster.watch(query('watch=ended'), () => undefined, AbortSignal.abort())
      })
    })

    it('says that a kind does not exist', async () => {
      const gizmo = { apiVersion: 'example.com/v1', kind: 'Gizmo', namespace: under.namespace, name: 'a' }
      expect(await statusOf(cluster.get(gizmo))).toBe(404)
    })
  })
}
