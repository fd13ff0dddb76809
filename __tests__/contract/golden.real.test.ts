import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { afterEach, describe, expect, it, jest } from '@jest/globals'
import { parseAllDocuments, stringify } from 'yaml'
import type { KubernetesObject } from '../../src/kubernetes/objects.ts'
import { refOf } from '../../src/kubernetes/ref.ts'
import { albRoute } from '../../src/routes/alb/alb.ts'
import { virtualServiceRoute } from '../../src/routes/istio/virtual-service.ts'
import { nginxRoute } from '../../src/routes/nginx/nginx.ts'
import { objectsOf, type Route, type RouteObjects } from '../../src/routes/route.ts'
import { writesOf } from '../../src/traffic/writes.ts'
import { admin, deleteNamespace } from '../support/cluster/real-cluster.ts'
import { backends } from './routes/fixture.ts'

/**
 * Whole objects as a team has them, as they are with a tenth of the traffic on the canary, and after its promotion: to
 * read, and to compare with what the real API server keeps of them.
 */

jest.setTimeout(60_000)

type Specified = KubernetesObject & { readonly spec: unknown }
type Stage = 'before' | 'tenth' | 'promoted'

const examples: readonly (readonly [string, Route])[] = [
  ['istio', virtualServiceRoute],
  ['alb', albRoute],
  ['nginx', nginxRoute]
]

const fileOf = (name: string, stage: Stage): URL => new URL(`golden/${name}.${stage}.yaml`, import.meta.url)

const read = (name: string, stage: Stage): readonly KubernetesObject[] =>
  parseAllDocuments(readFileSync(fileOf(name, stage), 'utf8')).map(
    (document) => document.toJS() as KubernetesObject
  )

/** What people write of an object, in a fixed order. */
const written = (objects: readonly KubernetesObject[]): readonly unknown[] =>
  [...objects]
    .sort((one, other) => (one.kind + one.metadata.name).localeCompare(other.kind + other.metadata.name))
    .map((object) => {
      const { apiVersion, kind, metadata, spec } = object as Specified
      const { name, labels, annotations } = metadata
      return {
        apiVersion,
        kind,
        metadata: { name, ...(labels && { labels }), ...(annotations && { annotations }) },
        spec
      }
    })

const namespaces: string[] = []
afterEach(async () => {
  for (const namespace of namespaces.splice(0)) await deleteNamespace(namespace)
})

/** The route of an example on the cluster. */
async function open(name: string, route: Route) {
  const namespace = `golden-${name}-${Date.now().toString(36)}`
  namespaces.push(namespace)
  await admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
  for (const object of read(name, 'before'))
    await admin.create({ ...object, metadata: { ...object.metadata, namespace } })
  const live = async (): Promise<RouteObjects> => {
    const main = await admin.get({ ...route.object, namespace, name: 'web' })
    if (main === undefined) throw new Error(`${route.kind}/web is gone`)
    const others = await Promise.all(route.others.map((kind) => admin.list({ ...kind, namespace })))
    return objectsOf(route, main, others.flat(), backends(namespace))
  }
  const make = async (wanted: readonly KubernetesObject[]): Promise<readonly unknown[]> => {
    for (const write of writesOf(await live(), wanted, { record: undefined, always: false })) {
      if (write.kind === 'create') await admin.create(write.object)
      else if (write.kind === 'delete') await admin.remove(write.object)
      else await admin.patch(refOf(write.object), write.patch)
    }
    return written(await live())
  }
  return { backends: backends(namespace), live, make }
}

/** Compares with the file; where there is none yet it is written, to be looked at. */
function expectGolden(name: string, stage: Stage, found: readonly unknown[]): void {
  const file = fileOf(name, stage)
  if (!existsSync(file) && process.env.CI === undefined)
    writeFileSync(file, found.map((object) => stringify(object)).join('---\n'))
  expect(found).toEqual(written(read(name, stage)))
}

describe.each(examples)('the example for %s', (name, route) => {
  it('is as in the files, before, with a tenth on the canary, and after the promotion', async () => {
    const scene = await open(name, route)
    expectGolden(name, 'before', written(await scene.live()))
    const tenth = route.split(await scene.live(), scene.backends, { weight: 10 })
    expectGolden(name, 'tenth', await scene.make(tenth))
    const all = route.split(await scene.live(), scene.backends, { weight: 100 })
    await scene.make(all)
    const promoted = route.settle(await scene.live(), scene.backends, 'canary')
    expectGolden(name, 'promoted', await scene.make(promoted))
  })

  it('is as before after a release that was taken back', async () => {
    const scene = await open(name, route)
    await scene.make(route.split(await scene.live(), scene.backends, { weight: 10 }))
    const back = route.settle(await scene.live(), scene.backends, 'stable')
    expectGolden(name, 'before', await scene.make(back))
  })
})
