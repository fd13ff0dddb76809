import type { KubernetesObject } from '../kubernetes/objects.ts'

/**
 * On what decides about pods: the run that has made it, or has taken the lock over from a run that had not given it
 * back. What that one has sent may still arrive: it is refused where another claim stands than it has found.
 */
export const FENCE_ANNOTATION = 'greenlight.dev/claimed-by'

export const fenceOf = ({ metadata }: KubernetesObject): string | undefined =>
  metadata.annotations?.[FENCE_ANNOTATION]

/** The same object with this claim. */
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
