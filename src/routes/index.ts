import type { KubernetesObject } from '../kubernetes/objects.ts'
import { albRoute } from './alb/alb.ts'
import { httpProxyRoute } from './contour/contour.ts'
import { grpcRoute, httpRoute } from './gateway/gateway.ts'
import { virtualServiceRoute } from './istio/virtual-service.ts'
import { nginxRoute } from './nginx/nginx.ts'
import type { Route } from './route.ts'
import { serviceRoute } from './service.ts'
import { traefikServiceRoute } from './traefik.ts'

/** Every kind of route. Of several with the same kind the first that recognises an object has it. */
export const ROUTES: readonly Route[] = [
  serviceRoute,
  httpRoute,
  grpcRoute,
  virtualServiceRoute,
  albRoute,
  nginxRoute,
  traefikServiceRoute,
  httpProxyRoute
]

export const routesOfKind = (kind: string): readonly Route[] => ROUTES.filter((route) => route.kind === kind)

export const routeFor = (kind: string, object: KubernetesObject): Route | undefined =>
  routesOfKind(kind).find(({ recognises }) => recognises?.(object) ?? true)
