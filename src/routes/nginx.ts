import { need } from '../kubernetes/needs.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'
import { isOurs, OURS } from '../kubernetes/ours.ts'
import { isAlb } from './alb/alb.ts'
import {
  annotationsOf,
  classAnnotation,
  classOf,
  INGRESS,
  mapPaths,
  portIn,
  servicesOf,
  type Ingress,
  type IngressBackend,
  type IngressPath
} from './ingress.ts'
import type { Backends, Route, RouteObjects, Split } from './route.ts'

const PREFIX = 'nginx.ingress.kubernetes.io/'
const CANARY = `${PREFIX}canary`

/** All other annotations the controller takes from the main Ingress by itself. */
const OWN_IN_CANARY = /^(load-balance|upstream-hash-by.*|service-upstream|affinity.*|session-cookie-.*)$/

/**
 * ingress-nginx: a second Ingress, marked as canary, has the paths that refer to the apex and the canary's Service
 * behind them. The user's Ingress is not touched; the second one is made by a release and goes with it.
 */
export const nginxRoute: Route = {
  kind: 'ingress',
  object: INGRESS,
  others: [INGRESS],
  needs: need('networking.k8s.io', 'ingresses', 'get', 'list', 'watch', 'create', 'patch', 'delete'),
  can: ['weight', 'header'],
  metrics: 'nginx',
  shareOf: 'requests',
  lag: () => 5000,
  recognises: (object) => isNginx(object as Ingress),
  port: (object, services) => portIn(object as Ingress, services),
  members(object, others) {
    const main = object as Ingress
    const canaries = others
      .filter(({ kind, metadata }) => kind === INGRESS.kind && metadata.name !== main.metadata.name)
      .filter((other) => other.metadata.name === canaryName(main) || isCanaryBeside(other as Ingress, main))
    return [object, ...canaries]
  },
  problem,
  remarks: (object, others, backends) => sharers(object as Ingress, others as readonly Ingress[], backends),
  split(objects, backends, split) {
    const [main, ...others] = objects
    const live = ourCanary(objects)
    return [
      main,
      ...others.filter((other) => other !== live),
      canaryOf(main as Ingress, live, backends, split)
    ]
  },
  settle: (objects) => objects.filter((object) => object !== ourCanary(objects)),
  weight(objects, backends) {
    if (!refersTo(objects[0] as Ingress, backends.apex)) return undefined
    const canary = ourCanary(objects)
    if (canary === undefined) return 0
    const { [`${CANARY}-weight`]: weight = '0', [`${CANARY}-weight-total`]: total = '100' } =
      annotationsOf(canary)
    return (Number(weight) * 100) / Number(total)
  },
  // The controller tells nobody what it has taken.
  pending: () => undefined
}

function isNginx(ingress: Ingress): boolean {
  const name = classOf(ingress)
  if (isAlb(ingress)) return false
  return name === undefined
    ? Object.keys(annotationsOf(ingress)).some((key) => key.startsWith(PREFIX))
    : name.includes('nginx')
}

/** As the two controllers call themselves where they write the status. */
const STATUS_BY = { ours: 'nginx-ingress-controller', theirs: 'nginx-ingress' }

/**
 * Another controller, whose class is mostly called nginx as well. Whose a class is says the IngressClass, which no Role of
 * a namespace lets anybody read: what is left are the Ingress's own marks.
 */
