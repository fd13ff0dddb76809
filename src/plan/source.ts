import type { Fault } from '../base/errors.ts'
import type { Placement } from '../domain/slots.ts'
import { withImages } from '../inputs/image.ts'
import type { Inputs } from '../inputs/inputs.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import type { Deployment } from '../kubernetes/objects.ts'
import type { Observed } from '../observe/observed.ts'
import { imageFaults } from './faults.ts'
import { isSlotOf } from './live-fields.ts'

/** The manifest of the Deployment, whichever of the workload's names it has. */
export function writtenIn(
  observed: Observed,
  manifests: readonly Manifest[],
  { name }: Pick<Placement, 'name'>
): Manifest | undefined {
  const names = [name, observed.workload, observed.stable.deployment.metadata.name]
  const deployments = manifests.filter(({ object }) => isSlotOf(observed, object))
  const found = names.flatMap(
    (wanted) => deployments.find(({ object }) => object.metadata.name === wanted) ?? []
  )
  return found[0]
}

/** With the images that the user names. */
export function withNewImages(
  source: Deployment,
  images: Inputs['images']
): { readonly renewed: Deployment; readonly faults: readonly Fault[] } {
  const { spec, unmatched } = withImages(source.spec.template.spec, images)
  const template = { ...source.spec.template, spec }
  const renewed = { ...source, spec: { ...source.spec, template } }
  return { renewed, faults: imageFaults(unmatched, source) }
}

/** The manifest's Deployment; without one what serves now. */
export const sourceOf = (
  observed: Observed,
  manifests: readonly Manifest[],
  placement: Pick<Placement, 'name'>
): Deployment =>
  (writtenIn(observed, manifests, placement)?.object as Deployment | undefined) ?? observed.stable.deployment
