import { counted } from '../base/counted.ts'
import type { Version } from '../domain/outcome.ts'
import { isUnfinished, splitOf, type Release } from '../domain/record.ts'
import type { SlotName } from '../domain/slots.ts'
import { printRoute } from '../inputs/route.ts'
import { readyReplicas, wantedReplicas } from '../kubernetes/health.ts'
import type { Deployment } from '../kubernetes/objects.ts'
import type { Observed } from '../observe/observed.ts'
import { describeSplit, isNobody } from '../routes/split.ts'

/** Who sends how much of the traffic where, and what runs: for the log, one line each. */
export function factsOf(observed: Observed): readonly string[] {
  const { record, slots, autoscaler } = observed
  return [
    observed.first === true && record?.weight !== 100
      ? `service/${observed.service.metadata.name} has no endpoints: no version serves yet`
      : record !== undefined && isUnfinished(record)
        ? trafficIn(record, observed)
        : traffic(observed),
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

/** Ready pods of what serves in the middle of a release: of the canary as soon as it has all traffic. */
export function readyOfServing({ record, slots, stable }: Observed): number {
  const canary = record?.weight === 100 ? slots[record.canary.slot as SlotName] : undefined
  return readyReplicas(canary ?? stable.deployment)
}

const describePods = (deployment: Deployment, hash: string): string =>
  `deployment/${deployment.metadata.name}: ${readyReplicas(deployment)} of ${counted(wantedReplicas(deployment), 'pod')} ready` +
  (hash === '' ? '' : `, template ${hash}`)

const traffic = ({ service, stable }: Observed): string =>
  `service/${service.metadata.name} sends all traffic to ${describePods(stable.deployment, stable.hash)}`

/** As the record says. In place both versions are templates of the one Deployment. */
function trafficIn(record: Release, observed: Observed): string {
  const { stable, canary, routes = [] } = record
  const split = splitOf(record)
  const ways =
    routes.length > 0 ? routes.map(printRoute).join(', ') : `service/${observed.service.metadata.name}`
  const sends = `${ways} ${routes.length > 1 ? 'send' : 'sends'}`
  if (stable.deployment === canary.deployment)
    return `${sends} all traffic to ${podsOf(canary, observed)}${split.weight === 100 ? '' : ', whose pods are being replaced'}`
  if (split.weight === 100 && record.first === true)
    return `${sends} all traffic to ${podsOf(canary, observed)}, the first version`
  if (split.weight === 100)
    return `${sends} all traffic to ${podsOf(canary, observed)}; the way back is ${podsOf(stable, observed)}`
  if (isNobody(split)) return `${sends} all traffic to ${podsOf(stable, observed)}`
  return `${sends} ${describeSplit(split)} to ${podsOf(canary, observed)}, and everything else to ${podsOf(stable, observed)}`
}

function podsOf({ slot, deployment, hash }: Version, { slots }: Observed): string {
  const live = slots[slot as SlotName]
  return live === undefined ? `deployment/${deployment}, which is gone` : describePods(live, hash)
}
