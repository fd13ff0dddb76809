import type { Service } from '../kubernetes/objects.ts'

/** The API server's default, in seconds. */
const STICKY = 10_800

/**
 * Settings of a Service because of which numbers of pods do not decide the shares, or because of which pods get traffic
 * while they are not ready.
 */
export const sharingWarnings = (services: readonly Service[]): string[] =>
  services.flatMap((service) => [...stickyClients(service), ...untoldReadiness(service)])

function stickyClients({ metadata, spec }: Service): string[] {
  if (spec.sessionAffinity !== 'ClientIP') return []
  const { timeoutSeconds = STICKY } = spec.sessionAffinityConfig?.clientIP ?? {}
  return [
    `service/${metadata.name} has sessionAffinity: ClientIP: an address that has come within the last ${timeoutSeconds} s stays with its pod, so that the new version gets its share of new clients alone, and all others only when all traffic moves; a route in front of the Service shares out requests`
  ]
}

/** Pods of a version that serves come and go while users are on them. */
export const untoldReadiness = ({ metadata, spec }: Service): string[] =>
  spec.publishNotReadyAddresses === true
    ? [
        `service/${metadata.name} has publishNotReadyAddresses: true: it sends users to pods before they are ready and while they end, which may fail; leave it out, or release with strategy: blue-green`
      ]
    : []
