import { counted } from './grammar/counted.ts'
import { isReady, wantedReplicas } from './kubernetes/health.ts'
import type { SlotName } from './kubernetes/slots.ts'
import { observe } from './observe.ts'
import { readVersions } from './observe-versions.ts'
import type { Observed } from './observed.ts'
import type { Outcome, Version } from './outcome.ts'
import { lookedAt, underWay } from './outcomes.ts'
import { isUnfinished, splitOf } from './record.ts'
import type { Release } from './record.ts'
import { versionLines } from './report/history.ts'
import type { Request } from './request.ts'
import { describeSplit } from './routes/split.ts'

/** What serves, what the record says of the last release, and what can be gone back to. Changes nothing. */
export async function status({
  target,
  origin,
  ports
}: Pick<Request, 'target' | 'origin' | 'ports'>): Promise<Outcome> {
  const observed = await observe(target, ports)
  const { record } = observed
  const versions = (await readVersions(observed, ports.cluster)).map(({ version }) => version)
  for (const line of [...factsOf(observed), ...versionLines(versions)]) ports.log.quote(line)
  return {
    ...lookedAt('status', observed, origin, ports.clock.now()),
    reason: record === undefined ? 'Greenlight has not released this workload yet' : describeRecord(record),
    versions,
    ...(record?.previous === undefined ? {} : { previous: asItRuns(record.previous, observed) }),
    ...(record !== undefined && isUnfinished(record) ? { ...underWay(record), ...nextIn(record) } : {})
  }
}

/** Kept for a rollback, it may have been scaled down since. */
function asItRuns(previous: Version, { slots, stable }: Observed): Version {
  const live = slots[previous.slot as SlotName]
  const isGone = live === undefined || previous.deployment === stable.deployment.metadata.name
  return { ...previous, replicas: isGone ? 0 : wantedReplicas(live) }
}

const nextIn = ({ phase }: Release): Pick<Outcome, 'next'> => ({
  next:
    phase === 'waiting'
      ? ['command: promote goes on with it, command: abort puts stable back.']
      : ['command: abort undoes it; so does the next deploy or rollback, before anything else.']
})

function factsOf({ service, stable, slots, autoscaler }: Observed): string[] {
  const ready = stable.pods.filter(isReady).length
  return [
    `service/${service.metadata.name} sends all traffic to deployment/${stable.deployment.metadata.name}: ${ready} of ${counted(wantedReplicas(stable.deployment), 'pod')} ready, template ${stable.hash}`,
    ...Object.values(slots).map(
      ({ metadata, spec }) =>
        `deployment/${metadata.name}: ${counted(spec.replicas ?? 1, 'replica')}, ${spec.template.spec.containers.map(({ image }) => image ?? '').join(', ')}`
    ),
    ...(autoscaler === undefined
      ? []
      : [
          `horizontalpodautoscaler/${autoscaler.metadata.name} scales deployment/${autoscaler.spec.scaleTargetRef.name}`
        ])
  ]
}

function describeRecord(release: Release): string {
  const { id, phase, command, startedAt, run, actor } = release
  const by = actor === undefined ? '' : ` by ${actor}`
  const where = run === undefined ? '' : ` (${run})`
  const share = describeSplit(splitOf(release))
  const state = isUnfinished(release) ? `is ${phase}, with ${share} on the canary` : `ended: ${phase}`
  return `the last ${command}, ${id}${by}${where}, began at ${startedAt} and ${state}`
}
