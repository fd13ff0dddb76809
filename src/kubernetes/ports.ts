import type { Container, Deployment, PodSpec, Service, ServicePort } from './objects.ts'
import { runsBeside } from './pod-resources.ts'

/** The containers that may have the port that a Service names: sidecars among the init containers, too. */
export function listeningIn(spec: Partial<PodSpec> | undefined): readonly Container[] {
  // A manifest may lack them; that is told elsewhere.
  const { containers = [], initContainers = [] } = spec ?? {}
  return [...containers, ...initContainers.filter(runsBeside)]
}

/**
 * Number of the pod's port that a Service's port leads to.
 * @returns undefined when no container has a port of that name and protocol: then no pod would get traffic through it.
 */
export function resolvePort(
  { targetPort, port, protocol: wanted = 'TCP' }: Pick<ServicePort, 'targetPort' | 'port' | 'protocol'>,
  containers: readonly Container[]
): number | undefined {
  if (targetPort === undefined) return port
  if (typeof targetPort === 'number') return targetPort
  return containers
    .flatMap(({ ports }) => ports ?? [])
    .find(({ name, protocol = 'TCP' }) => name === targetPort && protocol === wanted)?.containerPort
}

/** Whether pods of a Deployment would get anything through a port of a Service. */
export const leadsTo = (port: ServicePort, deployment: Deployment): boolean =>
  resolvePort(port, listeningIn(deployment.spec.template.spec)) !== undefined

/** A port by its number or its name. */
export type PortRef = number | string

/** Where the requests of users come in. */
export interface Entrance {
  /** Of the Service; undefined where that has none. */
  readonly servicePort: ServicePort | undefined
  /** Number of the pods' port; undefined when nothing tells. */
  readonly port: number | undefined
  /** Numbers of the pods' ports, by the names that Service and containers give them. */
  readonly names: Readonly<Record<string, number>>
  /** Those numbers on which the pods speak TLS: the kubelet asks for their health there by HTTPS. */
  readonly tls?: readonly number[]
}

/** For runs in which no pod is sent a request. */
export const NOWHERE: Entrance = { servicePort: undefined, port: undefined, names: {} }

/**
 * The port that users come in by: the one that the route names, else the one that looks most like it.
 * @param named by the route in front of the Service
 */
export function entranceTo(
  { spec }: Service,
  containers: readonly Container[],
  named: PortRef | undefined
): Entrance {
  const ports = (spec.ports ?? []).filter(({ protocol = 'TCP' }) => protocol === 'TCP')
  const targetOf = (port: ServicePort): number | undefined => resolvePort(port, containers)
  const probed = probedPort(containers)
  const servicePort = ports.find((port) => isCalled(port, named)) ?? likeliest(ports, targetOf, probed)
  return {
    servicePort,
    port: servicePort === undefined ? probed : targetOf(servicePort),
    names: { ...namesIn(containers), ...namesOf(ports, targetOf) },
    tls: tlsIn(containers)
  }
}

/** The same where no Service leads to the pods: the port that the readiness probe asks, else the first. */
export function entranceWithout(containers: readonly Container[]): Entrance {
  const names = namesIn(containers)
  return {
    servicePort: undefined,
    port: probedPort(containers) ?? containers.flatMap(({ ports }) => ports ?? [])[0]?.containerPort,
    names,
    tls: tlsIn(containers)
  }
}

const isCalled = ({ port, name }: ServicePort, ref: PortRef | undefined): boolean =>
  ref !== undefined && (name === ref || String(port) === String(ref))

/** Names of ports that are not for users. */
const ASIDE =
  /metric|prom(etheus)?\b|admin|manage|mgmt|health|probe|live|ready|debug|pprof|monitor|status|stat(s|sd)\b|telemetry|profil|actuator/i

function unlessNone<T>(items: readonly T[], isWanted: (item: T) => boolean): readonly T[] {
  const wanted = items.filter(isWanted)
  return wanted.length > 0 ? wanted : items
}

function likeliest(
  ports: readonly ServicePort[],
  targetOf: (port: ServicePort) => number | undefined,
  probed: number | undefined
): ServicePort | undefined {
  const served = unlessNone(ports, (port) => targetOf(port) !== undefined)
  const among = unlessNone(served, ({ name = '' }) => !ASIDE.test(name))
  const signs: readonly ((port: ServicePort) => boolean)[] = [
    ({ name }) => name === 'http',
    ({ appProtocol }) => appProtocol === 'http',
    ({ name = '' }) => /^(http\d?-.+|.+-http|web)$/.test(name),
    ...[80, 443, 8080].map(
      (number) =>
        ({ port }: ServicePort) =>
          port === number
    ),
    (port) => probed !== undefined && targetOf(port) === probed
  ]
  return signs.flatMap((sign) => among.find(sign) ?? [])[0] ?? among[0]
}

interface Probe {
  readonly httpGet?: { readonly port?: PortRef; readonly scheme?: string }
  readonly tcpSocket?: { readonly port?: PortRef }
  readonly grpc?: { readonly port?: PortRef }
}

/** The first port that a readiness probe asks. */
function probedPort(containers: readonly Container[]): number | undefined {
  const asked = containers.flatMap(({ readinessProbe }) => {
    const { httpGet, tcpSocket, grpc } = (readinessProbe ?? {}) as Probe
    return httpGet?.port ?? tcpSocket?.port ?? grpc?.port ?? []
  })
  return asked[0] === undefined ? undefined : resolvePort({ targetPort: asked[0], port: 0 }, containers)
}

const tlsIn = (containers: readonly Container[]): readonly number[] =>
  containers.flatMap((container) =>
    [container.readinessProbe, container.livenessProbe, container.startupProbe].flatMap((probe) => {
      const { port, scheme } = ((probe ?? {}) as Probe).httpGet ?? {}
      if (scheme !== 'HTTPS' || port === undefined) return []
      return resolvePort({ targetPort: port, port: 0 }, [container]) ?? []
    })
  )

const namesIn = (containers: readonly Container[]): Readonly<Record<string, number>> =>
  Object.fromEntries(
    containers.flatMap(({ ports }) =>
      (ports ?? []).flatMap(({ name, containerPort, protocol = 'TCP' }) =>
        name === undefined || protocol !== 'TCP' ? [] : [[name, containerPort]]
      )
    )
  )

const namesOf = (
  ports: readonly ServicePort[],
  targetOf: (port: ServicePort) => number | undefined
): Readonly<Record<string, number>> =>
  Object.fromEntries(
    ports.flatMap((port) => {
      const target = targetOf(port)
      return port.name === undefined || target === undefined ? [] : [[port.name, target]]
    })
  )
