import type { Right } from './rights.ts'

const FILES = 'examples/kubernetes'

/** What role.yaml has, which every release beside the old version needs. */
const COMMON: ReadonlySet<string> = new Set([
  'services',
  'discovery.k8s.io/endpointslices',
  'apps/deployments',
  'apps/replicasets',
  'autoscaling/horizontalpodautoscalers',
  'pods',
  'pods/log',
  'pods/proxy',
  'pods/portforward',
  'events',
  'coordination.k8s.io/leases'
])

const SPECIAL: Readonly<Record<string, string>> = {
  configmaps: 'role-config.yaml',
  secrets: 'role-config.yaml',
  'batch/jobs': 'role-watchdog.yaml',
  'services/proxy': 'prometheus-role.yaml',
  'gateway.networking.k8s.io/httproutes': 'role-httproute.yaml',
  'gateway.networking.k8s.io/grpcroutes': 'role-grpcroute.yaml',
  'networking.istio.io/virtualservices': 'role-virtualservice.yaml',
  'networking.istio.io/destinationrules': 'role-virtualservice.yaml',
  'networking.k8s.io/ingresses': 'role-ingress.yaml',
  'traefik.io/traefikservices': 'role-traefikservice.yaml',
  'projectcontour.io/httpproxies': 'role-httpproxy.yaml'
}

/** The file among the examples that grants it; undefined of what only the user's own manifests need. */
export function roleFileFor({ group, resource, subresource, verb }: Right): string | undefined {
  const name = `${group === '' ? '' : `${group}/`}${resource}${subresource === undefined ? '' : `/${subresource}`}`
  // The new version's own Service is for routes, whatever kind they are of.
  if (name === 'services' && verb === 'create') return `${FILES}/role-<kind of the route>.yaml`
  const file = COMMON.has(name) ? 'role.yaml' : SPECIAL[name]
  return file === undefined ? undefined : `${FILES}/${file}`
}
