import { InputError, refuse } from '../base/errors.ts'
import type { Release } from '../domain/record.ts'
import { printJobName } from '../inputs/job-name.ts'
import { isJob } from '../kubernetes/job.ts'
import type { Recorded } from '../observe/observed.ts'
import { isConfig } from '../plan/config-copy.ts'
import { asAuthored } from '../plan/exported.ts'
import { withoutHooks } from '../plan/hooks.ts'
import { isSlotOf } from '../plan/live-fields.ts'
import { givenFor, NO_JOBS, type ReleaseJobs } from '../plan/release-jobs.ts'
import { manifestFaults } from '../preflight/dry-run.ts'
import { tryJob } from '../preflight/try-job.ts'
import type { Invocation } from './invocation.ts'
import { requireShape } from './require-shape.ts'

/**
 * The Jobs that run after a release which somebody promotes. Those before it ran when it began.
 * @throws InputError when they cannot be run, or when the release began with some and the inputs of this run have none
 */
export async function jobsToPromote(
  observed: Recorded,
  { inputs, manifests, ports }: Invocation
): Promise<ReleaseJobs> {
  const { record, namespace } = observed
  const missed = record.jobs?.after ?? []
  const hasJobs = inputs.after.length > 0 || manifests.some(({ object }) => isJob(object))
  if (!hasJobs && missed.length === 0) return NO_JOBS
  // Of other objects a promotion applies none.
  const used = manifests.filter(
    ({ object }) => isJob(object) || isConfig(object) || isSlotOf(observed, object)
  )
  await requireShape(used, namespace, ports.cluster)
  const written = withoutHooks(asAuthored(used, observed).manifests, observed).manifests
  const place = { name: record.canary.deployment, release: record.id }
  const { jobs, faults } = givenFor({ ...inputs, before: [] }, observed, written, place)
  refuse(faults)
  if (jobs.after.length === 0 && missed.length > 0) throw lacking(record.id, missed)
  const tried = await Promise.all(jobs.after.map((job) => tryJob(job, ports.cluster)))
  refuse(manifestFaults(tried, () => true))
  return { before: [], after: jobs.after }
}

/** The record keeps the Jobs that ran before. */
export const withAfter = ({ jobs }: Release, { after }: ReleaseJobs): Pick<Release, 'jobs'> =>
  jobs === undefined && after.length === 0
    ? {}
    : { jobs: { before: jobs?.before ?? [], after: after.map(({ object }) => object.metadata.name) } }

const lacking = (release: string, names: readonly string[]): InputError =>
  new InputError([
    {
      input: 'after',
      problem: `release ${release} began with ${names.map(printJobName).join(', ')} to run after it, and the inputs of this run have none`,
      example: 'the same manifests and after as the release'
    }
  ])
