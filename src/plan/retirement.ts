import type { Version } from '../domain/outcome.ts'
import { isUnfinished, type Release } from '../domain/record.ts'
import type { SlotName } from '../domain/slots.ts'
import { wantedReplicas } from '../kubernetes/health.ts'
import type { Deployment, Service } from '../kubernetes/objects.ts'
import { servedOnlyBy } from '../observe/neighbours.ts'
import { versionOf, type Observed } from '../observe/observed.ts'
import { couldSelect, recordedDeployments } from '../observe/own-slots.ts'
import type { Step } from './step.ts'

/**
 * Versions that get no traffic and still run: `previous: keep` has left them, for a rollback at once. Only what a
 * release has put there, and the Service could select, is ours to end.
 */
export function keptRunning({ record, slots, stable, service }: Observed): readonly Version[] {
  if (record === undefined || isUnfinished(record)) return []
  const recorded = recordedDeployments(record)
  return (Object.entries(slots) as [SlotName, Deployment][])
    .filter(
      ([slot, deployment]) =>
        slot !== stable.slot &&
        wantedReplicas(deployment) > 0 &&
        (slot === 'plain' || recorded.has(deployment.metadata.name)) &&
        couldSelect(service, deployment, slot)
    )
    .map(([slot, deployment]) => versionOf(slot, deployment, ''))
}

/**
 * Versions that can be ended: no users of other Services are on them, and they are not to be kept any longer. For each of
 * the others a sentence why it is left running.
 * @param now milliseconds since the epoch; Infinity: no matter how long they are to be kept
 */
export function retirable(
  observed: Observed,
  now: number
): {
  readonly versions: readonly Version[]
  readonly left: readonly string[]
} {
  const kept = keptRunning(observed).map((version) => ({ version, why: whyKept(version, observed, now) }))
  return {
    versions: kept.flatMap(({ version, why }) => (why === undefined ? [version] : [])),
    left: kept.flatMap(({ why }) => why ?? [])
  }
}

function whyKept(version: Version, { record, slots, neighbours }: Observed, now: number): string | undefined {
  const { slot, deployment } = version
  const live = slots[slot as SlotName]
  const served = live === undefined ? [] : servedOnlyBy(neighbours, [live])
  if (served.length > 0) return leftFor(deployment, served)
  const until = record === undefined ? undefined : heldUntil(record, deployment)
  return until !== undefined && now < until
    ? `deployment/${deployment} is kept for a rollback until ${new Date(until).toISOString()}`
    : undefined
}

/** Until when a version that served before is kept, in milliseconds since the epoch; undefined when that is not said. */
export const heldUntil = ({ canary, keptUntil }: Release, deployment: string): number | undefined =>
  keptUntil === undefined || canary.deployment !== deployment ? undefined : Date.parse(keptUntil)

/** Why a Deployment is not scaled to 0. */
export const leftFor = (deployment: string, services: readonly Service[]): string =>
  `deployment/${deployment} is left running: its pods are the only ones behind ` +
  services.map(({ metadata }) => `service/${metadata.name}`).join(' and ')

/**
 * Ends one of them, as the canary of a release without traffic.
 * @param drain milliseconds, since the time of the last request is unknown; 0 when that time is over
 */
export const planRetirement = (drain: number): readonly Step[] => [
  ...(drain === 0 ? [] : [{ kind: 'drain', duration: drain } as const]),
  { kind: 'scale-down', side: 'canary' }
]
