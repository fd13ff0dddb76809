import { ARGO_HOOK, HELM_HOOK } from '../kubernetes/gitops.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'

/** What Helm and Argo CD would call the release: that of a workload which runs already, or its first one. */
export type Occasion = 'upgrade' | 'installation'

export const occasionOf = ({ first }: { readonly first?: true }): Occasion =>
  first === true ? 'installation' : 'upgrade'

interface Moments {
  /** At which Helm or Argo CD would have an object before the new version. */
  readonly before: ReadonlySet<string>
  /** And after it. */
  readonly after: ReadonlySet<string>
}

const MOMENTS: Readonly<Record<Occasion, Moments>> = {
  upgrade: { before: new Set(['pre-upgrade', 'presync']), after: new Set(['post-upgrade', 'postsync']) },
  installation: { before: new Set(['pre-install', 'presync']), after: new Set(['post-install', 'postsync']) }
}

/** Moments that are none of a release, so that hooks for them can be left out silently. */
const NEVER = [
  ...['crd-install', 'pre-delete', 'post-delete', 'pre-rollback', 'post-rollback'],
  ...['test', 'test-success', 'test-failure', 'predelete', 'postdelete', 'syncfail', 'skip']
]

/** All that Helm and Argo CD know, but `Sync`. */
const KNOWN: ReadonlySet<string> = new Set([
  ...NEVER,
  ...Object.values(MOMENTS).flatMap(({ before, after }) => [...before, ...after])
])

/** The texts between the commas of an annotation. */
export function listIn({ metadata }: KubernetesObject, key: string): readonly string[] {
  const text: unknown = metadata.annotations?.[key]
  if (typeof text !== 'string') return []
  return text.split(',').map((moment) => moment.trim().toLowerCase())
}

export const momentsOf = (object: KubernetesObject): readonly string[] => [
  ...listIn(object, HELM_HOOK),
  ...listIn(object, ARGO_HOOK)
]

const hasOneOf = (object: KubernetesObject, moments: ReadonlySet<string>): boolean =>
  momentsOf(object).some((moment) => moments.has(moment))

export const comesBefore = (object: KubernetesObject, occasion: Occasion): boolean =>
  hasOneOf(object, MOMENTS[occasion].before)

export const comesAfter = (object: KubernetesObject, occasion: Occasion): boolean =>
  hasOneOf(object, MOMENTS[occasion].after)

/** Together with everything else. */
export const comesWith = (object: KubernetesObject): boolean => momentsOf(object).includes('sync')

/** Whether all its moments are known, and none is of this occasion. */
export const comesElsewhere = (object: KubernetesObject, occasion: Occasion): boolean =>
  !comesBefore(object, occasion) &&
  !comesAfter(object, occasion) &&
  momentsOf(object).every((moment) => KNOWN.has(moment))

const WEIGHTS = ['helm.sh/hook-weight', 'argocd.argoproj.io/sync-wave']

/** The lower, the earlier. */
const weightOf = ({ metadata }: KubernetesObject): number =>
  WEIGHTS.map((key) => Number(metadata.annotations?.[key] ?? 0)).find((weight) => weight !== 0) ?? 0

/** As Helm and Argo CD order hooks of a kind and a moment: by weight or wave, then by name. */
export const byWeight = (one: KubernetesObject, other: KubernetesObject): number =>
  weightOf(one) - weightOf(other) || (one.metadata.name < other.metadata.name ? -1 : 1)
