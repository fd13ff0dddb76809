import { canonical } from '../kubernetes/canonical.ts'
import type { Deployment, PodTemplate } from '../kubernetes/objects.ts'
import { withoutKeys } from '../kubernetes/selectors.ts'

/** `kubectl rollout restart` writes it; it says nothing of what runs. */
const RESTARTED = 'kubectl.kubernetes.io/restartedAt'

/**
 * Whether the template that would be released is the one that serves, the slot's label apart.
 * @param released as the API server would keep it, defaults filled in
 */
export const isUnchanged = (
  released: Deployment,
  serving: Deployment,
  slotLabels: readonly string[]
): boolean =>
  canonical(comparable(released.spec.template, slotLabels)) ===
  canonical(comparable(serving.spec.template, slotLabels))

const comparable = ({ metadata, spec }: PodTemplate, slotLabels: readonly string[]): unknown => ({
  labels: withoutKeys(metadata?.labels ?? {}, ...slotLabels),
  annotations: withoutKeys(metadata?.annotations ?? {}, RESTARTED),
  spec
})
