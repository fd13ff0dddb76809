import { SLOT_LABEL, templateIn } from '../domain/slots.ts'
import { canonical } from '../kubernetes/canonical.ts'
import type { Deployment, PodTemplate } from '../kubernetes/objects.ts'
import { withoutKeys } from '../kubernetes/selectors.ts'
import { HASH_LABEL } from '../kubernetes/workload.ts'
import type { Observed } from '../observe/observed.ts'
import { placementOf } from './placement.ts'

/** `kubectl rollout restart` writes it; it says nothing of what runs. */
const RESTARTED = 'kubectl.kubernetes.io/restartedAt'

/** Labels that only tell the slot of a version. */
export const slotLabelsOf = (observed: Observed): readonly string[] => [
  SLOT_LABEL,
  placementOf(observed).label
]

/** What serves, with what the other slot of a pair says of itself. */
export function servingElsewhere(observed: Observed): Deployment {
  const { deployment } = observed.stable
  const placement = placementOf(observed)
  const template = templateIn(placement, deployment.spec.template, observed.slots[placement.slot])
  return { ...deployment, spec: { ...deployment.spec, template } }
}

/**
 * Whether the template that would be released is the one that serves, the slot's label apart.
 * @param released as the API server would keep it, defaults filled in
 */
export const isUnchanged = (
  released: Deployment,
  serving: Deployment,
  slotLabels: readonly string[]
): boolean => essenceOf(released.spec.template, slotLabels) === essenceOf(serving.spec.template, slotLabels)

/** What a template says of what runs: the same for the same version in whatever slot. */
export const essenceOf = ({ metadata, spec }: PodTemplate, slotLabels: readonly string[]): string =>
  canonical({
    labels: withoutKeys(metadata?.labels ?? {}, HASH_LABEL, ...slotLabels),
    annotations: withoutKeys(metadata?.annotations ?? {}, RESTARTED),
    spec
  })
