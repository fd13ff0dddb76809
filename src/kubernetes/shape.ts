import { amount, boolean, fields, listOf, map, mapOf, number, text, type Shape } from './shapes.ts'
import type { Tree } from './tree.ts'

const labels = mapOf(text)
const amounts = mapOf(amount)
const resources = fields({}, { requests: amounts, limits: amounts })
const condition = fields({ type: text, status: text }, { reason: text, message: text })

const metadata = fields(
  { name: text },
  {
    namespace: text,
    uid: text,
    resourceVersion: text,
    generation: number,
    creationTimestamp: text,
    deletionTimestamp: text,
    labels,
    annotations: labels,
    ownerReferences: listOf(fields({ kind: text, name: text, uid: text })),
    finalizers: listOf(text),
    managedFields: listOf(map)
  }
)

const container = fields(
  { name: text },
  {
    image: text,
    ports: listOf(fields({ containerPort: number }, { name: text, protocol: text })),
    resources,
    command: listOf(text),
    args: listOf(text),
    env: listOf(fields({ name: text })),
    envFrom: listOf(map),
    volumeMounts: listOf(map),
    readinessProbe: map,
    livenessProbe: map,
    startupProbe: map,
    lifecycle: fields(
      {},
      {
        preStop: fields(
          {},
          { sleep: fields({ seconds: number }), exec: fields({}, { command: listOf(text) }) }
        )
      }
    ),
    restartPolicy: text
  }
)

const podSpec = fields(
  { containers: listOf(container) },
  {
    initContainers: listOf(container),
    volumes: listOf(fields({ name: text })),
    resources,
    overhead: amounts,
    terminationGracePeriodSeconds: number,
    readinessGates: listOf(fields({ conditionType: text })),
    imagePullSecrets: listOf(map)
  }
)

const template = fields({ spec: podSpec }, { metadata: fields({}, { labels, annotations: labels }) })

const containerState = fields({}, { running: map, waiting: map, terminated: map })
const containerStatus = fields(
  { name: text, ready: boolean, restartCount: number },
  { state: containerState, lastState: containerState }
)

const deployment = fields(
  { selector: fields({}, { matchLabels: labels, matchExpressions: listOf(map) }), template },
  {
    replicas: number,
    minReadySeconds: number,
    progressDeadlineSeconds: number,
    paused: boolean,
    strategy: fields(
      {},
      { type: text, rollingUpdate: fields({}, { maxSurge: amount, maxUnavailable: amount }) }
    )
  }
)

const service = fields(
  {},
  {
    selector: labels,
    ports: listOf(fields({ port: number }, { name: text, protocol: text, targetPort: amount })),
    type: text
  }
)

const autoscaler = fields(
  { scaleTargetRef: fields({ kind: text, name: text }), maxReplicas: number },
  { minReplicas: number }
)

const lease = fields(
  {},
  { holderIdentity: text, leaseDurationSeconds: number, renewTime: text, acquireTime: text }
)

const endpoint = fields(
  {},
  { conditions: fields({}, { ready: boolean }), targetRef: fields({}, { uid: text }) }
)

const backend = fields(
  { name: text },
  { group: text, kind: text, namespace: text, port: number, weight: number, filters: listOf(map) }
)

/** HTTPRoute and GRPCRoute. */
const gatewayRoute = fields(
  {},
  {
    parentRefs: listOf(
      fields({ name: text }, { group: text, kind: text, namespace: text, sectionName: text })
    ),
    rules: listOf(
      fields(
        {},
        {
          backendRefs: listOf(backend),
          matches: listOf(fields({}, { headers: listOf(map) })),
          filters: listOf(map)
        }
      )
    )
  }
)

const gatewayStatus = fields(
  {},
  {
    parents: listOf(
      fields({ parentRef: fields({ name: text }), controllerName: text }, { conditions: listOf(condition) })
    )
  }
)

/** The fields that Greenlight reads of the kinds it works with. Other fields are left to the API server to check. */
const KINDS: Readonly<Record<string, Readonly<Record<string, Shape>>>> = {
  'gateway.networking.k8s.io/v1 HTTPRoute': { spec: gatewayRoute },
  'gateway.networking.k8s.io/v1 GRPCRoute': { spec: gatewayRoute },
  'apps/v1 Deployment': { spec: deployment },
  'apps/v1 ReplicaSet': { spec: fields({ template }, { replicas: number }) },
  'autoscaling/v1 HorizontalPodAutoscaler': { spec: autoscaler },
  'autoscaling/v2 HorizontalPodAutoscaler': { spec: autoscaler },
  'batch/v1 Job': { spec: fields({ template }, { ttlSecondsAfterFinished: number }) },
  'v1 Service': { spec: service },
  'v1 Pod': { spec: podSpec }
}

/** What else is read of them, where there is any: what the API server reports, and fields that may be missing. */
const OTHERS: Readonly<Record<string, Readonly<Record<string, Shape>>>> = {
  'apps/v1 Deployment': {
    status: fields(
      {},
      {
        conditions: listOf(condition),
        observedGeneration: number,
        replicas: number,
        updatedReplicas: number,
        availableReplicas: number
      }
    )
  },
  'coordination.k8s.io/v1 Lease': { spec: lease },
  'discovery.k8s.io/v1 EndpointSlice': { endpoints: listOf(endpoint), ports: listOf(map) },
  'gateway.networking.k8s.io/v1 HTTPRoute': { status: gatewayStatus },
  'gateway.networking.k8s.io/v1 GRPCRoute': { status: gatewayStatus },
  'v1 Pod': {
    status: fields(
      {},
      {
        phase: text,
        reason: text,
        message: text,
        conditions: listOf(condition),
        containerStatuses: listOf(containerStatus),
        initContainerStatuses: listOf(containerStatus)
      }
    )
  }
}

/**
 * What of an object is not of the shape in which Greenlight reads it, e.g. `spec.ports[0] is not a map`; undefined when
 * all is. The API server never sends such objects; after this check a manifest's fields can be trusted to have their types.
 * @param metadataOnly whether nothing else was asked for
 */
export function misshapen(object: Tree, metadataOnly = false): string | undefined {
  const kind = metadataOnly ? '' : `${String(object.apiVersion)} ${String(object.kind)}`
  return fields({ metadata, ...KINDS[kind] }, OTHERS[kind])(object, '')
}
