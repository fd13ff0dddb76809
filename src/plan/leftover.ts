import type { Release } from '../domain/record.ts'
import type { SlotName } from '../domain/slots.ts'
import { wantedReplicas } from '../kubernetes/health.ts'
import type { Deployment } from '../kubernetes/objects.ts'
import type { Observed } from '../observe/observed.ts'
import { couldSelect, recordedDeployments } from '../observe/own-slots.ts'

/** Deployments that still run beside the version that serves: left by an earlier release, or started again by somebody. */
export interface Leftover {
  /** Some of its pods had users recently: they must not end without a drain. */
  readonly hasRecentUsers?: true
  /** The Deployments that take no part in this release. */
  readonly leftovers?: readonly string[]
}

/**
 * How long "recently" is. It is much longer than a drain, since the clocks of two machines are compared here; an
 * unneeded drain does no harm.
 */
const A_MOMENT = 60_000

/**
 * Finds a version that still runs because it was kept or because its run died: in the Deployment that this release is
 * going to use, or in the plain one, which a Service that selects all versions would send traffic to again.
 * @param at milliseconds since the epoch
 */
export function leftoverOf(observed: Observed, canary: string, at: number): Leftover {
  const { record, slots, stable, service } = observed
  const others = (Object.entries(slots) as [SlotName, Deployment][]).filter(
    ([slot, deployment]) =>
      slot !== stable.slot && wantedReplicas(deployment) > 0 && couldSelect(service, deployment, slot)
  )
  const known = recordedDeployments(record)
  // After the first release the plain Deployment has no pods, but applying its old file brings them back.
  const isLeft = (slot: SlotName, name: string): boolean =>
    name !== canary && (known.has(name) || (slot === 'plain' && record !== undefined))
  const leftovers = others
    .map(([slot, { metadata }]) => [slot, metadata.name] as const)
    .filter(([slot, name]) => isLeft(slot, name))
    .map(([, name]) => name)
  const [last] = record?.history ?? []
  const hasRecentUsers =
    others.length > 0 && last !== undefined && Math.abs(at - Date.parse(last.at)) < A_MOMENT
  return { ...(hasRecentUsers ? { hasRecentUsers } : {}), ...(leftovers.length > 0 ? { leftovers } : {}) }
}

/** Undoing this release may end those pods sooner than the release itself would, so the record says that they had users. */
export const exposedBy = ({ hasRecentUsers }: Leftover): Pick<Release, 'exposed'> =>
  hasRecentUsers ? { exposed: true } : {}
