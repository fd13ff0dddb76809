import { cut } from '../base/cut.ts'
import type { Deployment, KubernetesObject } from '../kubernetes/objects.ts'

/** What `kubectl rollout history` says of a revision. The Deployment's controller copies it to the ReplicaSet. */
export const CHANGE_CAUSE = 'kubernetes.io/change-cause'

const BEGINNING = 'greenlight '
const LONGEST = 200

/** Whether it is one that a release has written. */
export const isOurCause = (cause: string): boolean => cause.startsWith(BEGINNING)

/**
 * The Deployment with what its new revision is: the release, and the images that it brings.
 * @param written its manifest, whose author may have given a cause
 */
export function withCause(deployment: Deployment, release: string, written?: KubernetesObject): Deployment {
  const given = written?.metadata.annotations?.[CHANGE_CAUSE]
  if (given !== undefined && !isOurCause(given)) return deployment
  const images = deployment.spec.template.spec.containers.map(({ image }) => image ?? '').join(', ')
  return causedBy(deployment, cut(`${BEGINNING}${release}: ${images}`, LONGEST))
}

/** The Deployment with this cause, or with none. */
export function causedBy(deployment: Deployment, cause: string | undefined): Deployment {
  const { metadata } = deployment
  const { [CHANGE_CAUSE]: _, ...others } = metadata.annotations ?? {}
  const annotations = cause === undefined ? others : { ...others, [CHANGE_CAUSE]: cause }
  return { ...deployment, metadata: { ...metadata, annotations } }
}
