import type { KubernetesObject } from '../kubernetes/objects.ts'

/**
 * Names the run that made an object which decides about pods, or that took the lock over from a run that had not given
 * it back. A write of that earlier run may still arrive; it tests this annotation, and is refused when it has changed.
 */
export const FENCE_ANNOTATION = 'greenlight.dev/claimed-by'

export const fenceOf = ({ metadata }: KubernetesObject): string | undefined =>
  metadata.annotations?.[FENCE_ANNOTATION]

/** The object with this claim. */
export const withFence = <T extends KubernetesObject>(object: T, claim: string | undefined): T =>
  claim === undefined
    ? object
    : {
        ...object,
        metadata: {
          ...object.metadata,
          annotations: { ...object.metadata.annotations, [FENCE_ANNOTATION]: claim }
        }
      }
