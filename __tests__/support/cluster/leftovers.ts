import { readRecord } from '../../../src/domain/read-record.ts'
import type { Deployment, KubernetesObject, Lease } from '../../../src/kubernetes/objects.ts'
import { leaseName } from '../../../src/lock/lease.ts'
import { admin } from './real-cluster.ts'
import { essence, getService } from './workload.ts'

const DEPLOYMENTS = ['web', 'web-blue', 'web-green']

export const leaseOf = (namespace: string) => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  namespace,
  name: leaseName('web')
})

const readRoute = (namespace: string): Promise<KubernetesObject | undefined> =>
  admin.get({ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', namespace, name: 'web' })

/** The HTTPRoute of the scene, if it has one, as it must be before and after. */
export async function routeOf(namespace: string): Promise<unknown> {
  const route = await readRoute(namespace)
  return route === undefined ? undefined : essence(route)
}

/** What a release has left behind, and where the record contradicts the cluster; empty when all is well. */
export async function leftovers(namespace: string): Promise<readonly string[]> {
  const live = await getService(namespace)
  const record = readRecord(live)
  const lease = await admin.get<Lease>(leaseOf(namespace))
  const { holderIdentity = '' } = lease?.spec ?? {}
  const route = await readRoute(namespace)
  const stable = record?.stable.deployment ?? 'web'
  const slot = stable === 'web' ? undefined : stable.replace('web-', '')
  return [
    ...(['promoted', 'rolled-back', undefined].includes(record?.phase)
      ? []
      : [`the record says ${record?.phase ?? ''}`]),
    ...(live.spec.selector?.['greenlight.dev/slot'] === slot
      ? []
      : [`the Service does not select ${stable}`]),
    ...(holderIdentity === '' ? [] : [`${holderIdentity} has the lock`]),
    ...Object.keys(route?.metadata.annotations ?? {}).filter((key) => key.startsWith('greenlight.dev/')),
    ...(await podsBeside(stable, namespace))
  ]
}

async function podsBeside(stable: string, namespace: string): Promise<readonly string[]> {
  const others = DEPLOYMENTS.filter((name) => name !== stable)
  const found = await Promise.all(
    others.map((name) =>
      admin.get<Deployment>({ apiVersion: 'apps/v1', kind: 'Deployment', namespace, name })
    )
  )
  return found.flatMap((one) => {
    const replicas = one === undefined ? 0 : (one.spec.replicas ?? 1)
    return one === undefined || replicas === 0 ? [] : [`${one.metadata.name} has ${replicas} pods`]
  })
}
