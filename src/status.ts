import { isReady, wantedReplicas } from './kubernetes/health.ts'
import { observe } from './observe.ts'
import type { Observed } from './observed.ts'
import type { Outcome } from './outcome.ts'
import { lookedAt } from './outcomes.ts'
import { printRoute } from './grammar/route.ts'
import { isUnfinished, splitOf } from './record.ts'
import type { Release } from './record.ts'
import type { Request } from './request.ts'
import { describeSplit } from './routes/split.ts'

/** What serves, and what the record says of the last release. Changes nothing. */
export async function status({
  target,
  origin,
  ports
}: Pick<Request, 'target' | 'origin' | 'ports'>): Promise<Outcome> {
  const observed = await observe(target, ports.cluster)
  const { record } = observed
  for (const line of factsOf(observed)) ports.log.quote(line)
  return {
    ...lookedAt('status', observed, origin, ports.clock.now()),
    reason: record === undefined ? 'Greenlight has not released this workload yet' : describeRecord(record),
    ...(record?.previous === undefined ? {} : { previous: record.previous }),
    ...(record !== undefined && isUnfinished(record) ? underWay(record) : {})
  }
}

const underWay = (record: Release): Partial<Outcome> => ({
  canary: record.canary,
  weight: record.weight,
  shareOf: record.routes === undefined ? 'connections' : 'requests',
  ...(record.routes === undefined ? {} : { route: record.routes.map(printRoute).join(', ') }),
  shifts:
    record.shiftedAt === undefined ? [] : [{ at: Date.parse(record.shiftedAt), split: splitOf(record) }],
  next:
    record.phase === 'waiting'
      ? ['command: promote goes on with it, command: abort puts stable back.']
      : ['command: abort undoes it; so does the next deploy or rollback, before anything else.']
})

function factsOf({ service, stable, slots, autoscaler }: Observed): string[] {
  const ready = stable.pods.filter(isReady).length
  return [
    `service/${service.metadata.name} sends all traffic to deployment/${stable.deployment.metadata.name}: ${ready} of ${wantedReplicas(stable.deployment)} pods ready, template ${stable.hash}`,
    ...Object.values(slots).map(
      ({ metadata, spec }) =>
        `deployment/${metadata.name}: ${spec.replicas ?? 1} replicas, ${spec.template.spec.containers.map(({ image }) => image ?? '').join(', ')}`
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
