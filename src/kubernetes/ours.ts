import type { KubernetesObject } from './objects.ts'
import type { Labels } from './selectors.ts'

/** On the objects that a release makes beside the user's: only what has it is changed and deleted. */
export const OURS: Labels = { 'app.kubernetes.io/managed-by': 'greenlight' }

export const isOurs = ({ metadata }: KubernetesObject): boolean =>
  Object.entries(OURS).every(([key, value]) => metadata.labels?.[key] === value)
