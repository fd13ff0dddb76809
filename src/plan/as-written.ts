import type { Deployment } from '../kubernetes/objects.ts'

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta */
const METADATA: ReadonlySet<string> = new Set([
  'annotations',
  'clusterName',
  'creationTimestamp',
  'deletionGracePeriodSeconds',
  'deletionTimestamp',
  'finalizers',
  'generateName',
  'generation',
  'labels',
  'managedFields',
  'name',
  'namespace',
  'ownerReferences',
  'resourceVersion',
  'selfLink',
  'uid'
])

/**
 * A Deployment of a release with everything that its author has written besides: what a release sets by itself, and what
 * no Deployment has. For the API server to judge; it is never written so.
 */
export function asWritten(canary: Deployment, written: Deployment): Deployment {
  const { metadata, spec, status: _, ...rest } = written
  const strange = Object.entries(metadata).filter(([key]) => !METADATA.has(key))
  const sizes = Object.entries({ replicas: spec.replicas, paused: spec.paused }).filter(
    ([, value]) => value !== undefined
  )
  return {
    ...rest,
    ...canary,
    metadata: { ...Object.fromEntries(strange), ...canary.metadata },
    spec: { ...canary.spec, ...(Object.fromEntries(sizes) as object) }
  }
}
