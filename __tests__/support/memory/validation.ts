import { ClusterError } from '../../../src/base/errors.ts'
import { misshapen } from '../../../src/kubernetes/shape.ts'
import { isTree } from '../../../src/kubernetes/tree.ts'
import type { Stored } from './stored.ts'

/** What the in-memory cluster refuses by itself, as the API server does. */

/** The fields of a type, and the types of those that are looked into; `*` is any key. */
interface Type {
  readonly fields: string
  readonly inner?: Readonly<Record<string, Type>>
}

const METADATA: Type = {
  fields:
    'annotations creationTimestamp deletionGracePeriodSeconds deletionTimestamp finalizers generateName generation labels managedFields name namespace ownerReferences resourceVersion selfLink uid'
}

const CONTAINER: Type = {
  fields:
    'args command env envFrom image imagePullPolicy lifecycle livenessProbe name ports readinessProbe resizePolicy resources restartPolicy securityContext startupProbe stdin stdinOnce terminationMessagePath terminationMessagePolicy tty volumeDevices volumeMounts workingDir',
  inner: {
    ports: { fields: 'containerPort hostIP hostPort name protocol' },
    resources: { fields: 'claims limits requests' }
  }
}

const POD_SPEC: Type = {
  fields:
    'activeDeadlineSeconds affinity automountServiceAccountToken containers dnsConfig dnsPolicy enableServiceLinks ephemeralContainers hostAliases hostIPC hostNetwork hostPID hostUsers hostname imagePullSecrets initContainers nodeName nodeSelector os overhead preemptionPolicy priority priorityClassName readinessGates resourceClaims resources restartPolicy runtimeClassName schedulerName schedulingGates securityContext serviceAccount serviceAccountName setHostnameAsFQDN shareProcessNamespace subdomain terminationGracePeriodSeconds tolerations topologySpreadConstraints volumes',
  inner: { containers: CONTAINER, initContainers: CONTAINER }
}

const TEMPLATE: Type = { fields: 'metadata spec', inner: { metadata: METADATA, spec: POD_SPEC } }

const kind = (fields: string, inner: Readonly<Record<string, Type>> = {}): Type => ({
  fields: `apiVersion kind metadata ${fields}`,
  inner: { metadata: METADATA, ...inner }
})

const TYPES: Readonly<Record<string, Type>> = {
  ConfigMap: kind('binaryData data immutable'),
  Secret: kind('data immutable stringData type'),
  Deployment: kind('spec status', {
    spec: {
      fields:
        'minReadySeconds paused progressDeadlineSeconds replicas revisionHistoryLimit selector strategy template',
      inner: { template: TEMPLATE, selector: { fields: 'matchExpressions matchLabels' } }
    }
  }),
  HorizontalPodAutoscaler: kind('spec status', {
    spec: { fields: 'behavior maxReplicas metrics minReplicas scaleTargetRef' }
  }),
  Service: kind('spec status', {
    spec: {
      fields:
        'allocateLoadBalancerNodePorts clusterIP clusterIPs externalIPs externalName externalTrafficPolicy healthCheckNodePort internalTrafficPolicy ipFamilies ipFamilyPolicy loadBalancerClass loadBalancerIP loadBalancerSourceRanges ports publishNotReadyAddresses selector sessionAffinity sessionAffinityConfig trafficDistribution type',
      inner: { ports: { fields: 'appProtocol name nodePort port protocol targetPort' } }
    }
  })
}

const typeOf = ({ apiVersion, kind: name }: Stored): Type | undefined =>
  apiVersion.includes('.') ? undefined : TYPES[name]

function unknownIn(value: unknown, { fields, inner = {} }: Type, path: string): readonly string[] {
  if (Array.isArray(value))
    return value.flatMap((item, at) => unknownIn(item, { fields, inner }, `${path}[${at}]`))
  if (!isTree(value)) return []
  const known = new Set(fields.split(' '))
  return Object.entries(value).flatMap(([key, one]) => {
    const at = path === '' ? key : `${path}.${key}`
    if (!known.has(key)) return [at]
    return inner[key] === undefined ? [] : unknownIn(one, inner[key], at)
  })
}

/** Fields that the API server does not know, and so does not keep: `spec.template.spec.containers[0].resource`. */
export function unknownFields(object: Stored): readonly string[] {
  const type = typeOf(object)
  return type === undefined ? [] : unknownIn(object, type, '')
}

function knownIn(value: unknown, { fields, inner = {} }: Type): unknown {
  if (Array.isArray(value)) return value.map((item) => knownIn(item, { fields, inner }))
  if (!isTree(value)) return value
  const known = new Set(fields.split(' '))
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => known.has(key))
      .map(([key, one]) => [key, inner[key] === undefined ? one : knownIn(one, inner[key])])
  )
}

/** The object as it is kept. */
export function withoutUnknown<T extends Stored>(object: T): T {
  const type = typeOf(object)
  return type === undefined || unknownIn(object, type, '').length === 0
    ? object
    : (knownIn(object, type) as T)
}

/** @throws ClusterError for what is not of the shape of its kind, and for unknown fields of what is to be strict */
export function refuseWrong(object: Stored, strict: boolean): void {
  const unknown = unknownFields(object)
  if (strict && unknown.length > 0) {
    const words = unknown.map((field) => `unknown field "${field}"`).join(', ')
    throw new ClusterError(
      `${object.kind} in version "v1" cannot be handled: strict decoding error: ${words}`,
      400
    )
  }
  const wrong = misshapen(object as never)
  if (wrong !== undefined)
    throw new ClusterError(`${object.kind} "${object.metadata.name}" is invalid: ${wrong}`, 422)
}