function isOfNginxInc(ingress: Ingress): boolean {
  const writers = (ingress.metadata.managedFields ?? []).flatMap(({ manager, subresource }) =>
    subresource === 'status' ? (manager ?? []) : []
  )
  if (writers.includes(STATUS_BY.ours)) return false
  const keys = Object.keys(annotationsOf(ingress))
  const isMarked =
    keys.some((key) => /^nginx\.(org|com)\//.test(key)) && !keys.some((key) => key.startsWith(PREFIX))
  return isMarked || writers.includes(STATUS_BY.theirs)
}

const canaryName = ({ metadata }: KubernetesObject): string => `${metadata.name}-canary`

const ourCanary = ([main, ...others]: RouteObjects): KubernetesObject | undefined =>
  others.find((other) => other.metadata.name === canaryName(main) && isOurs(other))

const isMarked = (ingress: Ingress): boolean => annotationsOf(ingress)[CANARY] === 'true'

/** Hosts and paths, as the controller tells one location from another. */
const locationsOf = ({ spec }: Ingress): readonly string[] =>
  (spec.rules ?? []).flatMap(({ host = '', http }) =>
    (http?.paths ?? []).map(({ path = '/' }) => `${host}${path}`)
  )

function isCanaryBeside(other: Ingress, main: Ingress): boolean {
  const locations = locationsOf(main)
  return isMarked(other) && locationsOf(other).some((location) => locations.includes(location))
}

const refersTo = (ingress: Ingress, apex: string): boolean =>
  servicesOf(ingress).some(({ name }) => name === apex)

/** The controller hangs a canary on a Service and its port, whatever host or Ingress a request comes by. */
function sharers(main: Ingress, others: readonly Ingress[], backends: Backends): string[] {
  const portsTo = (ingress: Ingress): readonly unknown[] =>
    servicesOf(ingress).flatMap(({ name, port }) =>
      name === backends.apex ? (port?.number ?? port?.name ?? []) : []
    )
  return others
    .filter((other) => other.metadata.name !== main.metadata.name && isNginx(other))
    .filter((other) => !isMarked(other) && classOf(other) === classOf(main))
    .filter((other) => portsTo(other).some((port) => portsTo(main).includes(port)))
    .map(({ metadata, spec }) => {
      const hosts = (spec.rules ?? []).flatMap(({ host }) => host ?? [])
      const who = hosts.length === 0 ? '' : ` (${hosts.join(', ')})`
      return `ingress/${metadata.name}${who} sends its users to service/${backends.apex} too, and ingress-nginx shares out the Service whatever Ingress a request comes by: they get the same share of the new version, and header steps as well`
    })
}

/** The paths that refer to the apex, with the canary's Service behind them. */
function canarySpec(main: Ingress, { apex, canary }: Backends): Ingress['spec'] {
  const turned = (backend: IngressBackend | undefined): IngressBackend | undefined =>
    backend?.service?.name === apex
      ? { ...backend, service: { ...backend.service, name: canary } }
      : undefined
  const {
    rules = [],
    defaultBackend: main_,
    ...others
  } = mapPaths(main, (path): readonly IngressPath[] => {
    const backend = turned(path.backend)
    return backend === undefined ? [] : [{ ...path, backend }]
  })
  const defaultBackend = turned(main_)
  const used = rules.filter(({ http }) => http !== undefined && http.paths.length > 0)
  return {
    ...others,
    ...(defaultBackend && { defaultBackend }),
    ...(used.length > 0 && { rules: used })
  }
}

function canaryOf(
  main: Ingress,
  live: KubernetesObject | undefined,
  backends: Backends,
  split: Split
): Ingress {
  const { apiVersion, kind, metadata } = main
  const others = Object.entries(live?.metadata.annotations ?? {}).filter(([key]) => !key.startsWith(PREFIX))
  return {
    apiVersion,
    kind,
    metadata: {
      ...(live?.metadata ?? {
        name: canaryName(main),
        namespace: metadata.namespace ?? backends.namespace,
        labels: OURS
      }),
      annotations: { ...Object.fromEntries(others), ...canaryAnnotations(main, split) }
    },
    spec: canarySpec(main, backends)
  }
}

const canaryAnnotations = (main: Ingress, { weight, header }: Split): Readonly<Record<string, string>> => ({
  ...classAnnotation(main),
  ...Object.fromEntries(
    Object.entries(annotationsOf(main)).filter(
      ([key]) => key.startsWith(PREFIX) && OWN_IN_CANARY.test(key.slice(PREFIX.length))
    )
  ),
  [CANARY]: 'true',
  [`${CANARY}-weight`]: String(weight),
  [`${CANARY}-weight-total`]: '100',
  ...(header && { [`${CANARY}-by-header`]: header.name, [`${CANARY}-by-header-value`]: header.value })
})

function problem(objects: RouteObjects, { apex }: Backends): string | undefined {
  const [object, ...others] = objects
  const main = object as Ingress
  const name = `ingress/${main.metadata.name}`
  if (isMarked(main))
    return `${name} is the canary of another Ingress itself: name the main one in the input route`
  if (isOfNginxInc(main))
    return `${name} is of the controller of NGINX Inc (nginx.org), which knows no canary: no user would reach the new version by it. Leave the route out (strategy: canary goes by numbers of pods then), or name one of another kind`
  if (!refersTo(main, apex)) {
    const services = [...new Set(servicesOf(main).map((service) => `service/${service.name}`))]
    return `no path of ${name} refers to service/${apex}, they refer to ${services.join(', ') || 'none'}: name service/${apex} in the paths that users of this workload come through`
  }
  const [foreign] = others.filter((other) => other !== ourCanary(objects))
  if (foreign === undefined) return undefined
  return isMarked(foreign as Ingress)
    ? `ingress/${foreign.metadata.name} is a canary for the same host and path as ${name}, and there can be one only: delete it`
    : `ingress/${foreign.metadata.name} exists, and a release makes one of that name for the canary: rename it`
}
