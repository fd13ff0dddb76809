import type { Lease } from '../../../src/kubernetes/objects.ts'
import { LOCK_SECONDS } from '../../../src/lock/lease.ts'
import type { Stored } from '../../support/memory/stored.ts'
import type { Stage } from '../stage.ts'
import { isRun, type Report } from './report.ts'

/** A run that is alive is not overtaken: nobody takes one of the locks that its holder has renewed a moment ago. */
export function watchLock({ cluster, clock }: Stage, report: Report): void {
  const renewedAt = new Map<string, number>()
  cluster.subscribe((now, before, writer) => {
    if (!isRun(writer) || now.kind !== 'Lease') return
    const { name } = now.metadata
    const silence = clock.now() - (renewedAt.get(name) ?? -Infinity)
    const last = holderOf(before)
    if (last !== '' && holderOf(now) !== last && holderOf(now) !== '' && silence < LOCK_SECONDS * 1000)
      report.add('lock', `${writer} takes ${name} from ${last}, which has renewed it ${silence / 1000} s ago`)
    renewedAt.set(name, clock.now())
  })
}

const holderOf = (lease: Stored | undefined): string =>
  (lease as Lease | undefined)?.spec?.holderIdentity ?? ''
