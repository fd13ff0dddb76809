import { counted } from '../../base/counted.ts'
import { messageOf } from '../../base/errors.ts'
import { isReady } from '../../kubernetes/health.ts'
import type { ClusterEvent, Pod } from '../../kubernetes/objects.ts'
import { printSelector } from '../../kubernetes/selectors.ts'
import { evidenceOf, MOST_PODS } from '../steps/collect-evidence.ts'
import type { DrivenRun } from './driven-run.ts'

/** Keeps what is known of the new version's pods before they are gone. A read that fails is noted, never thrown. */
export async function collectDriven(run: DrivenRun): Promise<string> {
  const { cluster } = run.ports
  const { namespace, engine, progress, journal } = run
  const { seen, record } = progress
  const found = engine.pods(seen, 'new') ?? engine.left(seen, record.canary.hash)
  if (found === undefined) return 'it has no pods any more'
  try {
    const labels = printSelector(found.labels)
    const [pods, events] = await Promise.all([
      cluster.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace, labels }),
      cluster.list<ClusterEvent>({ apiVersion: 'v1', kind: 'Event', namespace })
    ])
    const worst = [...pods]
      .sort((one, other) => Number(isReady(one)) - Number(isReady(other)))
      .slice(0, MOST_PODS)
    const evidence = await Promise.all(worst.map((pod) => evidenceOf(run, pod, events)))
    journal.evidence.push(...evidence)
    return `of ${counted(evidence.length, 'pod')}`
  } catch (error) {
    journal.warnings.push(`events and logs of the new version could not be read: ${messageOf(error)}`)
    return 'not readable'
  }
}
