import { counted } from '../base/counted.ts'
import type { Version } from '../domain/outcome.ts'
import { readRecord, unreadable } from '../domain/read-record.ts'
import { isUnfinished, type Release } from '../domain/record.ts'
import { SLOT_LABEL, slotDeploymentName, type SlotName } from '../domain/slots.ts'
import { wantedReplicas } from '../kubernetes/health.ts'
import type { HorizontalPodAutoscaler } from '../kubernetes/limits.ts'
import type { Service } from '../kubernetes/objects.ts'
import {
  printSelector,
  sameLabels,
  selects,
  templateLabels,
  withoutKeys,
  type Labels
} from '../kubernetes/selectors.ts'
import { HASH_LABEL } from '../kubernetes/workload.ts'
import type { Slots } from './find-service.ts'

/** What a record is compared with. */
export interface Owned {
  readonly workload: string
  readonly service: Service
  readonly slots: Slots
  /** All autoscalers of the namespace, whatever they scale. */
  readonly autoscalers: readonly HorizontalPodAutoscaler[]
}

/**
 * The record of the workload's Service.
 * @throws InputError when it cannot be read, or is another workload's: then nothing may be changed
 */
export function ownRecord(owned: Owned): Release | undefined {
  const { service } = owned
  const facts = servingNow(owned)
  const record = readRecord(service, facts)
  const foreign = record && notOwn(record, owned)
  if (foreign !== undefined) throw unreadable(service, foreign, facts)
  return record
}

function servingNow({ service, slots }: Owned): string {
  const { metadata, spec } = service
  const reached = Object.values(slots).filter(
    (deployment) =>
      wantedReplicas(deployment) > 0 &&
      selects(withoutKeys(spec.selector ?? {}, HASH_LABEL), templateLabels(deployment.spec.template))
  )
  const versions = reached.map((deployment) => {
    const images = deployment.spec.template.spec.containers.map(({ image }) => image ?? '')
    return `deployment/${deployment.metadata.name} (${images.join(', ')}, ${counted(wantedReplicas(deployment), 'pod')})`
  })
  return `service/${metadata.name} selects ${printSelector(spec.selector) || 'nothing'}: ${versions.join(' and ') || 'nobody serves'}. `
}

/**
 * What in a record does not belong to this workload. The right to annotate a Service must not be a way to have other
 * Deployments scaled, other autoscalers moved or other pods read. Of a release that is over, only the versions are used.
 */
function notOwn(record: Release, owned: Owned): string | undefined {
  const { stable, canary, previous, settle } = record
  const foreign = Object.entries({ stable, canary, previous }).find(
    ([, version]) => version !== undefined && !isOwn(version, owned)
  )
  if (foreign !== undefined)
    return `${foreign[0]}.deployment is ${foreign[1]?.deployment ?? ''}, which is no place of ${owned.workload} to run in`
  if (!isUnfinished(record) && settle === undefined) return undefined
  if ((stable.deployment === canary.deployment) !== (record.strategy !== undefined))
    return 'stable.deployment and canary.deployment do not go together'
  if (!hasOwnSelectors(record, owned)) return 'its selectors are not those of the versions'
  return autoscalerElsewhere(record, owned)
}

const isOwn = ({ slot, deployment }: Version, { workload }: Owned): boolean =>
  deployment === slotDeploymentName(workload, slot as SlotName)

/** An autoscaler that does not exist, or not yet, is no fault. */
function autoscalerElsewhere({ autoscaler }: Release, { workload, autoscalers }: Owned): string | undefined {
  const target = autoscalers.find(({ metadata }) => metadata.name === autoscaler)?.spec.scaleTargetRef
  const own = (['plain', 'blue', 'green'] as const).map((slot) => slotDeploymentName(workload, slot))
  if (target === undefined || (target.kind === 'Deployment' && own.includes(target.name))) return undefined
  return `autoscaler is ${autoscaler ?? ''}, which scales ${target.kind.toLowerCase()}/${target.name}`
}

/**
 * Whether the record's selectors are the workload's: without the labels that tell the versions apart they are equal, and
 * equal to what the Service selects; if somebody has changed that, they have to select the versions' pods.
 */
function hasOwnSelectors({ stable, canary, selectors, settle }: Release, { service, slots }: Owned): boolean {
  const marks = marksOf(selectors, stable, canary)
  const common = (selector: Labels): Labels => withoutKeys(selector, SLOT_LABEL, HASH_LABEL, ...marks)
  const base = common(selectors.before)
  const { both = base } = selectors
  const all = [selectors.stable, selectors.canary, both, settle ?? base]
  if (!all.every((selector) => sameLabels(common(selector), base))) return false
  if ([selectors.stable, selectors.canary].some((selector) => Object.keys(selector).length === 0))
    return false
  if (sameLabels(common(service.spec.selector ?? {}), base)) return true
  const live = [stable, canary].flatMap(({ slot }) => slots[slot as SlotName] ?? [])
  return live.length > 0 && live.every(({ spec }) => selects(base, templateLabels(spec.template)))
}

/** Labels of a pair that a team has made by hand: `version: blue` beside `version: green`. */
const marksOf = (selectors: Release['selectors'], stable: Version, canary: Version): readonly string[] =>
  Object.keys(selectors.canary).filter(
    (key) => selectors.canary[key] === canary.slot && selectors.stable[key] === stable.slot
  )
