import { ClusterError } from '../../base/errors.ts'
import type { HttpAnswer } from '../cluster.ts'
import { groupOf } from '../ref.ts'
import { readJson } from './refusal.ts'

/** Where the API server keeps the objects of a kind. */
export interface Resource {
  readonly apiVersion: string
  readonly kind: string
  readonly plural: string
  readonly namespaced: boolean
}

interface ResourceList {
  readonly resources?:
    | readonly {
        readonly name: string
        readonly kind: string
        readonly namespaced: boolean
      }[]
    | null
}

const builtIn = (apiVersion: string, namespaced: boolean, plurals: Readonly<Record<string, string>>) =>
  Object.entries(plurals).map(([kind, plural]): Resource => ({ apiVersion, kind, plural, namespaced }))

/** Built-in kinds that Greenlight works with: every cluster has them, so it need not be asked. */
const KNOWN = [
  ...builtIn('v1', true, {
    ConfigMap: 'configmaps',
    Event: 'events',
    LimitRange: 'limitranges',
    Pod: 'pods',
    ResourceQuota: 'resourcequotas',
    Secret: 'secrets',
    Service: 'services',
    ServiceAccount: 'serviceaccounts'
  }),
  ...builtIn('v1', false, { Namespace: 'namespaces' }),
  ...builtIn('apps/v1', true, {
    DaemonSet: 'daemonsets',
    Deployment: 'deployments',
    ReplicaSet: 'replicasets',
    StatefulSet: 'statefulsets'
  }),
  ...builtIn('autoscaling/v2', true, { HorizontalPodAutoscaler: 'horizontalpodautoscalers' }),
  ...builtIn('coordination.k8s.io/v1', true, { Lease: 'leases' }),
  ...builtIn('discovery.k8s.io/v1', true, { EndpointSlice: 'endpointslices' }),
  ...builtIn('networking.k8s.io/v1', true, { Ingress: 'ingresses', NetworkPolicy: 'networkpolicies' }),
  ...builtIn('policy/v1', true, { PodDisruptionBudget: 'poddisruptionbudgets' }),
  ...builtIn('rbac.authorization.k8s.io/v1', true, { Role: 'roles', RoleBinding: 'rolebindings' }),
  ...builtIn('authorization.k8s.io/v1', false, {
    SelfSubjectAccessReview: 'selfsubjectaccessreviews',
    SelfSubjectRulesReview: 'selfsubjectrulesreviews'
  })
]

const rootOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`

/** Path of one object, or of all in the namespace, or in the whole cluster. */
export function pathOf(
  { apiVersion, plural, namespaced }: Resource,
  namespace?: string,
  name?: string
): string {
  const folder = namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : ''
  const object = name === undefined ? '' : `/${encodeURIComponent(name)}`
  return `${rootOf(apiVersion)}${folder}/${plural}${object}`
}

/** Finds the resource of a kind; asks the API server once for each group that is not built in. */
export function createDiscovery(read: (path: string) => Promise<HttpAnswer>) {
  const found = new Map(KNOWN.map((resource) => [keyOf(resource), resource]))
  const asked = new Map<string, Promise<readonly Resource[]>>()

  return async (apiVersion: string, kind: string): Promise<Resource> => {
    const key = keyOf({ apiVersion, kind })
    if (!found.has(key)) {
      const answer = asked.get(apiVersion) ?? ask(apiVersion)
      asked.set(apiVersion, answer)
      // Not kept when it ends: a CRD may be installed a moment later.
      await answer
        .finally(() => asked.delete(apiVersion))
        .then((all) => {
          all.forEach((one) => found.set(keyOf(one), one))
        })
    }
    const resource = found.get(key)
    if (resource === undefined)
      throw new ClusterError(`the cluster has no kind ${kind} in ${apiVersion}; is its CRD installed?`, 404)
    return resource
  }

  async function ask(apiVersion: string): Promise<readonly Resource[]> {
    const path = rootOf(apiVersion)
    const answer = await read(path)
    if (answer.status === 404) return []
    const call = { verb: 'get', group: groupOf(apiVersion), resource: path, kind: path, namespace: undefined }
    const { resources } = readJson(call, answer) as ResourceList
    return (resources ?? [])
      .filter(({ name }) => !name.includes('/'))
      .map(({ name, kind, namespaced }) => ({ apiVersion, kind, plural: name, namespaced }))
  }
}

const keyOf = ({ apiVersion, kind }: Pick<Resource, 'apiVersion' | 'kind'>): string => `${apiVersion} ${kind}`
