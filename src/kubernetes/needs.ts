/** What a release must be allowed to do, as RBAC names it. `examples/role.yaml` grants exactly this. */
export interface Need {
  readonly verb: string
  /** '' is the core group. */
  readonly group: string
  readonly resource: string
  readonly subresource?: string
  readonly name?: string
}

const need = (group: string, resource: string, ...verbs: string[]): Need[] => {
  const [name = '', subresource] = resource.split('/')
  return verbs.map((verb) => ({
    verb,
    group,
    resource: name,
    ...(subresource === undefined ? {} : { subresource })
  }))
}

/** Reading and moving: every command that changes something needs these. */
export const releaseNeeds: readonly Need[] = [
  ...need('', 'services', 'get', 'list', 'watch', 'patch'),
  ...need('', 'pods', 'list', 'watch'),
  ...need('', 'pods/log', 'get'),
  ...need('', 'events', 'list'),
  ...need('apps', 'deployments', 'get', 'list', 'watch', 'create', 'update', 'patch'),
  ...need('apps', 'replicasets', 'get'),
  ...need('autoscaling', 'horizontalpodautoscalers', 'list', 'patch'),
  ...need('coordination.k8s.io', 'leases', 'get', 'create', 'update'),
  ...need('discovery.k8s.io', 'endpointslices', 'list', 'watch')
]

/** Reaching the canary's pods before any user does. */
export const smokeNeeds: readonly Need[] = [
  ...need('', 'pods/proxy', 'get'),
  ...need('', 'pods/portforward', 'get', 'create')
]

/** What `status` reads. */
export const statusNeeds: readonly Need[] = releaseNeeds.filter(
  ({ verb }) => verb === 'get' || verb === 'list'
)
