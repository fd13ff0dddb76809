import { expect } from '@jest/globals'
import type { Deployment, KubernetesObject } from '../../src/kubernetes/objects.ts'
import { admin } from '../support/cluster/real-cluster.ts'
import { playTogether } from '../support/cluster/live-suite.ts'
import { manifestFile, openLiveStage } from '../support/cluster/live-scene.ts'
import { like, NEXT, refused, serviceOf, SMALL, warningsIn } from '../support/cluster/small.ts'
import { json, standIn, type StandIn } from '../support/stand-in.ts'
import { getService, image, service, workload } from '../support/cluster/workload.ts'

/** What stands around a workload: owners, load balancers, meshes, metrics, each in a namespace of its own. */

const owned = (object: KubernetesObject, apiVersion: string, kind: string): KubernetesObject => ({
  ...object,
  metadata: {
    ...object.metadata,
    ownerReferences: [
      { apiVersion, kind, name: 'web', uid: '00000000-0000-0000-0000-000000000001', controller: true }
    ]
  }
})

/** The cluster's Prometheus as one of 2.47 would answer, which says in `warnings` what a later one says in `infos`. */
const olderPrometheus = (): Promise<StandIn> =>
  standIn(({ method, path, headers, body }, response) => {
    void fetch(`http://127.0.0.1:30090${path}`, {
      method,
      headers: { 'content-type': headers['content-type'] ?? '' },
      ...(method === 'GET' ? {} : { body })
    })
      .then((answer) => answer.json() as Promise<{ infos?: unknown }>)
      .then(({ infos, ...rest }) => {
        json(response, 200, { ...rest, ...(infos === undefined ? {} : { warnings: infos }) })
      })
  })

async function queries(): Promise<void> {
  const stage = await openLiveStage([SMALL, service()])
  const older = await olderPrometheus()
  try {
    for (const prometheus of ['service/monitoring/prometheus:9090', older.url]) {
      expect(
        await refused(stage, {
          ...NEXT,
          prometheus,
          checks: 'success-rate >= 95%\n\njob:http_errors:ratio5m{namespace="$namespace"} < 0.01'
        })
      ).toMatch(/^checks, line 3: .*job:http_errors:ratio5m.* — for example: \S+: job:http_errors:ratio5m/)
      const checks = 'routines: sum(rate(go_goroutines[1m])) < 1e9'
      const planned = await stage.run({ ...NEXT, command: 'plan', prometheus, checks })
      expect(planned).toMatchObject({ exitCode: 0, outputs: { result: 'planned' } })
      expect(warningsIn(planned)).toEqual([])
    }
    const said = await fetch(`${older.url}/api/v1/query?query=rate(go_goroutines[1m])`)
    expect(await said.json()).toMatchObject({
      warnings: [like('PromQL info: metric might not be a counter')]
    })
  } finally {
    await older.close()
  }
}

async function owners(): Promise<void> {
  const autoscaler = {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'keda-hpa-web' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      minReplicas: 1,
      maxReplicas: 2,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } }
        }
      ]
    }
  } as KubernetesObject
  const stage = await openLiveStage([SMALL, service(), owned(autoscaler, 'keda.sh/v1alpha1', 'ScaledObject')])
  expect(await refused(stage)).toMatch(
    /^workload: horizontalpodautoscaler\/keda-hpa-web is controlled by ScaledObject web of KEDA.*strategy: rolling.*paused=true/
  )
  const ended = await stage.run({ ...NEXT, strategy: 'rolling' })
  expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted' } })
}

async function otherTools(): Promise<void> {
  // A version that Flagger does not have: what an owner of a known kind is said to own, but does not exist, is deleted.
  const flagger = await openLiveStage([SMALL, owned(service(), 'flagger.app/v1', 'Canary')])
  expect(await refused(flagger)).toMatch(/^workload: service\/web is controlled by Canary web of Flagger/)
  const ref = { apiVersion: 'v1', kind: 'Service', namespace: flagger.namespace, name: 'web' }
  await admin.patch(ref, [
    { op: 'remove', path: '/metadata/ownerReferences' },
    {
      op: 'add',
      path: '/metadata/annotations',
      value: { 'argo-rollouts.argoproj.io/managed-by-rollouts': 'shop' }
    }
  ])
  expect(await refused(flagger)).toMatch(/^workload: service\/web belongs to Rollout shop of Argo Rollouts/)
}

const ingress = (name: string, className: string, host: string, annotations = {}): KubernetesObject =>
  ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name, annotations },
    spec: {
      ingressClassName: className,
      rules: [
        {
          host,
          http: {
            paths: [
              { path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } }
            ]
          }
        }
      ]
    }
  }) as KubernetesObject

