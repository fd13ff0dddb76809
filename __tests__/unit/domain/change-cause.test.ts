import { describe, expect, it } from '@jest/globals'
import { causedBy, CHANGE_CAUSE, withCause } from '../../../src/domain/change-cause.ts'
import type { Deployment } from '../../../src/kubernetes/objects.ts'
import { workload } from '../../support/memory/shop.ts'

const causeOf = ({ metadata }: Deployment): string | undefined => metadata.annotations?.[CHANGE_CAUSE]

function running(image: string): Deployment {
  const { spec, ...rest } = workload()
  const template = { ...spec.template, spec: { containers: [{ name: 'web', image }] } }
  return { ...rest, spec: { ...spec, template } }
}

describe('the cause of a revision', () => {
  it('is the release with its images', () => {
    expect(causeOf(withCause(workload(), '7-1'))).toBe('greenlight 7-1: shop/web:1')
  })

  it('is no longer than a line', () => {
    const images = Array.from({ length: 9 }, (_, at) => `registry.example.com/shop/sidecar-${at}:1.0.0`)
    const { length } = causeOf(withCause(running(images.join(', ')), '7-1')) ?? ''
    expect(length).toBeGreaterThan(100)
    expect(length).toBeLessThanOrEqual(201)
  })

  it("takes the place of an earlier release's, also where a manifest was exported with it", () => {
    const earlier = withCause(workload(), '6-1')
    expect(causeOf(withCause(earlier, '7-1'))).toBe('greenlight 7-1: shop/web:1')
    expect(causeOf(withCause(earlier, '7-1', earlier))).toBe('greenlight 7-1: shop/web:1')
  })

  it('leaves the one that its author has written', () => {
    const written = causedBy(workload(), 'JIRA-12: new prices')
    expect(causeOf(withCause(written, '7-1', written))).toBe('JIRA-12: new prices')
    // As it runs, the cause is that of the version before.
    expect(causeOf(withCause(written, '7-1'))).toBe('greenlight 7-1: shop/web:1')
  })
})
