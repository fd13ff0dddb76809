import type { Lease } from '../kubernetes/objects.ts'
import type { Ref } from '../kubernetes/ref.ts'

/** Seconds without a renewal after which the holder counts as dead. */
export const LOCK_SECONDS = 15
export const RUN_ANNOTATION = 'greenlight.dev/run'

export const leaseName = (service: string): string => `greenlight-service-${service}`

/** Two Services may lead to one workload, and a release through either moves the same pods. */
export const workloadLeaseName = (workload: string): string => `greenlight-deployment-${workload}`

export interface Holder {
  /** Release id. */
  readonly id: string
  /** Address of the workflow run, which a run that finds the lock taken tells. */
  readonly run: string
}

/** The Lease as this holder takes or renews it. @param now milliseconds since the epoch */
export function leaseOf(ref: Ref, holder: Holder, found: Lease | undefined, now: number): Lease {
  const time = microTime(now)
  const taken = found !== undefined && found.spec?.holderIdentity !== holder.id
  return {
    apiVersion: ref.apiVersion,
    kind: ref.kind,
    metadata: {
      name: ref.name,
      ...(ref.namespace === undefined ? {} : { namespace: ref.namespace }),
      ...(found?.metadata.resourceVersion === undefined
        ? {}
        : { resourceVersion: found.metadata.resourceVersion }),
      labels: { ...found?.metadata.labels },
      annotations: { ...found?.metadata.annotations, [RUN_ANNOTATION]: holder.run }
    },
    spec: {
      holderIdentity: holder.id,
      leaseDurationSeconds: LOCK_SECONDS,
      acquireTime: taken ? time : (found?.spec?.acquireTime ?? time),
      renewTime: time,
      leaseTransitions: transitionsOf(found) + (taken ? 1 : 0)
    }
  }
}

/** How often the Lease has changed hands; 0 if that is no number. */
function transitionsOf(lease: Lease | undefined): number {
  const found: unknown = lease?.spec?.leaseTransitions
  return Number.isSafeInteger(found) ? Math.max(0, found as number) : 0
}

/** The longest duration that is believed, in seconds. */
const MOST_SECONDS = 60

/**
 * Seconds without a renewal after which the holder of this Lease counts as dead. Anybody may have written the number: a
 * huge one would lock the workload for ever, and 0 would take the lock from a living run.
 */
export function secondsOf({ spec }: Lease): number {
  const found: unknown = spec?.leaseDurationSeconds
  if (typeof found !== 'number' || !(found >= 1)) return LOCK_SECONDS
  return Math.min(found, MOST_SECONDS)
}

/** MicroTime as the API server wants it. */
const microTime = (now: number): string => new Date(now).toISOString().replace('Z', '000Z')

/** Of a workload that a controller releases: `greenlight-rollout-web`. */
export const drivenLeaseName = (kind: string, name: string): string => `greenlight-${kind}-${name}`
