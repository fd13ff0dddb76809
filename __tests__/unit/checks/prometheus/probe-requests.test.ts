import { expect, test } from '@jest/globals'
import { probedPath } from '../../../../src/checks/prometheus/probe-requests.ts'

test.each([
  [{ handler: '/metrics' }, true],
  [{ path: '/healthz' }, true],
  [{ path: '/healthz/ready' }, true],
  [{ route: '/q/health/live' }, true],
  [{ uri: '/actuator/prometheus' }, true],
  [{ http_route: '/-/ready' }, true],
  [{ http_route: 'healthz' }, true],
  [{ handler: '/health-insurance' }, false],
  [{ path: '/ping' }, false],
  [{ endpoint: 'metrics' }, false],
  [{ endpoint: '/metrics' }, true],
  [{ exported_endpoint: 'healthz' }, true],
  [{ path: '/' }, false],
  [{ path: '' }, false],
  [{}, false]
])('%j is known for a probe or a scrape: %s', (labels, expected) => {
  expect(probedPath(labels) !== undefined).toBe(expected)
})
