import type { KubernetesObject } from '../../../src/kubernetes/objects.ts'
import { proxyPath } from './service-names.ts'
import { admin } from './real-cluster.ts'
import { service, untilAvailable } from './workload.ts'

/** A Canary of Flagger, as far as the tests read it. */
export interface Canary extends KubernetesObject {
  readonly status?: {
    readonly phase?: string
    readonly canaryWeight?: number
    readonly failedChecks?: number
    readonly iterations?: number
    readonly lastAppliedSpec?: string
    readonly lastPromotedSpec?: string
    readonly lastTransitionTime?: string
    readonly conditions?: readonly {
      readonly type: string
      readonly status: string
      readonly reason: string
    }[]
  }
}

const API = 'flagger.app/v1beta1'

export interface CanaryOptions {
  /** Of the Canary, of the Deployment that is its target, and of the Service that users come by. */
  readonly name?: string
  readonly provider: 'kubernetes' | 'traefik'
  /** Besides its interval, which is as short as Flagger allows. */
  readonly analysis: object
}

/** A Canary as a team would write it; its target is the Deployment of the same name. */
export const canary = ({ name = 'web', provider, analysis }: CanaryOptions): KubernetesObject =>
  ({
    apiVersion: API,
    kind: 'Canary',
    metadata: { name },
    spec: {
      provider,
      targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      progressDeadlineSeconds: 60,
      service: { port: 80, targetPort: 'http', portName: 'http' },
      analysis: { interval: '10s', threshold: 2, ...analysis }
    }
  }) as KubernetesObject

/** A measurement in the test cluster's Prometheus. */
export const metricTemplate = (name: string, query: string): KubernetesObject =>
  ({
    apiVersion: API,
    kind: 'MetricTemplate',
    metadata: { name },
    spec: { provider: { type: 'prometheus', address: 'http://prometheus.monitoring:9090' }, query }
  }) as KubernetesObject

export async function getCanary(namespace: string, name = 'web'): Promise<Canary> {
  const found = await admin.get<Canary>({ apiVersion: API, kind: 'Canary', namespace, name })
  if (found === undefined) throw new Error(`there is no canary/${name} in ${namespace}`)
  return found
}

const LOAD_TESTER = 'flagger-loadtester'

/** Starts Flagger's load tester in the namespace, which keeps the gates of its Canaries. */
export async function deployLoadTester(namespace: string): Promise<void> {
  const labels = { app: LOAD_TESTER }
  const container = {
    name: 'load-tester',
    image: 'docker.io/greenlight/load-tester:1',
    imagePullPolicy: 'IfNotPresent',
    ports: [{ name: 'http', containerPort: 8080 }],
    readinessProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 1, timeoutSeconds: 5 }
  }
  const pods = { terminationGracePeriodSeconds: 1, containers: [container] }
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: LOAD_TESTER, namespace },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: pods } }
  }
  const { metadata, ...rest } = service(labels, LOAD_TESTER)
  await admin.create(deployment)
  await admin.create({ ...rest, metadata: { ...metadata, namespace } })
  await untilAvailable(namespace, LOAD_TESTER)
}

/** For a webhook of a Canary: where Flagger asks the load tester. */
export const hookUrl = (namespace: string, hook: 'gate' | 'rollback'): string =>
  `http://${LOAD_TESTER}.${namespace}/${hook}/check`

/** Opens or closes a gate of a Canary, through the API server, as whoever has no way into the cluster. */
export async function setHook(
  namespace: string,
  name: string,
  hook: 'gate' | 'rollback',
  to: 'open' | 'close'
): Promise<void> {
  const { status, body } = await admin.send({
    method: 'POST',
    path: `${proxyPath(namespace, LOAD_TESTER, 80)}/${hook}/${to}`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name, namespace })
  })
  if (status !== 202) throw new Error(`the load tester answered ${status}: ${body}`)
}
