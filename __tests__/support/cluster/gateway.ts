import { randomUUID } from 'node:crypto'
import { get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { KubernetesObject } from '../../../src/kubernetes/objects.ts'
import { nodeAddress } from './real-cluster.ts'

/** Where the test cluster's gateway answers; the header Host decides which route a request takes. */
export const gatewayUrl = async (): Promise<string> => `http://${await nodeAddress()}:30091/`

/** A host that no other test has. */
export const uniqueHost = (): string => `${randomUUID()}.example.test`

/**
 * Number of good answers in a row after which every backend must have answered: they take turns, and the smallest share
 * in a test is a tenth.
 */
const IN_A_ROW = 20

/**
 * Waits until the gateway answers 200 for a host, and nothing else. Its NodePort may be asked again and again, unlike one of a Service that
 * was just created: kube-proxy has had its rule since the cluster was started.
 */
export async function untilServed(host: string, path = '/'): Promise<void> {
  const url = new URL(path, await gatewayUrl())
  let row = 0
  for (let left = 300; left > 0; left -= 1) {
    while ((await statusFor(host, url)) === 200) if ((row += 1) === IN_A_ROW) return
    row = 0
    await sleep(100)
  }
  throw new Error(`the gateway did not serve ${host}${path} within 30 s`)
}

// Not fetch, which sets the header Host by itself.
const statusFor = (host: string, url: URL): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    get(url, { headers: { host } }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    }).on('error', reject)
  })

/** A Service that requests go to; its port is 80 unless another is given. */
export interface Backend {
  readonly name: string
  readonly port?: number
  readonly weight?: number
}

const withPort = ({ name, port = 80, ...rest }: Backend): object => ({ name, port, ...rest })

export interface HttpRouteRule {
  readonly name?: string
  readonly matches?: readonly object[]
  readonly filters?: readonly object[]
  readonly backends: readonly Backend[]
}

interface Named {
  readonly name?: string
  readonly namespace?: string
}

interface Route extends Named {
  readonly host: string
}

const metadata = (name: string, namespace?: string): KubernetesObject['metadata'] => ({
  name,
  ...(namespace === undefined ? {} : { namespace })
})

/** An HTTPRoute at the test cluster's Gateway. */
export const httpRoute = ({
  name = 'web',
  namespace,
  host,
  rules = [{ backends: [{ name }] }]
}: Route & { readonly rules?: readonly HttpRouteRule[] }): KubernetesObject =>
  ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: metadata(name, namespace),
    spec: {
      parentRefs: [{ name: 'web', namespace: 'traefik' }],
      hostnames: [host],
      rules: rules.map(({ backends, ...rule }) => ({ ...rule, backendRefs: backends.map(withPort) }))
    }
  }) as KubernetesObject

/** An IngressRoute to the TraefikService of the same name, unless it names another service. */
export const ingressRoute = ({
  name = 'web',
  namespace,
  host,
  services = [{ kind: 'TraefikService', name }]
}: Route & { readonly services?: readonly object[] }): KubernetesObject =>
  ({
    apiVersion: 'traefik.io/v1alpha1',
    kind: 'IngressRoute',
    metadata: metadata(name, namespace),
    spec: {
      entryPoints: ['web'],
      routes: [{ kind: 'Rule', match: `Host(\`${host}\`)`, services }]
    }
  }) as KubernetesObject

/** A TraefikService that splits requests between Services. */
export const traefikService = ({
  name = 'web',
  namespace,
  backends
}: Named & { readonly backends: readonly Backend[] }): KubernetesObject =>
  ofTraefik(metadata(name, namespace), { weighted: { services: backends.map(withPort) } })

/** A TraefikService that sends all requests to one Service, and copies of some to others. */
export const mirroringService = ({
  name = 'web',
  namespace,
  main,
  mirrors
}: Named & {
  readonly main: Backend
  readonly mirrors: readonly (Backend & { readonly percent: number })[]
}): KubernetesObject =>
  ofTraefik(metadata(name, namespace), {
    mirroring: { ...withPort(main), mirrors: mirrors.map(withPort) }
  })

const ofTraefik = (named: KubernetesObject['metadata'], spec: object): KubernetesObject =>
  ({ apiVersion: 'traefik.io/v1alpha1', kind: 'TraefikService', metadata: named, spec }) as KubernetesObject
