import type { HorizontalPodAutoscaler } from '../../../src/kubernetes/limits.ts'
import type { Manifest } from '../../../src/kubernetes/manifests.ts'
import type { Deployment, KubernetesObject, Service } from '../../../src/kubernetes/objects.ts'
import { leaseName, workloadLeaseName } from '../../../src/lock/lease.ts'

/** The objects of a shop, as its team has written them: what runs in the in-memory cluster. */

export const NAMESPACE = 'shop'

export const deploymentRef = (name: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  namespace: NAMESPACE,
  name
})
export const serviceRef = { apiVersion: 'v1', kind: 'Service', namespace: NAMESPACE, name: 'web' }
export const leaseRef = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  namespace: NAMESPACE,
  name: leaseName('web')
}
/** The other lock of a run: that of the workload. */
export const workloadLeaseRef = { ...leaseRef, name: workloadLeaseName('web') }
export const autoscalerRef = {
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  namespace: NAMESPACE,
  name: 'web'
}

export const workload = (
  name = 'web',
  {
    labels = {},
    replicas = 3,
    version = 1
  }: {
    readonly labels?: Readonly<Record<string, string>>
    readonly replicas?: number
    readonly version?: number
  } = {}
): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: NAMESPACE },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web', ...labels } },
    template: {
      metadata: { labels: { app: 'web', ...labels } },
      spec: {
        containers: [
          {
            name: 'web',
            image: `shop/web:${version}`,
            ports: [{ name: 'http', containerPort: 8080 }],
            readinessProbe: { httpGet: { path: '/health', port: 'http' }, timeoutSeconds: 5 }
          }
        ]
      }
    }
  }
})

export const service = (selector: Readonly<Record<string, string>> = { app: 'web' }): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: NAMESPACE },
  spec: { selector, ports: [{ name: 'http', port: 80, targetPort: 'http' }] }
})

export const autoscaler = (target = 'web'): HorizontalPodAutoscaler => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'web', namespace: NAMESPACE },
  spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: target }, maxReplicas: 9 }
})

export const manifest = (object: KubernetesObject): Manifest => ({ object, source: 'k8s/web.yaml, line 1' })
