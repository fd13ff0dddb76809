import type { Manifest } from '../kubernetes/manifests.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'
import { groupOf } from '../kubernetes/ref.ts'

/** By API group, the kinds that send users to Services. */
const ROUTES: Readonly<Record<string, readonly string[]>> = {
  'networking.k8s.io': ['Ingress'],
  'gateway.networking.k8s.io': ['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute'],
  'networking.istio.io': ['VirtualService'],
  'traefik.io': ['IngressRoute', 'IngressRouteTCP', 'IngressRouteUDP', 'TraefikService'],
  'traefik.containo.us': ['IngressRoute', 'IngressRouteTCP', 'IngressRouteUDP', 'TraefikService'],
  'projectcontour.io': ['HTTPProxy'],
  'route.openshift.io': ['Route']
}

/** What decides on the number of pods. */
const AUTOSCALERS: Readonly<Record<string, readonly string[]>> = {
  autoscaling: ['HorizontalPodAutoscaler'],
  'keda.sh': ['ScaledObject']
}

const isAmong = (
  kinds: Readonly<Record<string, readonly string[]>>,
  { apiVersion, kind }: KubernetesObject
): boolean => kinds[groupOf(apiVersion)]?.includes(kind) === true

/**
 * What of the manifests has to wait until the first version serves: an autoscaler, which would add pods to those under test,
 * and then the routes, which would answer every user with an error before.
 */
export function lateAmong(manifests: readonly Manifest[]): readonly Manifest[] {
  const among = (kinds: typeof ROUTES): readonly Manifest[] =>
    manifests.filter(({ object }) => isAmong(kinds, object))
  return [...among(AUTOSCALERS), ...among(ROUTES)]
}
