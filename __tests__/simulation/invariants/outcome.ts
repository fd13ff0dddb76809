import type { Outcome } from '../../../src/domain/outcome.ts'
import { readRecord } from '../../../src/domain/read-record.ts'
import { isUnfinished } from '../../../src/domain/record.ts'
import type { Ended, Started } from '../runs.ts'
import type { Stage } from '../stage.ts'
import { isEntrance, ownerOf, serviceIn, versionIn, waysOf } from '../users.ts'
import { isClaim } from './fence.ts'
import type { Report } from './report.ts'

/** In the moment in which a run ends, what it says is so. */
export interface OutcomeWatch {
  judge(run: Started, ended: Ended): void
}

export function watchOutcome(stage: Stage, report: Report): OutcomeWatch {
  const { cluster } = stage
  const wrote = new Map<string, number>()
  /** Who has moved the traffic last, and when. */
  let last = ''
  let movedAt = -Infinity
  cluster.subscribe((now, before, writer) => {
    if (now.kind === 'Lease' || isClaim(now, before)) return
    wrote.set(writer, (wrote.get(writer) ?? 0) + 1)
    const routes = now.kind === 'HTTPRoute' || isEntrance(now)
    if (routes && writer !== 'kube-controller-manager') [last, movedAt] = [writer, cluster.clock.now()]
  })
  return {
    judge(run, ended) {
      if (ended.kind !== 'outcome') return
      // Somebody else has moved the traffic since: then it is not for this run to know.
      if (last !== run.name && movedAt >= run.begunAt) return
      for (const fault of faultsIn(stage, run, ended.outcome, wrote.has(run.name)))
        report.add('outcome', `${run.name} says ${ended.outcome.result}: ${fault}`)
    }
  }
}

function faultsIn(stage: Stage, run: Started, outcome: Outcome, hasWritten: boolean): readonly string[] {
  const { result, serving } = outcome
  if (result === 'failed') return []
  const record = readRecord(serviceIn(stage.cluster))
  if (result === 'waiting')
    return record?.phase === 'waiting' ? [] : [`the record says ${record?.phase ?? 'nothing'}`]
  if (result === 'unchanged' && hasWritten && record !== undefined && isUnfinished(record))
    return [`the record says ${record.phase}`]
  // Stopped before it had looked, it says nothing of who serves.
  if (serving === undefined && !hasWritten) return []
  return [...servingFaults(stage, serving?.deployment ?? ''), ...versionFaults(stage, run, outcome)]
}

/** Everybody is on the Deployment that is said to serve. */
function servingFaults({ cluster }: Stage, serving: string): readonly string[] {
  const strays = waysOf(cluster, [])
    .filter(({ share }) => share > 0)
    .filter(({ pods }) => pods.some((pod) => ownerOf(pod) !== serving))
  return strays.map(
    ({ title, pods }) =>
      `${serving} serves, but ${title} leads to ${[...new Set(pods.map(ownerOf))].join(', ')}`
  )
}

function versionFaults(
  { cluster, attribution }: Stage,
  { version, inputs }: Started,
  { result, serving }: Outcome
): readonly string[] {
  if (version === undefined || inputs.command !== 'deploy') return []
  if (attribution.hasMeddled(serving?.deployment ?? '')) return []
  const [service] = waysOf(cluster, [])
  const versions = new Set(service?.pods.map(versionIn))
  if (result === 'promoted' && (versions.size !== 1 || !versions.has(version)))
    return [`version ${version}, but users are on ${[...versions].join(', ') || 'nothing'}`]
  return []
}
