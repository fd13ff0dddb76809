import type { Fault } from '../base/errors.ts'
import { ARGO_HOOK, HELM_HOOK } from '../kubernetes/gitops.ts'
import { isJob } from '../kubernetes/job.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'
import type { Observed } from '../observe/observed.ts'
import { isGround } from './ground.ts'
import {
  comesAfter,
  comesBefore,
  comesElsewhere,
  comesWith,
  listIn,
  momentsOf,
  type Occasion
} from './hook-moments.ts'
import { isSlotOf } from './live-fields.ts'

const HELM_DELETE_POLICY = 'helm.sh/hook-delete-policy'

/** Kinds that run once to completion, of Argo Workflows and Tekton too. */
const RUNS_ONCE: ReadonlySet<string> = new Set(['Job', 'Pod', 'Workflow', 'PipelineRun', 'TaskRun'])

export interface WithoutHooks {
  /** What a release applies, and the Jobs that it runs before and after the new version. */
  readonly manifests: readonly Manifest[]
  /** Hooks that have to be done before the new version starts, and that no release runs. */
  readonly faults: readonly Fault[]
  /** What is left out though Helm or Argo CD would have it, and why. */
  readonly warnings: readonly string[]
  /** What they would leave out as well. */
  readonly notes: readonly string[]
}

/**
 * `helm template` prints hooks among all other objects. What Helm or Argo CD would have before the new version is applied before it,
 * their Jobs before and after it are kept to be run; all others are left out, and what is missed then is a warning.
 * @param occasion what Helm would call this release
 */
export function withoutHooks(
  given: readonly Manifest[],
  observed: Pick<Observed, 'workload'>,
  occasion: Occasion = 'upgrade'
): WithoutHooks {
  const faults: Fault[] = []
  const warnings: string[] = []
  const notes: string[] = []
  const isApplied = appliedAmong(given, occasion)
  const manifests = given.filter((manifest) => {
    const { object } = manifest
    if (momentsOf(object).length === 0) return true
    if (isSlotOf(observed, object)) faults.push(workloadFault(manifest))
    else if (isApplied(object)) return true
    else if (RUNS_ONCE.has(object.kind) && comesBefore(object, occasion)) faults.push(unrunFault(manifest))
    else if (comesBefore(object, occasion) || comesElsewhere(object, occasion))
      notes.push(leftOut(manifest, occasion))
    else warnings.push(leftOut(manifest, occasion))
    return false
  })
  return { manifests, faults, warnings, notes }
}

/**
 * Config and accounts stay after an upgrade, unless they are for other hooks alone. Where a Job is run that may need these, they are
 * applied all the same.
 */
function appliedAmong(given: readonly Manifest[], occasion: Occasion): (object: KubernetesObject) => boolean {
  const jobs = given.map(({ object }) => object).filter((object) => isJob(object))
  const runsAfter = jobs.some((job) => comesAfter(job, occasion))
  const runsAny = runsAfter || jobs.some((job) => comesBefore(job, occasion))
  return (object) => {
    if (comesWith(object)) return true
    if (isJob(object)) return comesBefore(object, occasion) || comesAfter(object, occasion)
    if (RUNS_ONCE.has(object.kind)) return false
    const isRemoved = listIn(object, HELM_DELETE_POLICY).includes('hook-succeeded')
    if (comesBefore(object, occasion)) return !isRemoved || runsAny
    return comesAfter(object, occasion) && runsAfter && isGround(object)
  }
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
  problem: `${source}: ${nameOf(object)} is a hook (${written(object)}) that has to be done before the new version starts, and a release runs Jobs only`,
  example: `a Job that does the same; or run it in a step before this one, and leave it out here: helm template --no-hooks`
})

function leftOut({ object, source }: Manifest, occasion: Occasion): string {
  const what = `${source}: ${nameOf(object)} is a hook (${written(object)}) and is not applied`
  if (comesBefore(object, occasion)) return `${what}: after an ${occasion} nothing is left of it`
  if (comesElsewhere(object, occasion)) return `${what}, as in an ${occasion}`
  if (comesAfter(object, occasion))
    return `${what}: of what comes after a release only Jobs are run; helm template --no-hooks leaves it out`
  return `${what}: a release is no moment for it; helm template --no-hooks leaves it out`
}
