import type { Right } from './rights.ts'

/** `need('apps', 'deployments', 'get', 'patch')`: a right for each verb. */
export const need = (group: string, resource: string, ...verbs: string[]): Right[] => {
  const [name = '', subresource] = resource.split('/')
  return verbs.map((verb) => ({
    verb,
    group,
    resource: name,
    ...(subresource === undefined ? {} : { subresource })
  }))
}

/** Reading and moving: every command that changes something needs these. `examples/role.yaml` grants exactly this. */
export const releaseNeeds: readonly Right[] = [
  ...need('', 'services', 'get', 'list', 'watch', 'patch'),
  ...need('', 'pods', 'list', 'watch'),
  ...need('', 'pods/log', 'get'),
  ...need('', 'events', 'list'),
  ...need('apps', 'deployments', 'get', 'list', 'watch', 'create', 'update', 'patch'),
  ...need('apps', 'replicasets', 'get', 'list'),
  ...need('autoscaling', 'horizontalpodautoscalers', 'list', 'patch'),
  ...need('coordination.k8s.io', 'leases', 'get', 'create', 'update'),
  ...need('discovery.k8s.io', 'endpointslices', 'list', 'watch')
]

/** Reaching the canary's pods before any user does. */
export const smokeNeeds: readonly Right[] = [
  ...need('', 'pods/proxy', 'get', 'create'),
  ...need('', 'pods/portforward', 'get', 'create')
]

/** Applying ConfigMaps and Secrets of the manifests, those of these kinds. */
export const configNeeds = (kinds: ReadonlySet<string>): readonly Right[] => [
  ...(kinds.has('ConfigMap') ? need('', 'configmaps', 'create', 'patch') : []),
  ...(kinds.has('Secret') ? need('', 'secrets', 'create', 'patch') : [])
]

/** Removing what no version refers to any more. */
export const configRemovalNeeds: readonly Right[] = [
  ...need('', 'configmaps', 'list', 'delete'),
  ...need('', 'secrets', 'list', 'delete'),
  ...need('apps', 'deployments', 'list'),
  ...need('apps', 'replicasets', 'list')
]

/** What `status` reads. */
export const statusNeeds: readonly Right[] = releaseNeeds.filter(
  ({ verb }) => verb === 'get' || verb === 'list'
)
