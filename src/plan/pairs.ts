import { SLOT_LABEL, templateIn, type Placement } from '../domain/slots.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import { differingFields } from '../kubernetes/template-difference.ts'
import type { Observed } from '../observe/observed.ts'

/** A longer list would not be read. */
const MOST = 5

/** Fields that every release changes, and the time of a restart, which is no part of a version. */
const isOfRelease = (field: string): boolean =>
  field.endsWith('.image') ||
  /annotations\.(kubectl\.kubernetes\.io\/restartedAt|greenlight\.dev\/.*)$/.test(field)

/**
 * Without a manifest the template that serves is released. In a pair that a team has made by hand, the other Deployment
 * may have settings of its own, which would be lost. Values may be secret, so only the fields are named.
 */
export function pairWarnings(
  { slots, stable }: Observed,
  placement: Placement,
  written: Manifest | undefined
): string[] {
  const there = placement.slot === 'plain' ? undefined : slots[placement.slot]
  if (written !== undefined || there === undefined || placement.label === SLOT_LABEL) return []
  const brought = templateIn(placement, stable.deployment.spec.template, there)
  const marks = [`metadata.labels.${placement.label}`]
  const fields = differingFields(brought, there.spec.template).filter(
    (field) => !isOfRelease(field) && !marks.includes(field)
  )
  if (fields.length === 0) return []
  const more = fields.length > MOST ? ` and ${fields.length - MOST} more` : ''
  const [own, other] = [stable.deployment, there].map(({ metadata }) => `deployment/${metadata.name}`)
  return [
    `${other} differs from ${own} in ${fields.slice(0, MOST).join(', ')}${more}: released is the template of ${own} with the new images. To release another one, give it in manifests`
  ]
}
