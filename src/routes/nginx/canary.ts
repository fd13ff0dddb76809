import type { KubernetesObject } from '../../kubernetes/objects.ts'
import { isOurs, OURS } from '../../kubernetes/ours.ts'
import {
  annotationsOf,
  classAnnotation,
  mapPaths,
  type Ingress,
  type IngressBackend,
  type IngressPath
} from '../ingress.ts'
import type { Backends, RouteObjects, Split } from '../route.ts'

export const PREFIX = 'nginx.ingress.kubernetes.io/'
export const CANARY = `${PREFIX}canary`

/** Annotations that the canary Ingress needs itself. The controller takes all others from the main Ingress. */
const OWN_IN_CANARY = /^(load-balance|upstream-hash-by.*|service-upstream|affinity.*|session-cookie-.*)$/

export const canaryName = ({ metadata }: KubernetesObject): string => `${metadata.name}-canary`

export const ourCanary = ([main, ...others]: RouteObjects): KubernetesObject | undefined =>
  others.find((other) => other.metadata.name === canaryName(main) && isOurs(other))

export const isMarked = (ingress: Ingress): boolean => annotationsOf(ingress)[CANARY] === 'true'

export function canaryOf(
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
