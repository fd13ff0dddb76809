import { TakenOver } from '../base/errors.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import type { Lease } from '../kubernetes/objects.ts'
import type { Ref } from '../kubernetes/ref.ts'
import { untilWritten } from '../kubernetes/refusals.ts'
import { withoutKeys } from '../kubernetes/selectors.ts'
import type { Lock } from './lock.ts'

/**
 * Keeps a text on the Lease that this run holds. One that somebody has deleted or cleared by hand is taken again first,
 * unless another run has had it since: to give up would leave users half moved, with nobody who knows it.
 * @throws TakenOver when another run holds it
 */
export const writeOnLease = (
  ref: Ref,
  lock: Pick<Lock, 'holder' | 'confirm'>,
  annotation: Readonly<Record<string, string>>,
  cluster: Cluster
): Promise<Lease> =>
  untilWritten(async () => {
    const live = await heldLease(ref, lock, cluster)
    const annotations = { ...live.metadata.annotations, ...annotation }
    return cluster.replace({ ...live, metadata: { ...live.metadata, annotations } })
  })

/** Takes such a text off the Lease. @throws TakenOver when another run holds it */
export const eraseOnLease = (
  ref: Ref,
  lock: Pick<Lock, 'holder' | 'confirm'>,
  annotation: string,
  cluster: Cluster
): Promise<Lease> =>
  untilWritten(async () => {
    const live = await heldLease(ref, lock, cluster)
    const annotations = withoutKeys(live.metadata.annotations ?? {}, annotation)
    return cluster.replace({ ...live, metadata: { ...live.metadata, annotations } })
  })

/** @throws TakenOver when this run does not hold it */
async function heldLease(
  ref: Ref,
  { holder, confirm }: Pick<Lock, 'holder' | 'confirm'>,
  cluster: Cluster
): Promise<Lease> {
  const seen = await cluster.get<Lease>(ref)
  if (seen?.spec?.holderIdentity === holder) return seen
  await confirm()
  const live = await cluster.get<Lease>(ref)
  if (live?.spec?.holderIdentity === holder) return live
  throw new TakenOver(`this run does not hold lease/${ref.name} any more: it changes nothing`)
}
