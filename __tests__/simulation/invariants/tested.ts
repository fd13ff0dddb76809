import { isReady, templateHash } from '../../../src/kubernetes/health.ts'
import type { Pod } from '../../../src/kubernetes/objects.ts'
import { readRecord } from '../../../src/record.ts'
import type { Stage } from '../stage.ts'
import { ownerOf, readyOf, serviceIn, waysOf } from '../users.ts'
import { isRun } from './report.ts'
import type { Report } from './report.ts'

/** Milliseconds in which a pod that has just come up may not have been seen by whoever writes. */
const JUST_NOW = 100

/**
 * Whom a run sends users to has been tested, if the run tests: by it, or by the run that the release began with.
 * @param tests whether this writer tests what it brings
 */
export function watchTested(stage: Stage, report: Report, tests: (writer: string) => boolean): void {
  const { cluster, tested, blame, clock } = stage
  const readySince = new Map<string, number>()
  let reached = namesOf(servingNow(stage))
  cluster.subscribe((now, before, writer) => {
    if (now.kind === 'Pod' && isReady(now as Pod) && (before === undefined || !isReady(before as Pod)))
      readySince.set(now.metadata.name, clock.now())
    if (now.kind === 'Lease' || now.kind === 'EndpointSlice') return
    const pods = servingNow(stage)
    const wasReached = reached
    reached = namesOf(pods)
    if (!isRun(writer) || (now.kind !== 'HTTPRoute' && now.metadata.name !== 'web')) return
    const record = readRecord(serviceIn(cluster))
    if (record?.command !== 'deploy' || record.phase === 'aborting' || record.phase === 'rolled-back') return
    for (const pod of pods) {
      const { name } = pod.metadata
      const isNew = !wasReached.has(name) && ownerOf(pod) === record.canary.deployment
      if (!isNew || blame.hasMeddled(ownerOf(pod))) continue
      if (clock.now() - (readySince.get(name) ?? 0) < JUST_NOW) continue
      if (tests(writer) && !tested.has(name))
        report.add('tested', `${writer} sends users to ${name}, untested`)
      if (templateHash(pod) !== record.canary.hash)
        report.add('tested', `${writer} sends users to ${name}, which is not what came up as its canary`)
    }
  })
}

const servingNow = ({ cluster }: Stage): readonly Pod[] =>
  waysOf(cluster, [])
    .filter(({ share }) => share > 0)
    .flatMap(readyOf)

const namesOf = (pods: readonly Pod[]): ReadonlySet<string> =>
  new Set(pods.map(({ metadata }) => metadata.name))
