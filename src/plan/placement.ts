import type { Release } from '../domain/record.ts'
import { otherSlot, SLOT_LABEL, slotDeploymentName, slotLabel, type Placement } from '../domain/slots.ts'
import { wantedReplicas } from '../kubernetes/health.ts'
import { withoutKeys, type Labels } from '../kubernetes/selectors.ts'
import { HASH_LABEL } from '../kubernetes/workload.ts'
import type { Observed } from '../observe/observed.ts'

/** Where the canary goes. */
export function placementOf({ namespace, workload, service, stable }: Observed): Placement {
  const slot = otherSlot(stable.slot)
  const label = slotLabel(service.spec.selector ?? {}, stable.deployment, stable.slot)
  // A workload at 0 replicas is released as well: one pod shows whether the new version runs.
  const replicas = Math.max(wantedReplicas(stable.deployment), 1)
  return { name: slotDeploymentName(workload, slot), namespace, slot, label, replicas }
}

/** The Service's selector, as it is and with all traffic on the one or the other. */
export function selectorsOf(
  { service, stable }: Observed,
  canary: Placement,
  canaryHash?: string,
  shared = false
): Release['selectors'] {
  const live = service.spec.selector ?? {}
  // A rollback that died has left a plain Deployment selected by the hash of its template.
  const before = stable.slot === 'plain' ? withoutKeys(live, HASH_LABEL) : live
  const base = withoutKeys(before, canary.label, SLOT_LABEL, HASH_LABEL)
  const plain = (hash: string): Labels =>
    hash === '' ? { ...base, [SLOT_LABEL]: 'plain' } : { ...base, [HASH_LABEL]: hash }
  return {
    before,
    stable: stable.slot === 'plain' ? plain(stable.hash) : { ...base, [canary.label]: stable.slot },
    canary: canary.slot === 'plain' ? plain(canaryHash ?? '') : { ...base, [canary.label]: canary.slot },
    ...(shared ? { both: base } : {})
  }
}
