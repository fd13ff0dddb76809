import type { Right } from './rights.ts'

const FOLDER = 'examples/kubernetes'

/** What each file among the examples grants, `get list` a resource. */
const GRANTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'role.yaml': {
    services: 'get list watch patch',
    'discovery.k8s.io/endpointslices': 'list watch',
    'apps/deployments': 'get list watch create update patch',
    'apps/replicasets': 'get list',
    'autoscaling/horizontalpodautoscalers': 'list patch',
    pods: 'list watch',
    'pods/log': 'get',
    events: 'list',
    'coordination.k8s.io/leases': 'get create update',
    'pods/proxy': 'get create',
    'pods/portforward': 'get create'
  },
  'role-config.yaml': { configmaps: 'create patch list delete', secrets: 'create patch list delete' },
  'role-jobs.yaml': { 'batch/jobs': 'get list watch create patch' },
  'role-watchdog.yaml': { 'batch/jobs': 'list create delete' },
  'role-httproute.yaml': { 'gateway.networking.k8s.io/httproutes': 'get list watch patch' },
  'role-grpcroute.yaml': { 'gateway.networking.k8s.io/grpcroutes': 'get list watch patch' },
  'role-virtualservice.yaml': {
    'networking.istio.io/virtualservices': 'get list watch patch',
    'networking.istio.io/destinationrules': 'get list watch create patch delete'
  },
  'role-ingress.yaml': { 'networking.k8s.io/ingresses': 'get list watch create patch delete' },
  'role-traefikservice.yaml': { 'traefik.io/traefikservices': 'get list watch patch' },
  'role-httpproxy.yaml': { 'projectcontour.io/httpproxies': 'get list watch patch' },
  'role-rollout.yaml': {
    'argoproj.io/rollouts': 'get list watch patch',
    'argoproj.io/rollouts/status': 'patch',
    'argoproj.io/analysisruns': 'list',
    'argoproj.io/analysistemplates': 'get create patch',
    'apps/replicasets': 'watch'
  },
  'role-canary.yaml': {
    'flagger.app/canaries': 'get list watch patch',
    'flagger.app/metrictemplates': 'get create patch',
    'services/proxy': 'create'
  },
  'prometheus-role.yaml': { 'services/proxy': 'get' },
  // The new version's own Service is for routes, whatever kind they are of.
  'role-<kind of the route>.yaml': { services: 'create' },
  'role-install.yaml': { services: 'create' }
}

/** The file that grants it; undefined of what only the user's own manifests need. */
export function roleFileFor({ group, resource, subresource, verb, role }: Right): string | undefined {
  if (role !== undefined) return `${FOLDER}/${role}`
  const name = [group, resource, subresource].filter((part) => part !== undefined && part !== '').join('/')
  const found = Object.entries(GRANTS).find(([, grants]) => grants[name]?.split(' ').includes(verb))
  return found && `${FOLDER}/${found[0]}`
}
