import { expect, test } from '@jest/globals'
import { metricsSources, sourceFor } from '../../../src/analysis/source.ts'

test.each([
  ['virtualservice', 'istio'],
  ['traefikservice', 'traefik'],
  ['ingress-nginx', 'nginx'],
  ['ingress', 'http'],
  ['httproute', 'http'],
  ['grpcroute', 'http'],
  ['service', 'http'],
  ['constructor', 'http']
])('a %s is counted from %s', (kind, source) => {
  expect(sourceFor(kind)).toBe(source)
  expect(metricsSources).toContain(source)
})
