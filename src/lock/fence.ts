import type { KubernetesObject } from '../kubernetes/objects.ts'

/**
 * On what decides about pods: the run that has made it, or has taken the lock over from a run that had not given it
 * back. What that one has sent may still arrive: it is refused where another claim stands than it has found.
 */
export const CLAIM_ANNOTATION = 'greenlight.dev/claimed-by'

export const claimOf = ({ metadata }: KubernetesObject): string | undefined =>
  metadata.annotations?.[CLAIM_ANNOTATION]

/** The same object with this claim. */
export const withClaim = <T extends KubernetesObject>(object: T, claim: string | undefined): T =>
  claim === undefined
    ? object
    : {
        ...object,
        metadata: {
          ...object.metadata,
          annotations: { ...object.metadata.annotations, [CLAIM_ANNOTATION]: claim }
        }
      }
