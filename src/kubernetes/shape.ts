import { isTree } from './tree.ts'
import type { Tree } from './tree.ts'

/** Says what is wrong with a value at a path, e.g. `spec.ports[0] is not a map`; undefined: nothing that matters here. */
type Shape = (value: unknown, path: string) => string | undefined

const is =
  (what: string, holds: (value: unknown) => boolean): Shape =>
  (value, path) => {
    if (holds(value)) return undefined
    return value === undefined ? `${path} is missing` : `${path} is not ${what}`
  }

const text = is('a text', (value) => typeof value === 'string')
const number = is('a number', (value) => typeof value === 'number')
const boolean = is('true or false', (value) => typeof value === 'boolean')
const amount = is('a text or a number', (value) => typeof value === 'string' || typeof value === 'number')
const map = is('a map', isTree)
const array = is('a list', Array.isArray)

/** The first complaint of several. */
const first = (complaints: Iterable<string | undefined>): string | undefined => {
  for (const complaint of complaints) if (complaint !== undefined) return complaint
  return undefined
}

const listOf =
  (item: Shape): Shape =>
  (value, path) =>
    array(value, path) ?? first((value as unknown[]).map((one, at) => item(one, `${path}[${at}]`)))

const mapOf =
  (entry: Shape): Shape =>
  (value, path) =>
    map(value, path) ??
    first(Object.entries(value as Tree).map(([key, one]) => entry(one, `${path}[${JSON.stringify(key)}]`)))

/** @param optional fields that may be absent */
const fields =
  (required: Readonly<Record<string, Shape>>, optional: Readonly<Record<string, Shape>> = {}): Shape =>
  (value, path) => {
    const wrong = map(value, path)
    if (wrong !== undefined) return wrong
    const at = (key: string): string => (path === '' ? key : `${path}.${key}`)
    const tree = value as Tree
    return (
      first(Object.entries(required).map(([key, shape]) => shape(tree[key], at(key)))) ??
      first(
        Object.entries(optional).map(([key, shape]) =>
          tree[key] === undefined ? undefined : shape(tree[key], at(key))
        )
      )
    )
  }

const labels = mapOf(text)
const amounts = mapOf(amount)
const resources = fields({}, { requests: amounts, limits: amounts })
const condition = fields({ type: text, status: text }, { reason: text, message: text })

const metadata = fields(
  { name: text },
  {
    namespace: text,
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

/** What is read of the kinds that Greenlight works with. What it never looks at is the API server's matter alone. */
const KINDS: Readonly<Record<string, Readonly<Record<string, Shape>>>> = {
  'apps/v1 Deployment': { spec: deployment },
  'apps/v1 ReplicaSet': { spec: fields({ template }, { replicas: number }) },
  'autoscaling/v1 HorizontalPodAutoscaler': { spec: autoscaler },
  'autoscaling/v2 HorizontalPodAutoscaler': { spec: autoscaler },
  'v1 Service': { spec: service },
  'v1 Pod': { spec: podSpec }
}

/** What the API server reports of them. */
const STATUSES: Readonly<Record<string, Shape>> = {
  'apps/v1 Deployment': fields({}, { conditions: listOf(condition), observedGeneration: number }),
  'v1 Pod': fields(
    {},
    {
      conditions: listOf(condition),
      containerStatuses: listOf(containerStatus),
      initContainerStatuses: listOf(containerStatus)
    }
  )
}

/**
 * What of an object is not of the shape in which Greenlight reads it, e.g. `spec.ports[0] is not a map`; undefined when
 * all is. The API server refuses such objects and never sends any: whoever reads them behind this can trust their types.
 * @param metadataOnly whether nothing else was asked for
 */
export function misshapen(object: Tree, metadataOnly = false): string | undefined {
  const kind = metadataOnly ? '' : `${String(object.apiVersion)} ${String(object.kind)}`
  const status = STATUSES[kind]
  return fields({ metadata, ...KINDS[kind] }, status === undefined ? {} : { status })(object, '')
}
