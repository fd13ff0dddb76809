import { withoutKeys } from '../kubernetes/selectors.ts'
import { HASH_LABEL } from '../kubernetes/workload.ts'
import type { Backends } from '../routes/route.ts'
import { serviceRoute } from '../routes/service.ts'
import type { ReleaseRun } from './release-run.ts'
import { backendsFor } from './route-writers.ts'

/**
 * Waits until the pods that are to serve are behind the Service and all that follow it, one after the other: a pod that is
 * replaced meanwhile is counted once.
 * @returns how many pods are behind the first
 */
export async function confirmAll(
  { traffic, companions }: ReleaseRun,
  confirm: (service: string) => Promise<number>
): Promise<number> {
  const endpoints = await confirm(traffic.name)
  for (const companion of companions) if (companion.hasPorts) await confirm(companion.traffic.name)
  return endpoints
}

/** Their selectors as they were, or as they are to be where only one version is left. */
export async function settleCompanions(
  { companions }: ReleaseRun,
  backends: Backends,
  outcome: 'restored' | 'kept'
): Promise<void> {
  await Promise.all(
    companions.map(({ own, traffic }) => {
      const theirs = backendsFor(own, backends)
      const kept = withoutKeys(theirs.selectors.stable, HASH_LABEL)
      const before = outcome === 'restored' ? own.before : kept
      const settled = { ...theirs, selectors: { ...theirs.selectors, before } }
      return traffic.write((objects) => serviceRoute.settle(objects, settled, 'stable'), undefined)
    })
  )
}
