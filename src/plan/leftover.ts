import type { Release } from '../domain/record.ts'
import type { SlotName } from '../domain/slots.ts'
import { wantedReplicas } from '../kubernetes/health.ts'
import type { Deployment } from '../kubernetes/objects.ts'
import type { Observed } from '../observe/observed.ts'
import { couldSelect, recordedDeployments } from '../observe/own-slots.ts'

/** What earlier releases have left running beside the version that serves, or somebody has started there again. */
export interface Leftover {
  /** Some of it had users a moment ago: its pods may not end without a drain. */
  readonly hasRecentUsers?: true
  /** The Deployments that take no part in this release. */
  readonly leftovers?: readonly string[]
}

/**
 * The clocks of two machines are compared here, so that what is taken for a moment is far more than a drain; but
 * nothing else than a needless drain comes of it.
 */
const A_MOMENT = 60_000

/**
 * A version that was kept, or whose run died before its end, still runs: in the Deployment that this release is
 * going to use, or in the plain one, which would get traffic again from a Service that selects all versions.
 * @param at milliseconds since the epoch
 */
export function leftoverOf(observed: Observed, canary: string, at: number): Leftover {
  const { record, slots, stable, service } = observed
  const others = (Object.entries(slots) as [SlotName, Deployment][]).filter(
    ([slot, deployment]) =>
      slot !== stable.slot && wantedReplicas(deployment) > 0 && couldSelect(service, deployment, slot)
  )
  const known = recordedDeployments(record)
  // Where releases have left the plain one behind, an apply of its old file brings its pods back.
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

/** Whoever undoes this release may have to end those pods sooner than the release itself would have. */
export const exposedBy = ({ hasRecentUsers }: Leftover): Pick<Release, 'exposed'> =>
  hasRecentUsers ? { exposed: true } : {}
