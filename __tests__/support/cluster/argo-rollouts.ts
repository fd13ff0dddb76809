import type { Deployment, KubernetesObject, Service } from '../../../src/kubernetes/objects.ts'
import { eventually } from './eventually.ts'
import { admin } from './real-cluster.ts'
import { workload, type WorkloadOptions } from './workload.ts'

/** A Rollout of Argo Rollouts, as far as the tests read it. */
export interface Rollout extends KubernetesObject {
  readonly metadata: KubernetesObject['metadata'] & { readonly generation: number }
  readonly spec: Pick<Deployment['spec'], 'replicas' | 'template'>
  readonly status?: {
    readonly phase?: string
    readonly replicas?: number
    readonly message?: string
    /** A string, unlike that of every built-in kind. */
    readonly observedGeneration?: string
    readonly currentPodHash?: string
    readonly stableRS?: string
    readonly currentStepIndex?: number
    readonly controllerPause?: boolean
    readonly abort?: boolean
    readonly pauseConditions?: readonly { readonly reason: string; readonly startTime: string }[]
    readonly canary?: {
      readonly weights?: { readonly canary: { readonly weight: number } }
      readonly currentStepAnalysisRunStatus?: { readonly name: string; readonly status: string }
    }
    readonly blueGreen?: { readonly activeSelector?: string; readonly previewSelector?: string }
  }
}

const API = 'argoproj.io/v1alpha1'

/** The label that tells the ReplicaSets of a Rollout, and so their pods, apart. */
export const POD_HASH = 'rollouts-pod-template-hash'

/** A Rollout as a team would write it: pods as a Deployment's, and how Argo Rollouts is to release them. */
export function rollout(strategy: object, options: WorkloadOptions = {}): KubernetesObject {
  const { metadata, spec } = workload(options)
  return { apiVersion: API, kind: 'Rollout', metadata, spec: { ...spec, strategy } } as KubernetesObject
}

/** One measurement in the test cluster's Prometheus. */
export const analysisTemplate = (name: string, query: string, successCondition: string): KubernetesObject =>
  ({
    apiVersion: API,
    kind: 'AnalysisTemplate',
    metadata: { name },
    spec: {
      metrics: [
        {
          name,
          count: 1,
          successCondition,
          provider: { prometheus: { address: 'http://prometheus.monitoring:9090', query } }
        }
      ]
    }
  }) as KubernetesObject

/** A Service for the pods of one version: the controller adds their hash to its selector. */
export const versionService = (name: string): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] }
})

const refOf = (namespace: string, name: string) => ({ apiVersion: API, kind: 'Rollout', namespace, name })

export async function getRollout(namespace: string, name = 'web'): Promise<Rollout> {
  const found = await admin.get<Rollout>(refOf(namespace, name))
  if (found === undefined) throw new Error(`there is no rollout/${name} in ${namespace}`)
  return found
}

/** Whether its status is about the object as it is now. */
const isObserved = ({ metadata, status }: Rollout): boolean =>
  Number(status?.observedGeneration) === metadata.generation

/** Milliseconds for which a Rollout must not change before somebody else writes its status. */
const QUIET = 1000

/**
 * Waits until the Rollout is as it should be, and its controller has written all it had to write. It puts what it has just
 * written into its cache, over what came by the watch meanwhile: a write of others in this very moment is overlooked, until
 * the next event or for a quarter of an hour.
 */
export async function untilRollout(
  namespace: string,
  what: string,
  isSo: (rollout: Rollout) => boolean,
  name = 'web'
): Promise<Rollout> {
  let last = ''
  let since = 0
  const isQuiet = ({ metadata: { resourceVersion = '' } }: Rollout): boolean => {
    if (resourceVersion !== last) since = Date.now()
    last = resourceVersion
    return Date.now() - since >= QUIET
  }
  return eventually(
    `rollout/${name} in ${namespace} ${what}`,
    () => getRollout(namespace, name),
    (found) => isQuiet(found) && isObserved(found) && isSo(found)
  )
}

/** As `kubectl argo rollouts set image`, but refused if somebody has written it meanwhile. */
export async function setRolloutImage(namespace: string, image: string, name = 'web'): Promise<void> {
  const { metadata } = await getRollout(namespace, name)
  await admin.patch(refOf(namespace, name), [
    { op: 'test', path: '/metadata/resourceVersion', value: metadata.resourceVersion },
    { op: 'replace', path: '/spec/template/spec/containers/0/image', value: image }
  ])
}

/** What `kubectl argo rollouts` writes to the status: a merge patch, or a JSON patch where it is an array. */
export async function patchRolloutStatus(namespace: string, patch: object, name = 'web'): Promise<number> {
  const type = Array.isArray(patch) ? 'json-patch' : 'merge-patch'
  const { status } = await admin.send({
    method: 'PATCH',
    path: `/apis/${API}/namespaces/${namespace}/rollouts/${name}/status`,
    headers: { 'content-type': `application/${type}+json` },
    body: JSON.stringify(patch)
  })
  return status
}
