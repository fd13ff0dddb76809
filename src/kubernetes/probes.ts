import type { Container, Deployment, PodTemplate } from './objects.ts'
import { resolvePort } from './ports.ts'

/** What the kubelet asks of every pod by itself: requests that no user has sent. */
export interface Probe {
  /** Without a query, and without a slash at the end. */
  readonly path: string
  /** Undefined where no container has the port that it names. */
  readonly port: number | undefined
  /** Seconds between two; Infinity for a hook, which asks once. */
  readonly every: number
}

/** How often the kubelet asks where a template does not say. */
const USUAL_PERIOD = 10

type Fields = Readonly<Record<string, unknown>>

/** In a manifest the field may hold anything. */
const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {}

/** A path as metrics call it. */
export const plainPath = (text: string): string =>
  `/${text.replace(/[?#].*$/s, '').replace(/^\/+|\/+$/g, '')}`

function probeIn(asked: unknown, every: number, container: Container): readonly Probe[] {
  const { httpGet } = fieldsOf(asked)
  if (typeof httpGet !== 'object' || httpGet === null) return []
  const { path, port } = fieldsOf(httpGet)
  const known =
    typeof port === 'string' || typeof port === 'number'
      ? resolvePort({ targetPort: port, port: 0 }, [container])
      : undefined
  return [{ path: plainPath(typeof path === 'string' ? path : '/'), port: known, every }]
}

function probesOfContainer(container: Container): readonly Probe[] {
  const { readinessProbe, livenessProbe, startupProbe, lifecycle } = container
  const repeated = [readinessProbe, livenessProbe, startupProbe].flatMap((probe) => {
    const { periodSeconds } = fieldsOf(probe)
    const every = typeof periodSeconds === 'number' && periodSeconds > 0 ? periodSeconds : USUAL_PERIOD
    return probeIn(probe, every, container)
  })
  const { postStart, preStop } = fieldsOf(lifecycle)
  return [...repeated, ...[postStart, preStop].flatMap((hook) => probeIn(hook, Infinity, container))]
}

/** Of all containers of these Deployments' templates; those by gRPC, TCP or a command are no HTTP requests. */
export const probesOf = (...deployments: readonly (Deployment | undefined)[]): readonly Probe[] =>
  probesIn(...deployments.map((deployment) => deployment?.spec.template))

/** The same of templates. */
export const probesIn = (...templates: readonly (PodTemplate | undefined)[]): readonly Probe[] =>
  templates.flatMap((template) => {
    const { containers = [], initContainers = [] } = template?.spec ?? {}
    return [...containers, ...initContainers].flatMap(probesOfContainer)
  })
