import { isDeepStrictEqual } from 'node:util'
import { isReady } from '../../../src/kubernetes/health.ts'
import type { Deployment, Pod } from '../../../src/kubernetes/objects.ts'
import { templateOf } from '../attribution.ts'
import type { Stage } from '../stage.ts'
import { ownerOf, PLAIN, readyOf, waysOf } from '../users.ts'
import { isRun, type Report } from './report.ts'

/** Milliseconds between the last user of a pod and its end: proxies let go of it, clients finish. */
const DRAIN = 10_000

/** Whom a run ends has had no users for a while; so what serves never shrinks by a run's doing either. */
export function watchDrain({ cluster, inForce, attribution, clock, world }: Stage, report: Report): void {
  const ways = ['Service/web', ...world.routes.map((name) => `HTTPRoute/${name}`)]
  const lastServed = new Map<string, number>()
  /** Who has decided last how many pods a Deployment has, and of what template. */
  const shapedBy = new Map<string, string>()
  let serving: readonly Pod[] = []
  cluster.subscribe((now, before, writer) => {
    for (const { metadata } of serving) lastServed.set(metadata.name, clock.now())
    if (now.kind === 'Deployment' && !isDeepStrictEqual(specOf(now), specOf(before)))
      shapedBy.set(now.metadata.name, writer)
    if (now.kind === 'Lease' || now.kind === 'EndpointSlice') return
    serving = waysOf(cluster, inForce())
      .filter(({ share }) => share > 0)
      .flatMap(readyOf)
    if (now.kind !== 'Pod' || before === undefined) return
    const ends =
      now.metadata.deletionTimestamp !== undefined && before.metadata.deletionTimestamp === undefined
    const pod = before as Pod
    const idle = clock.now() - (lastServed.get(pod.metadata.name) ?? -Infinity)
    if (!ends || idle >= DRAIN || !isReady(pod) || !isRun(shapedBy.get(ownerOf(pod)) ?? '')) return
    // Who has scaled it or sent users there by hand is not drained for: nobody knew of those users. And a plain
    // Deployment that gets another template while it is selected by its hash is more urgent than a drain.
    if ([ownerOf(pod), templateOf(PLAIN), ...ways].some((name) => attribution.hasMeddled(name, DRAIN))) return
    report.add('drain', `${pod.metadata.name} ends ${idle} ms after its last user`)
  })
}

const specOf = (object: object | undefined): unknown => (object as Deployment | undefined)?.spec
