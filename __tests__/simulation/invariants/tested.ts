import type { Pod } from '../../../src/kubernetes/objects.ts'
import { templateHash } from '../../../src/kubernetes/workload.ts'
import type { Stage } from '../stage.ts'
import { isEntrance, ownerOf, readyOf, waysOf } from '../users.ts'
import { recordOfRuns } from './forged.ts'
import { isRun, type Report } from './report.ts'

/**
 * Whom a run sends users to has been tested, if the run tests: by it, or by the run that the release began with.
 * @param tests whether this writer tests what it brings
 */
export function watchTested(stage: Stage, report: Report, tests: (writer: string) => boolean): void {
  const { cluster, tested, attribution } = stage
  const recordNow = recordOfRuns(stage)
  /** Whoever has had users once has them by what was written then. */
  const reached = new Set(namesOf(servingNow(stage)))
  cluster.subscribe((now, _, writer) => {
    if (now.kind === 'Lease' || now.kind === 'EndpointSlice') return
    const pods = servingNow(stage)
    const fresh = pods.filter(({ metadata }) => !reached.has(metadata.name))
    for (const name of namesOf(fresh)) reached.add(name)
    if (!isRun(writer) || (now.kind !== 'HTTPRoute' && !isEntrance(now))) return
    const record = recordNow()
    if (record?.command !== 'deploy' || record.phase === 'aborting' || record.phase === 'rolled-back') return
    for (const pod of fresh) {
      const { name } = pod.metadata
      if (ownerOf(pod) !== record.canary.deployment || attribution.hasMeddled(ownerOf(pod))) continue
      if (tests(writer) && !tested.has(name))
        report.add('tested', `${writer} sends users to ${name}, untested`)
      // A Service that follows may be written a moment before the record that knows its pods.
      const isKnown = record.canary.hash !== '' || now.metadata.name === 'web'
      if (isKnown && templateHash(pod) !== record.canary.hash)
        report.add('tested', `${writer} sends users to ${name}, which is not what came up as its canary`)
    }
  })
}

const servingNow = ({ cluster }: Stage): readonly Pod[] =>
  waysOf(cluster, [])
    .filter(({ share }) => share > 0)
    .flatMap(readyOf)

const namesOf = (pods: readonly Pod[]): readonly string[] => pods.map(({ metadata }) => metadata.name)
