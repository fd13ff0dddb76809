import { setTimeout as sleep } from 'node:timers/promises'
import type { Deployment, KubernetesObject, Pod, Service } from '../../../src/kubernetes/objects.ts'
import { admin, createNamespace, nodeAddress, restrictedKubeconfig } from './real-cluster.ts'
import { gatewayUrl, untilServed } from './gateway.ts'

export const image = (version: number | string): string => `docker.io/greenlight/workload:${version}`

export interface WorkloadOptions {
  readonly name?: string
  readonly image?: string
  readonly replicas?: number
  readonly env?: Readonly<Record<string, string>>
  /** Labels of its own, e.g. `{ version: 'blue' }`. */
  readonly labels?: Readonly<Record<string, string>>
  /** Of its pods, besides those by which they are scraped. */
  readonly annotations?: Readonly<Record<string, string>>
  readonly template?: Readonly<Record<string, unknown>>
}

/** A Deployment as a team would write it. */
export function workload({
  name = 'web',
  image: reference = image(1),
  replicas = 3,
  env = {},
  labels = {},
  annotations = {},
  template = {}
}: WorkloadOptions = {}): Deployment {
  const all = { app: 'web', ...labels }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: all },
      template: {
        metadata: {
          labels: all,
          annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': '8080', ...annotations }
        },
        spec: {
          terminationGracePeriodSeconds: 15,
          containers: [
            {
              name: 'web',
              image: reference,
              imagePullPolicy: 'IfNotPresent',
              ports: [{ name: 'http', containerPort: 8080 }],
              env: Object.entries({ DRAIN_MS: '2000', ...env }).map(([key, value]) => ({ name: key, value })),
              // An answer that is late on a busy machine takes no pod from its users.
              readinessProbe: {
                httpGet: { path: '/health', port: 'http' },
                periodSeconds: 1,
                timeoutSeconds: 5
              },
              // Without a request, pods that have one leave it no time on a busy node.
              resources: { requests: { cpu: '10m' } }
            }
          ],
          ...template
        }
      }
    }
  } as unknown as Deployment
}

export const service = (
  selector: Readonly<Record<string, string>> = { app: 'web' },
  name = 'web'
): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { type: 'NodePort', selector, ports: [{ name: 'http', port: 80, targetPort: 'http' }] }
})

/** One test's world: a namespace with a running workload behind a Service. */
export interface LiveWorld {
  readonly namespace: string
  /** Address at which users come in. */
  readonly url: string
  /** What their requests say. */
  readonly headers: Readonly<Record<string, string>>
  /** Inputs that every run in this namespace has. */
  readonly inputs: Readonly<Record<string, string>>
}

/** kube-proxy must have its rule before the first connection: a NodePort that was tried too early stays broken. */
const PROXY_RULE = 1500

/** Kinds whose rights have a Role of their own, and its name. */
const ROLES: Readonly<Record<string, string>> = {
  HTTPRoute: 'httproute',
  GRPCRoute: 'grpcroute',
  TraefikService: 'traefikservice',
  VirtualService: 'virtualservice',
  Ingress: 'ingress',
  Rollout: 'rollout',
  Canary: 'canary',
  ConfigMap: 'config',
  Secret: 'config'
}

/**
 * Creates the objects, waits until every Deployment is available and users can come in.
 * @param host that the gateway serves; without one users come in through the Service's node port
 */
export async function createLiveWorld(
  objects: readonly KubernetesObject[] = [workload(), service()],
  host?: string
): Promise<LiveWorld> {
  const roles = new Set(objects.flatMap(({ kind }) => ROLES[kind] ?? []))
  const namespace = await createNamespace([...roles])
  for (const object of objects) await admin.create({ ...object, metadata: { ...object.metadata, namespace } })
  for (const { kind, metadata } of objects)
    if (kind === 'Deployment') await untilAvailable(namespace, metadata.name)
  const route = objects.find(({ kind }) => kind === 'Service')
  const port = route === undefined ? 0 : await nodePort(namespace, route.metadata.name)
  await (host === undefined ? sleep(PROXY_RULE) : untilServed(host))
  return {
    namespace,
    url: host === undefined ? `http://${await nodeAddress()}:${port}/` : await gatewayUrl(),
    headers: host === undefined ? {} : { Host: host },
    inputs: { workload: 'web', kubeconfig: await restrictedKubeconfig(namespace), comment: 'off' }
  }
}

async function nodePort(namespace: string, name: string): Promise<number> {
  const found = await getService(namespace, name)
  return (found.spec.ports?.[0] as { nodePort?: number } | undefined)?.nodePort ?? 0
}

export async function getService(namespace: string, name = 'web'): Promise<Service> {
  const found = await admin.get<Service>({ apiVersion: 'v1', kind: 'Service', namespace, name })
  if (found === undefined) throw new Error(`there is no service/${name} in ${namespace}`)
  return found
}

export async function getDeployment(namespace: string, name: string): Promise<Deployment> {
  const found = await admin.get<Deployment>({ apiVersion: 'apps/v1', kind: 'Deployment', namespace, name })
  if (found === undefined) throw new Error(`there is no deployment/${name} in ${namespace}`)
  return found
}

export const getPods = async (namespace: string, labels: string): Promise<readonly Pod[]> =>
  (await admin.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace, labels })).filter(
    ({ metadata }) => metadata.deletionTimestamp === undefined
  )

/** Every pod is of the template that it has now, and available. */
export async function untilAvailable(namespace: string, name: string): Promise<void> {
  for (let left = 300; left > 0; left -= 1) {
    const { spec, status, metadata } = await getDeployment(namespace, name)
    if (
      status?.observedGeneration === metadata.generation &&
      (status?.updatedReplicas ?? 0) === (status?.replicas ?? 0) &&
      (status?.availableReplicas ?? 0) >= (spec.replicas ?? 1)
    )
      return
    await sleep(100)
  }
  throw new Error(`deployment/${name} in ${namespace} did not become available within 30 s`)
}

/** What must be the same before and after: no bookkeeping of the API server, no status, no record of ours. */
export function essence(object: KubernetesObject): unknown {
  const { metadata, status: _, ...rest } = object as KubernetesObject & { status?: unknown }
  const { resourceVersion: __, managedFields: ___, generation: ____, annotations = {}, ...kept } = metadata
  const others = Object.entries(annotations).filter(([key]) => key !== 'greenlight.dev/release')
  return { ...rest, metadata: { ...kept, annotations: Object.fromEntries(others) } }
}
