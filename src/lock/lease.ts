import type { Lease } from '../kubernetes/objects.ts'
import type { Ref } from '../kubernetes/ref.ts'

/** A lock that its holder has not renewed for so long is nobody's. */
export const LOCK_SECONDS = 15
export const RUN_ANNOTATION = 'greenlight.dev/run'

export const leaseName = (service: string): string => `greenlight-service-${service}`

/** Two Services may lead to one workload: a run for either moves the same pods. */
export const workloadLeaseName = (workload: string): string => `greenlight-deployment-${workload}`

export interface Holder {
  /** Release id. */
  readonly id: string
  /** Address of the workflow run, for whoever finds the lock taken. */
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

/** How often it has changed hands, if what stands there is a number. */
function transitionsOf(lease: Lease | undefined): number {
  const found: unknown = lease?.spec?.leaseTransitions
  return Number.isSafeInteger(found) ? Math.max(0, found as number) : 0
}

/** The longest that a holder is waited for that gives no sign of life, in seconds. */
const MOST_SECONDS = 60

/**
 * For how long the holder has not to be heard of until it counts as dead. Anybody may have written that: for ever would lock
 * the workload, no time at all would take the lock from a run that is alive.
 */
export function secondsOf({ spec }: Lease): number {
  const found: unknown = spec?.leaseDurationSeconds
  if (typeof found !== 'number' || !(found >= 1)) return LOCK_SECONDS
  return Math.min(found, MOST_SECONDS)
}

/** MicroTime as the API server wants it. */
const microTime = (now: number): string => new Date(now).toISOString().replace('Z', '000Z')
