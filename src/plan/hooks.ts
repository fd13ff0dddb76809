import type { Fault } from '../base/errors.ts'
import { ARGO_HOOK, HELM_HOOK } from '../kubernetes/gitops.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'
import type { Observed } from '../observe/observed.ts'
import { isSlotOf } from './live-fields.ts'

const HELM_DELETE_POLICY = 'helm.sh/hook-delete-policy'

/** Moments at which Helm or Argo CD would have an object before the new version, and together with it. */
const BEFORE: ReadonlySet<string> = new Set(['pre-upgrade', 'presync'])
const WITH: ReadonlySet<string> = new Set(['sync'])
/** And after it. */
const AFTER: ReadonlySet<string> = new Set(['post-upgrade', 'postsync'])
/** Moments that do not occur in an upgrade, so hooks for them can be left out silently. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  ...[
    'pre-install',
    'post-install',
    'crd-install',
    'pre-delete',
    'post-delete',
    'pre-rollback',
    'post-rollback'
  ],
  ...['test', 'test-success', 'test-failure', 'predelete', 'postdelete', 'syncfail', 'skip']
])

/** Kinds that run once to completion, of Argo Workflows and Tekton too. */
const RUNS_ONCE: ReadonlySet<string> = new Set(['Job', 'Pod', 'Workflow', 'PipelineRun', 'TaskRun'])

export interface WithoutHooks {
  /** What a release applies. */
  readonly manifests: readonly Manifest[]
  /** Hooks that have to be done before the new version starts. */
  readonly faults: readonly Fault[]
  /** What is left out though an upgrade would have it, and why. */
  readonly warnings: readonly string[]
  /** What an upgrade would leave out as well. */
  readonly notes: readonly string[]
}

/**
 * `helm template` prints hooks among all other objects. A release of a workload that runs is an upgrade, and a hook is
 * applied as it would be in one: what comes before it, unless it runs. All others are left out; what is missed then is a warning.
 */
export function withoutHooks(given: readonly Manifest[], observed: Pick<Observed, 'workload'>): WithoutHooks {
  const faults: Fault[] = []
  const warnings: string[] = []
  const notes: string[] = []
  const manifests = given.filter((manifest) => {
    const { object } = manifest
    if (momentsOf(object).length === 0) return true
    if (isSlotOf(observed, object)) faults.push(workloadFault(manifest))
    else if (isApplied(object)) return true
    else if (runsBefore(object)) faults.push(unrunFault(manifest))
    else if (isElsewhere(object)) notes.push(leftOut(manifest))
    else warnings.push(leftOut(manifest))
    return false
  })
  return { manifests, faults, warnings, notes }
}

function listIn({ metadata }: KubernetesObject, key: string): readonly string[] {
  const text: unknown = metadata.annotations?.[key]
  if (typeof text !== 'string') return []
  return text.split(',').map((moment) => moment.trim().toLowerCase())
}

const momentsOf = (object: KubernetesObject): readonly string[] => [
  ...listIn(object, HELM_HOOK),
  ...listIn(object, ARGO_HOOK)
]

const isBefore = (object: KubernetesObject): boolean => momentsOf(object).some((moment) => BEFORE.has(moment))

const runsBefore = (object: KubernetesObject): boolean => RUNS_ONCE.has(object.kind) && isBefore(object)

/** Config and accounts stay after an upgrade, unless they are for other hooks alone. */
function isApplied(object: KubernetesObject): boolean {
  if (momentsOf(object).some((moment) => WITH.has(moment))) return true
  const isRemoved = listIn(object, HELM_DELETE_POLICY).includes('hook-succeeded')
  return isBefore(object) && !RUNS_ONCE.has(object.kind) && !isRemoved
}

/** `helm.sh/hook: pre-upgrade` */
const written = ({ metadata }: KubernetesObject): string =>
  [HELM_HOOK, ARGO_HOOK]
    .flatMap((key) => {
      const value = metadata.annotations?.[key]
      return value === undefined ? [] : [`${key}: ${value}`]
    })
    .join(', ')

const nameOf = ({ kind, metadata }: KubernetesObject): string => `${kind} ${metadata.name}`

const workloadFault = ({ object, source }: Manifest): Fault => ({
  input: 'manifests',
  problem: `${source}: ${nameOf(object)} is the workload itself, and a hook (${written(object)}): it would be no part of a release`,
  example: `${nameOf(object)} without that annotation`
})

const unrunFault = ({ object, source }: Manifest): Fault => ({
  input: 'manifests',
  problem: `${source}: ${nameOf(object)} is a hook (${written(object)}) that has to be done before the new version starts, and a release does not run it`,
  example: `run it in a step before this one, for example by kubectl create and kubectl wait, and leave it out here: helm template --no-hooks`
})

/** Whether it would not be there after an upgrade by Helm or a sync by Argo CD either. */
const isElsewhere = (object: KubernetesObject): boolean =>
  isBefore(object) || momentsOf(object).every((moment) => ELSEWHERE.has(moment))

function leftOut({ object, source }: Manifest): string {
  const what = `${source}: ${nameOf(object)} is a hook (${written(object)}) and is not applied`
  if (isBefore(object)) return `${what}: after an upgrade nothing is left of it`
  if (isElsewhere(object)) return `${what}, as in an upgrade`
  if (momentsOf(object).some((moment) => AFTER.has(moment)))
    return `${what}: what has to be done after a release is for a step of its own after this one; helm template --no-hooks leaves it out`
  return `${what}: a release is no moment for it; helm template --no-hooks leaves it out`
}
