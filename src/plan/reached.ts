import type { Fault } from '../base/errors.ts'
import { sh } from '../base/shell.ts'
import { SLOT_LABEL, type SlotName } from '../domain/slots.ts'
import { wantedReplicas } from '../kubernetes/health.ts'
import type { Deployment } from '../kubernetes/objects.ts'
import { printSelector, withoutKeys } from '../kubernetes/selectors.ts'
import { HASH_LABEL } from '../kubernetes/workload.ts'
import { servedOnlyBy } from '../observe/neighbours.ts'
import type { Observed } from '../observe/observed.ts'
import { retirable } from './retirement.ts'

/** Without the label of a slot, the Service selects everything that runs under its other labels. */
export function reachedFaults(observed: Observed): readonly Fault[] {
  const { slots, stable, service } = observed
  const ended = retirable(observed, Infinity).versions.map(({ deployment }) => deployment)
  const selector = withoutKeys(service.spec.selector ?? {}, SLOT_LABEL, HASH_LABEL)
  return (Object.entries(slots) as [SlotName, Deployment][])
    .filter(([slot, live]) => slot !== 'plain' && slot !== stable.slot && wantedReplicas(live) > 0)
    .filter(([, { metadata }]) => !ended.includes(metadata.name))
    .map(([, live]) => ({
      input: 'workload',
      problem: `service/${service.metadata.name} would select ${printSelector(selector)}, and with it the pods of deployment/${live.metadata.name}`,
      example: wayOut(live, observed)
    }))
}

/** Those that are the only ones behind another Service are not to be ended before its users are elsewhere. */
function wayOut(live: Deployment, { neighbours }: Observed): string {
  const scaling = sh`kubectl scale deployment/${live.metadata.name} --replicas=0`
  const served = servedOnlyBy(neighbours, [live]).map(({ metadata }) => `service/${metadata.name}`)
  return served.length === 0
    ? scaling
    : `first point ${served.join(' and ')}, whose users are on those pods alone, to others; then ${scaling}`
}
