import type { Fault } from '../base/errors.ts'
import { printJobName } from '../inputs/job-name.ts'
import type { Inputs } from '../inputs/inputs.ts'
import { nearest } from '../inputs/nearest.ts'
import { isJob, type Job } from '../kubernetes/job.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'
import type { Observed } from '../observe/observed.ts'
import { byWeight, comesAfter, comesBefore, comesWith, type Occasion } from './hook-moments.ts'

export type JobManifest = Manifest & { readonly object: Job }

/** When a Job runs: before the new version starts, or after it has all users. */
export type Moment = 'before' | 'after'

/** The Jobs of a release, in order, apart from all other manifests. */
export interface JobsAround extends Readonly<Record<Moment, readonly JobManifest[]>> {
  readonly others: readonly Manifest[]
  readonly faults: readonly Fault[]
}

/**
 * Finds the Jobs that run before and after a release: those that the inputs name, as listed, then those that Helm or Argo CD would
 * run then, by weight or wave.
 */
export function jobsAround(
  inputs: Pick<Inputs, Moment>,
  { namespace }: Pick<Observed, 'namespace'>,
  manifests: readonly Manifest[],
  occasion: Occasion = 'upgrade'
): JobsAround {
  const jobs = manifests.filter((manifest): manifest is JobManifest => isJob(manifest.object))
  const named = new Set([...inputs.before, ...inputs.after])
  const listed = (moment: Moment): readonly JobManifest[] =>
    inputs[moment].flatMap((name) => jobs.find((job) => nameOf(job) === name) ?? [])
  const hooks = (moment: Moment): readonly JobManifest[] =>
    jobs
      .filter((job) => !named.has(nameOf(job)) && momentOf(job.object, occasion) === moment)
      .sort((one, other) => byWeight(one.object, other.object))
  const before = [...listed('before'), ...hooks('before')]
  const after = [...listed('after'), ...hooks('after')]
  const used = new Set([...before, ...after].map(nameOf))
  return {
    before,
    after,
    others: manifests.filter((manifest) => !(isJob(manifest.object) && used.has(nameOf(manifest)))),
    faults: [
      ...missingFaults(inputs, jobs),
      ...doubledFaults(inputs),
      ...[...before, ...after].flatMap((job) => strayFaults(job, namespace))
    ]
  }
}

/** The API server completes a name that ends in a hyphen (`generateName`). */
export const nameOf = ({ object }: Manifest): string => object.metadata.name.replace(/[.-]+$/, '')

/** One that Argo CD would run twice runs before: what has to be done first is never left out. */
function momentOf(job: KubernetesObject, occasion: Occasion): Moment | undefined {
  if (comesBefore(job, occasion)) return 'before'
  return comesAfter(job, occasion) && !comesWith(job) ? 'after' : undefined
}

const missingFaults = (inputs: Pick<Inputs, Moment>, jobs: readonly JobManifest[]): readonly Fault[] =>
  (['before', 'after'] as const).flatMap((input) =>
    inputs[input]
      .filter((name) => !jobs.some((job) => nameOf(job) === name))
      .map((name) => missingFault(input, name, jobs.map(nameOf)))
  )

function missingFault(input: Moment, name: string, names: readonly string[]): Fault {
  const meant = nearest(name, names)
  const hint = meant === undefined ? '' : `; did you mean ${printJobName(meant)}?`
  const found = names.length === 0 ? 'they hold no Job' : `they hold ${names.map(printJobName).join(', ')}`
  return {
    input,
    problem: `${printJobName(name)} is not in the manifests, ${found}${hint}`,
    example: printJobName(meant ?? names[0] ?? 'migrate')
  }
}

const doubledFaults = ({ before, after }: Pick<Inputs, Moment>): readonly Fault[] =>
  before
    .filter((name) => after.includes(name))
    .map((name) => ({
      input: 'after',
      problem: `${printJobName(name)} is in before as well, and a Job runs once in a release`,
      example: `a second Job of another name`
    }))

/** Its pods and their log could not be followed with the rights of the release. */
const strayFaults = ({ object, source }: JobManifest, namespace: string): readonly Fault[] =>
  object.metadata.namespace === undefined || object.metadata.namespace === namespace
    ? []
    : [
        {
          input: 'manifests',
          problem: `${source}: Job ${object.metadata.name} is for namespace ${object.metadata.namespace}, the release for ${namespace}`,
          example: `namespace: ${namespace}`
        }
      ]
