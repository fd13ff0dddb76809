import type { KubernetesObject } from '../kubernetes/objects.ts'
import type { PortRef } from '../kubernetes/ports.ts'
import type { OwnServices } from './route.ts'

/** Fields of an Ingress that are read or written here; all others are carried along. */
export interface IngressService {
  readonly name: string
  readonly port?: { readonly name?: string; readonly number?: number }
}

export interface IngressBackend {
  readonly service?: IngressService
}

export interface IngressPath {
  readonly path?: string
  readonly pathType?: string
  readonly backend: IngressBackend
}

export interface IngressRule {
  readonly host?: string
  readonly http?: { readonly paths: readonly IngressPath[] }
}

export interface Ingress extends KubernetesObject {
  readonly spec: {
    readonly ingressClassName?: string
    readonly defaultBackend?: IngressBackend
    readonly tls?: readonly unknown[]
    readonly rules?: readonly IngressRule[]
  }
}

/** Instead of a port's name: what the path does stands in an annotation. */
export const USE_ANNOTATION = 'use-annotation'

export const INGRESS = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' }

const CLASS_ANNOTATION = 'kubernetes.io/ingress.class'

export const annotationsOf = ({ metadata }: KubernetesObject): Readonly<Record<string, string>> =>
  metadata.annotations ?? {}

export const classOf = (ingress: Ingress): string | undefined =>
  ingress.spec.ingressClassName ?? annotationsOf(ingress)[CLASS_ANNOTATION]

/** The annotation that names the class where the field does not. */
export function classAnnotation(ingress: Ingress): Readonly<Record<string, string>> {
  const name = annotationsOf(ingress)[CLASS_ANNOTATION]
  return name === undefined ? {} : { [CLASS_ANNOTATION]: name }
}

/** All Services that the Ingress names, the default backend's last. */
export const servicesOf = ({ spec }: Ingress): readonly IngressService[] => [
  ...(spec.rules ?? []).flatMap(({ http }) =>
    (http?.paths ?? []).flatMap(({ backend }) => backend.service ?? [])
  ),
  ...(spec.defaultBackend?.service === undefined ? [] : [spec.defaultBackend.service])
]

/** The port by which one of these Services is named; that of an action is none. */
export function portIn(ingress: Ingress, { apex, stable }: OwnServices): PortRef | undefined {
  const ports = servicesOf(ingress).flatMap(({ name, port }) =>
    [apex, stable].includes(name) ? (port?.number ?? port?.name ?? []) : []
  )
  return ports.find((port) => port !== USE_ANNOTATION)
}

/** Each path becomes those that `turn` makes of it; rules stay, with whatever paths they are left with. */
export function mapPaths(
  { spec }: Ingress,
  turn: (path: IngressPath, rule: IngressRule) => readonly IngressPath[]
): Ingress['spec'] {
  const rules = spec.rules?.map((rule) =>
    rule.http === undefined
      ? rule
      : { ...rule, http: { ...rule.http, paths: rule.http.paths.flatMap((path) => turn(path, rule)) } }
  )
  return rules === undefined ? spec : { ...spec, rules }
}

/** Each Service that is named becomes what `turn` makes of it. */
export function mapServices(ingress: Ingress, turn: (service: IngressService) => IngressService): Ingress {
  const turned = (backend: IngressBackend): IngressBackend =>
    backend.service === undefined ? backend : { ...backend, service: turn(backend.service) }
  const spec = mapPaths(ingress, (path) => [{ ...path, backend: turned(path.backend) }])
  const { defaultBackend } = spec
  return {
    ...ingress,
    spec: defaultBackend === undefined ? spec : { ...spec, defaultBackend: turned(defaultBackend) }
  }
}
