import { withImages, type ImageRule } from '../inputs/image.ts'
import type { PodSpec } from '../kubernetes/objects.ts'

/** Which images of the input are for the workload, and which for its Jobs. */
export interface ImagesFor {
  readonly workload: readonly ImageRule[]
  readonly jobs: readonly ImageRule[]
}

/**
 * A Job mostly runs the image of the workload with another command, so it gets what the workload gets, by repository: a
 * line that names a container of the workload is for all containers of that image. A line that fits Jobs alone is theirs.
 */
export function imagesFor(
  images: readonly ImageRule[],
  workload: PodSpec,
  jobs: readonly PodSpec[]
): ImagesFor {
  const strange = new Set(withImages(workload, images).unmatched)
  const forJobs = images.map((rule) => (strange.has(rule) ? rule : byRepository(rule)))
  const unused = jobs.map((spec) => new Set(withImages(spec, forJobs).unmatched))
  const isOfJobs = (rule: ImageRule): boolean => strange.has(rule) && unused.some((rules) => !rules.has(rule))
  return { workload: images.filter((rule) => !isOfJobs(rule)), jobs: forJobs }
}

const byRepository = ({ match, target, image }: ImageRule): ImageRule => ({
  match: 'repository',
  target: match === 'repository' ? target : image.repository,
  image
})
