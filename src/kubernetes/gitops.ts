import type { KubernetesObject } from './objects.ts'
import { withoutKeys, type Labels } from './selectors.ts'

/** The tool that keeps an object as it is in Git, and the object of the tool that names it. */
export interface GitOpsOwner {
  readonly kind: 'Application' | 'Kustomization' | 'HelmRelease'
  /** Of the tool's object; empty when nothing tells. */
  readonly name: string
  readonly namespace: string
}

/** Annotations of hooks, which Helm or Argo CD apply at their own time. */
export const HELM_HOOK = 'helm.sh/hook'
export const ARGO_HOOK = 'argocd.argoproj.io/hook'

export const ARGO_LABEL = 'app.kubernetes.io/instance'
const ARGO_TRACKING = 'argocd.argoproj.io/tracking-id'
/** Where Argo CD is installed, and with it the Applications that are named without a namespace. */
const ARGO_NAMESPACE = 'argocd'
const KUSTOMIZE = 'kustomize.toolkit.fluxcd.io'
const HELM = 'helm.toolkit.fluxcd.io'

/** The field manager that each writes as. */
export const managers: Readonly<Record<GitOpsOwner['kind'], string>> = {
  Application: 'argocd-controller',
  Kustomization: 'kustomize-controller',
  HelmRelease: 'helm-controller'
}

const isWrittenBy = ({ metadata }: KubernetesObject, kind: GitOpsOwner['kind']): boolean =>
  metadata.managedFields?.some(({ manager }) => manager === managers[kind]) ?? false

/** Who keeps an object as it is in Git. Labels alone may have been copied from another object. */
export function gitOpsOwnerOf(object: KubernetesObject): GitOpsOwner | undefined {
  return argoOf(object) ?? fluxOf(object, 'Kustomization', KUSTOMIZE) ?? fluxOf(object, 'HelmRelease', HELM)
}

function argoOf(object: KubernetesObject): GitOpsOwner | undefined {
  const { name, namespace = '', annotations = {}, labels = {} } = object.metadata
  // <application>:<group>/<kind>:<namespace>/<name>; an Application in a namespace of its own is <namespace>_<name>.
  const [application = '', , tracked] = annotations[ARGO_TRACKING]?.split(':') ?? []
  if (tracked === `${namespace}/${name}`) {
    const [first = '', second] = application.split('_')
    return second === undefined
      ? { kind: 'Application', name: first, namespace: ARGO_NAMESPACE }
      : { kind: 'Application', name: second, namespace: first }
  }
  if (!isWrittenBy(object, 'Application')) return undefined
  return { kind: 'Application', name: labels[ARGO_LABEL] ?? '', namespace: ARGO_NAMESPACE }
}

function fluxOf(object: KubernetesObject, kind: GitOpsOwner['kind'], group: string): GitOpsOwner | undefined {
  const { labels = {}, annotations = {} } = object.metadata
  const [name, namespace = ''] = [labels[`${group}/name`], labels[`${group}/namespace`]]
  if (name === undefined || !isWrittenBy(object, kind)) return undefined
  return annotations[`${group}/driftDetection`] === 'disabled' || isLeftAlone(annotations)
    ? undefined
    : { kind, name, namespace }
}

/** By annotations of Flux on the object itself. */
function isLeftAlone(annotations: Labels): boolean {
  const policy = annotations[`${KUSTOMIZE}/ssa`]?.toLowerCase()
  return (
    annotations[`${KUSTOMIZE}/reconcile`]?.toLowerCase() === 'disabled' ||
    policy === 'ifnotpresent' ||
    policy === 'ignore'
  )
}

/** The object as `kubectl apply` got it: of a Secret, all that is in it. */
export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/**
 * Whether Git says what is in a field; undefined when it cannot be told, because we have written it since.
 * @param becomes where the field is a map, what we make of it: a client-side apply leaves pairs alone that it does not have
 */
export function declares(
  object: KubernetesObject,
  { kind }: GitOpsOwner,
  field: string,
  becomes?: readonly Labels[]
): boolean | undefined {
  const { managedFields = [], annotations = {} } = object.metadata
  const applied = annotations[LAST_APPLIED]
  const serverSide = managedFields.some(
    ({ manager, operation }) => manager === managers[kind] && operation === 'Apply'
  )
  if (kind === 'Application' && !serverSide && applied !== undefined) {
    const value = valueAt(parsed(applied), field)
    return value !== undefined && becomes?.every((map) => contains(map, value)) !== true
  }
  if (owns(object, managers[kind], field)) return true
  return owns(object, 'greenlight', field) ? undefined : false
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

const contains = (map: Labels, part: unknown): boolean =>
  typeof part === 'object' &&
  part !== null &&
  Object.entries(part).every(([key, value]) => map[key] === value)

const keysOf = (field: string): string[] =>
  field
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))

const valueAt = (value: unknown, field: string): unknown =>
  keysOf(field).reduce<unknown>(
    (at, key) => (at as Readonly<Record<string, unknown>> | undefined)?.[key],
    value
  )

/** Whether a manager has a field, or something in it. */
const owns = ({ metadata }: KubernetesObject, manager: string, field: string): boolean =>
  (metadata.managedFields ?? []).some(
    (entry) =>
      entry.manager === manager &&
      valueAt(
        entry.fieldsV1,
        keysOf(field)
          .map((key) => `/f:${key.replaceAll('~', '~0').replaceAll('/', '~1')}`)
          .join('')
      ) !== undefined
  )

/**
 * Labels and annotations as a copy of the object may have them: without what says that Git has it. Argo CD and Flux
 * remove objects that say so and are not there.
 */
export function copiedMetadata(object: KubernetesObject): { labels: Labels; annotations: Labels } {
  const { labels = {}, annotations = {} } = object.metadata
  const ours = withoutKeys(
    labels,
    ...[KUSTOMIZE, HELM].flatMap((group) => [`${group}/name`, `${group}/namespace`])
  )
  const tracked = isWrittenBy(object, 'Application') || annotations[ARGO_TRACKING] !== undefined
  return {
    labels: tracked ? withoutKeys(ours, ARGO_LABEL) : ours,
    annotations: withoutKeys(annotations, ARGO_TRACKING)
  }
}
