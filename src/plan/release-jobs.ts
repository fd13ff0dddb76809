import type { Fault } from '../base/errors.ts'
import type { Release } from '../domain/record.ts'
import { withImages, type ImageRule } from '../inputs/image.ts'
import type { Inputs } from '../inputs/inputs.ts'
import { comesBefore, occasionOf, type Occasion } from './hook-moments.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import type { Observed } from '../observe/observed.ts'
import type { ReleaseOrigin } from './begin-release.ts'
import { withConfig } from './config.ts'
import { isGround } from './ground.ts'
import { imagesFor } from './job-images.ts'
import { jobsAround, nameOf, type JobManifest, type Moment } from './jobs-around.ts'
import { releaseJob } from './release-job.ts'
import { sourceOf } from './source.ts'
import type { Step } from './step.ts'

/** The Jobs of one release as it runs them, in order. */
export type ReleaseJobs = Readonly<Record<Moment, readonly JobManifest[]>>

export const NO_JOBS: ReleaseJobs = { before: [], after: [] }

/** The manifests of a release with its Jobs apart, and config under the names of its copies in both. */
export interface Given {
  readonly manifests: readonly Manifest[]
  readonly jobs: ReleaseJobs
  /** Those of the input that are for the workload. */
  readonly images: readonly ImageRule[]
  readonly faults: readonly Fault[]
}

/** @param name that the workload's Deployment is to have */
export function givenFor(
  inputs: Pick<Inputs, 'images' | Moment>,
  observed: Observed,
  manifests: readonly Manifest[],
  { name, release }: Pick<ReleaseOrigin, 'release'> & { readonly name: string }
): Given {
  const { before, after, others, faults } = jobsAround(inputs, observed, manifests, occasionOf(observed))
  const jobs = [...before, ...after]
  const source = sourceOf(observed, others, { name })
  const config = withConfig(observed, others, source, jobs)
  const images = imagesFor(
    inputs.images,
    source.spec.template.spec,
    jobs.map(({ object }) => object.spec.template.spec)
  )
  const ready = config.jobs.map((job): JobManifest => {
    const object = releaseJob(nameOf(job), withJobImages(job, images.jobs), observed, release)
    return { ...job, object }
  })
  return {
    manifests: config.manifests,
    jobs: { before: ready.slice(0, before.length), after: ready.slice(before.length) },
    images: images.workload,
    faults: [...faults, ...config.faults]
  }
}

function withJobImages({ object }: JobManifest, images: readonly ImageRule[]): JobManifest['object'] {
  const { template } = object.spec
  const { spec } = withImages(template.spec, images)
  return { ...object, spec: { ...object.spec, template: { ...template, spec } } }
}

/** What the record says of them, for runs that have no manifests. */
export const jobsOnRecord = ({ before, after }: ReleaseJobs): Pick<Release, 'jobs'> =>
  before.length + after.length === 0 ? {} : { jobs: { before: before.map(nameOf), after: after.map(nameOf) } }

export const runJobs = (jobs: ReleaseJobs | undefined, moment: Moment): readonly Step[] =>
  (jobs?.[moment] ?? []).map(({ object }) => ({ kind: 'run-job', job: object, moment }))

/** The Jobs that come before the new version with what they may need, and the objects of the manifests that can wait for them. */
interface Around {
  readonly first: readonly Step[]
  readonly rest: readonly Step[]
}

/**
 * Users, and whatever runs beside the workload, are not touched before the Jobs have ended: all of that stays as it is should one
 * fail. Without Jobs nothing comes first.
 */
export function aroundJobs(
  manifests: readonly Manifest[],
  jobs: ReleaseJobs | undefined,
  occasion: Occasion = 'upgrade'
): Around {
  const apply = (manifest: Manifest): Step => ({ kind: 'apply', manifest })
  const run = runJobs(jobs, 'before')
  if (run.length === 0) return { first: [], rest: manifests.map(apply) }
  const isFirst = ({ object }: Manifest): boolean => isGround(object) || comesBefore(object, occasion)
  return {
    first: [...manifests.filter(isFirst).map(apply), ...run],
    rest: manifests.filter((manifest) => !isFirst(manifest)).map(apply)
  }
}

/** Both, one after the other. */
export function appliedAround(...given: Parameters<typeof aroundJobs>): readonly Step[] {
  const { first, rest } = aroundJobs(...given)
  return [...first, ...rest]
}