async function alb(): Promise<void> {
  const way = {
    sessionAffinity: 'ClientIP',
    externalTrafficPolicy: 'Local',
    internalTrafficPolicy: 'Local',
    ipFamilyPolicy: 'PreferDualStack'
  }
  const apex = serviceOf([{ name: 'http', port: 80, targetPort: 'http', appProtocol: 'http' }], {
    ...way,
    type: 'NodePort'
  })
  const annotations = { 'alb.ingress.kubernetes.io/healthcheck-path': '/health', 'helm.sh/chart': 'web-1' }
  const stage = await openLiveStage([
    SMALL,
    { ...apex, metadata: { ...apex.metadata, annotations } },
    ingress('web', 'alb', 'shop.example.com', { 'alb.ingress.kubernetes.io/target-type': 'instance' })
  ])
  const inputs = { ...NEXT, strategy: 'canary', route: 'ingress/web', steps: '10% for 1m\n100%' }
  const started = stage.start(inputs)
  await started.seen('Make the routes ready for web-green')
  const own = await until(() => getService(stage.namespace, 'web-green'))
  const ref = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', namespace: stage.namespace, name: 'web' }
  const live = await until(async () => {
    const found = await admin.get<KubernetesObject>(ref)
    if (!JSON.stringify(found).includes('web-green')) throw new Error('not written yet')
    return found
  })
  await started.kill()
  expect(own).toMatchObject({
    metadata: { annotations: { 'alb.ingress.kubernetes.io/healthcheck-path': '/health' } },
    spec: { ...way, type: 'NodePort', ports: [{ port: 80, targetPort: 'http', appProtocol: 'http' }] }
  })
  expect(own.metadata.annotations).not.toHaveProperty(['helm.sh/chart'])
  const { annotations: written = {} } = live?.metadata ?? {}
  expect(JSON.parse(written['alb.ingress.kubernetes.io/actions.web'] ?? '')).toMatchObject({
    type: 'forward',
    forwardConfig: {
      targetGroups: [
        { serviceName: 'web', weight: 100 },
        { serviceName: 'web-green', weight: 0 }
      ]
    }
  })
}

async function albWithoutPorts(): Promise<void> {
  const stage = await openLiveStage([
    SMALL,
    serviceOf([{ port: 80, targetPort: 'http' }]),
    ingress('web', 'alb', 'shop.example.com')
  ])
  expect(await refused(stage, { ...NEXT, strategy: 'canary', route: 'ingress/web' })).toMatch(
    /^route: the load balancer sends to ports of the nodes.* has none \(type ClusterIP\).*target-type: ip/
  )
}

async function nginx(): Promise<void> {
  const stage = await openLiveStage([
    SMALL,
    service(),
    ingress('web', 'nginx', 'shop.example.com'),
    ingress('web-partners', 'nginx', 'partners.example.com')
  ])
  const planned = await stage.run({ ...NEXT, command: 'plan', strategy: 'canary', route: 'ingress/web' })
  expect(planned).toMatchObject({ exitCode: 0, outputs: { result: 'planned' } })
  expect(warningsIn(planned)).toContainEqual(
    like('ingress/web-partners (partners.example.com) sends its users to service/web too')
  )
}

function labelled(version: string | undefined, number: number): Deployment {
  const one = workload({ image: image(number), replicas: 1 })
  const { template } = one.spec
  const labels = { ...template.metadata?.labels, ...(version === undefined ? {} : { version }) }
  const metadata = { ...template.metadata, labels }
  return { ...one, spec: { ...one.spec, template: { ...template, metadata } } }
}

const ofIstio = (kind: string, spec: object): KubernetesObject =>
  ({ apiVersion: 'networking.istio.io/v1', kind, metadata: { name: 'web' }, spec }) as KubernetesObject

async function subsets(): Promise<void> {
  const subset = (name: string, version: string) => ({ name, labels: { version } })
  const rules = { hosts: ['web'], http: [{ route: [{ destination: { host: 'web', subset: 'v2' } }] }] }
  const stage = await openLiveStage([
    labelled('v2.1.3', 1),
    service(),
    ofIstio('DestinationRule', { host: 'web', subsets: [subset('v1', 'v2.1.2'), subset('v2', 'v2.1.3')] }),
    ofIstio('VirtualService', rules)
  ])
  const { namespace } = stage
  const specOf = async (kind: string): Promise<unknown> => {
    const ref = { apiVersion: 'networking.istio.io/v1', kind, namespace, name: 'web' }
    return (await admin.get<KubernetesObject & { readonly spec: unknown }>(ref))?.spec
  }
  const canary = { strategy: 'canary', route: 'virtualservice/web', steps: '100%', bake: '0s' }
  const without = manifestFile([labelled(undefined, 2)])
  expect(await refused(stage, { ...canary, manifests: without })).toMatch(
    /^route: virtualservice\/web: http rule 1 .*names subset v2 of host web, whose label version: v2\.1\.3 /
  )
  const manifests = manifestFile([labelled('v2.1.4', 2)])
  expect(await stage.run({ ...canary, manifests })).toMatchObject({
    exitCode: 0,
    outputs: { result: 'promoted' }
  })
  const expected = [subset('v1', 'v2.1.2'), subset('v2', 'v2.1.4')]
  expect(await specOf('DestinationRule')).toEqual({ host: 'web', subsets: expected })
  expect(await specOf('VirtualService')).toEqual(rules)
}

async function until<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof Error)) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

playTogether(
  {
    'a subset of Istio by the number of a version goes with it': subsets,
    'a bare recording rule is refused with its line, and a remark of Prometheus is none': queries,
    "an autoscaler of KEDA's is refused with the ways out, and no matter in place": owners,
    'what Flagger or Argo Rollouts move is refused': otherTools,
    'behind a load balancer that sends to nodes the new version has ports of the nodes': alb,
    'behind such a load balancer a Service without them is refused': albWithoutPorts,
    'other Ingresses of nginx to the same Service are told': nginx
  },
  7
)
