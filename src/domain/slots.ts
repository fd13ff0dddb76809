import { createHash } from 'node:crypto'
import { copiedMetadata } from '../kubernetes/gitops.ts'
import type { Deployment, PodTemplate, Service } from '../kubernetes/objects.ts'
import { templateLabels, withoutKeys, type Labels } from '../kubernetes/selectors.ts'
import { inOtherSlot } from '../kubernetes/slot-values.ts'
import { DEPLOYMENT, HASH_LABEL } from '../kubernetes/workload.ts'
import { FENCE_ANNOTATION } from '../lock/fence.ts'

export const SLOT_LABEL = 'greenlight.dev/slot'
/** What no pod is labelled with: a Service that selects by it has no endpoints. */
const NO_SLOT = 'none'

/** The selector narrowed so that it selects nobody. */
export const selectingNobody = (selector: Labels): Labels => ({ ...selector, [SLOT_LABEL]: NO_SLOT })

export const selectsNobody = ({ spec }: Service): boolean => spec.selector?.[SLOT_LABEL] === NO_SLOT

/** `plain` is a Deployment that has not been through a release: it has no label that tells it from its slots. */
export type SlotName = 'blue' | 'green' | 'plain'

export const slotDeploymentName = (workload: string, slot: SlotName): string =>
  slot === 'plain' ? workload : `${workload}-${slot}`

/** Of a Service; a Deployment's may be longer. */
const LONGEST_NAME = 63

/**
 * The name of a slot's Service, which routes use: that of its Deployment, shortened where it is too long for a Service,
 * and without dots, which a Service's name cannot have.
 */
export function slotServiceName(deployment: string, slot: string): string {
  const name = (slot === 'plain' ? `${deployment}-plain` : deployment).replaceAll('.', '-')
  if (name.length <= LONGEST_NAME) return name
  const end = `-${createHash('sha256').update(name).digest('hex').slice(0, 10)}`
  return name.slice(0, LONGEST_NAME - end.length) + end
}

export const otherSlot = (slot: SlotName): 'blue' | 'green' => (slot === 'green' ? 'blue' : 'green')

/**
 * The label that tells the slots apart. A pair of Deployments that a team has made by hand has its own label (`version:
 * blue`), by which its Service selects. That label is used then, so that the team's pair stays as it is.
 */
export function slotLabel(serviceSelector: Labels, deployment: Deployment, slot: SlotName): string {
  const own = Object.entries(serviceSelector).find(
    ([key, value]) => value === slot && templateLabels(deployment.spec.template)[key] === slot
  )
  return own?.[0] ?? SLOT_LABEL
}

/** Whether a Service was made by a release for one of the slots. */
export const isSlotService = ({ metadata }: Service): boolean => metadata.labels?.[SLOT_LABEL] !== undefined

/** On a Deployment: when a release in place was undone whose template the Deployment did not have (yet, or any more). */
export const UNDONE_ANNOTATION = 'greenlight.dev/undone'

/**
 * A plain Deployment has no label that tells its pods from those of a slot, only the hash of its template. Until that is
 * known its selector names the slot `plain`, which no pod has.
 */
export const ofTemplate = (selector: Labels, hash: string): Labels =>
  selector[SLOT_LABEL] !== 'plain' || hash === ''
    ? selector
    : { ...withoutKeys(selector, SLOT_LABEL), [HASH_LABEL]: hash }

/** Annotations that belong to the object they are on, not to a copy of it. */
const NOT_COPIED = [
  'kubectl.kubernetes.io/last-applied-configuration',
  'deployment.kubernetes.io/revision',
  UNDONE_ANNOTATION,
  FENCE_ANNOTATION
]

export interface Placement {
  readonly name: string
  readonly namespace: string
  readonly slot: SlotName
  /** Key of the label that tells the slots apart. */
  readonly label: string
  readonly replicas: number
}

/**
 * The Deployment that brings a version into a slot.
 * @param source what to run: the user's manifest, or the live Deployment of the other slot
 * @param live the slot's Deployment when it exists: its selector is immutable, its metadata is kept
 */
export function inSlot(source: Deployment, placement: Placement, live: Deployment | undefined): Deployment {
  const { name, namespace, replicas } = placement
  const selector = live?.spec.selector ?? slotSelector(source, placement)
  const mark: Labels = placement.slot === 'plain' ? {} : { [placement.label]: placement.slot }
  const copied = copiedMetadata(source)
  return {
    ...DEPLOYMENT,
    metadata: {
      ...keptMetadata(live),
      name,
      namespace,
      labels: { ...live?.metadata.labels, ...copied.labels, ...mark },
      annotations: {
        ...live?.metadata.annotations,
        ...withoutKeys(copied.annotations, ...NOT_COPIED)
      }
    },
    spec: {
      ...source.spec,
      paused: false,
      replicas,
      selector,
      template: marked(templateIn(placement, source.spec.template, live), {
        ...selector.matchLabels,
        ...mark
      })
    }
  }
}

/**
 * In a pair that a team has made by hand, each Deployment may repeat its slot in other places of the template. Each
 * keeps its own.
 */
export const templateIn = (
  { slot, label }: Pick<Placement, 'slot' | 'label'>,
  template: PodTemplate,
  live: Deployment | undefined
): PodTemplate =>
  slot === 'plain' || label === SLOT_LABEL
    ? template
    : inOtherSlot(template, live?.spec.template, otherSlot(slot), slot)

/**
 * The metadata of the live object: owners, finalizers, and the resourceVersion by which the API server detects a write
 * in between.
 */
function keptMetadata(live: Deployment | undefined): Partial<Deployment['metadata']> {
  const { managedFields: _, ...kept } = live?.metadata ?? {}
  return kept
}

const slotSelector = ({ spec }: Deployment, { label, slot }: Placement): Deployment['spec']['selector'] => ({
  ...spec.selector,
  matchLabels: { ...spec.selector.matchLabels, ...(slot === 'plain' ? {} : { [label]: slot }) }
})

function marked(template: PodTemplate, mark: Labels): PodTemplate {
  const labels = { ...withoutKeys(templateLabels(template), HASH_LABEL), ...mark }
  return { ...template, metadata: { ...template.metadata, labels } }
}
