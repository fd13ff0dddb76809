import { describe, expect, it, test } from '@jest/globals'
import { covers, detect, detectionQuery, samplesQuery } from '../../../../src/checks/prometheus/recipes.ts'
import { isServerError } from '../../../../src/checks/prometheus/status.ts'
import { of, podNames, series, subject } from './builders.ts'

const [pod = ''] = podNames
const seen = (...labels: readonly Readonly<Record<string, string>>[]) =>
  labels.map((one) => series(one, [0, 1]))

describe('detect', () => {
  test.each([
    [
      'Prometheus client',
      [of('http_requests_total', { code: '200' }), of('http_request_duration_seconds_bucket')],
      {
        pod: 'pod',
        namespace: 'namespace',
        requests: 'http_requests_total',
        status: 'code',
        latency: { base: 'http_request_duration_seconds', unit: 1, hasBuckets: true }
      }
    ],
    [
      'status label status',
      [of('http_requests_total', { status: '404' })],
      { pod: 'pod', namespace: 'namespace', requests: 'http_requests_total', status: 'status' }
    ],
    [
      'status by class',
      [of('http_requests_total', { status_code: '5xx' })],
      { pod: 'pod', namespace: 'namespace', requests: 'http_requests_total', status: 'status_code' }
    ],
    [
      'histogram only',
      [
        of('http_request_duration_seconds_count', { code: '200' }),
        of('http_request_duration_seconds_bucket', { code: '200' })
      ],
      {
        pod: 'pod',
        namespace: 'namespace',
        requests: 'http_request_duration_seconds_count',
        status: 'code',
        latency: { base: 'http_request_duration_seconds', unit: 1, hasBuckets: true }
      }
    ],
    [
      'a counter without status beside a histogram with it',
      [of('http_requests_total'), of('http_request_duration_seconds_count', { code: '200' })],
      { pod: 'pod', namespace: 'namespace', requests: 'http_request_duration_seconds_count', status: 'code' }
    ],
    [
      'OpenTelemetry',
      [
        of('http_server_request_duration_seconds_count', { http_response_status_code: '200' }),
        of('http_server_request_duration_seconds_bucket', { http_response_status_code: '200' })
      ],
      {
        pod: 'pod',
        namespace: 'namespace',
        requests: 'http_server_request_duration_seconds_count',
        status: 'http_response_status_code',
        latency: { base: 'http_server_request_duration_seconds', unit: 1, hasBuckets: true }
      }
    ],
    [
      'older OpenTelemetry, in milliseconds',
      [
        of('http_server_duration_milliseconds_count', { http_status_code: '200' }),
        of('http_server_duration_milliseconds_bucket', { http_status_code: '200' })
      ],
      {
        pod: 'pod',
        namespace: 'namespace',
        requests: 'http_server_duration_milliseconds_count',
        status: 'http_status_code',
        latency: { base: 'http_server_duration_milliseconds', unit: 0.001, hasBuckets: true }
      }
    ],
    [
      'Spring without buckets',
      [
        of('http_server_requests_seconds_count', { status: '200' }),
        of('http_server_requests_seconds_sum', { status: '200' })
      ],
      {
        pod: 'pod',
        namespace: 'namespace',
        requests: 'http_server_requests_seconds_count',
        status: 'status',
        latency: { base: 'http_server_requests_seconds', unit: 1, hasBuckets: false }
      }
    ],
    [
      'a code that is no HTTP status',
      [of('http_requests_total', { code: 'OK' })],
      { pod: 'pod', namespace: 'namespace', requests: 'http_requests_total' }
    ],
    [
      'outcomes in the place of a status',
      [of('http_server_requests_seconds_count', { outcome: 'CLIENT_ERROR' })],
      {
        pod: 'pod',
        namespace: 'namespace',
        requests: 'http_server_requests_seconds_count',
        status: 'outcome'
      }
    ],
    [
      'a label with nothing but statuses rather than one with codes of its own',
      [
        of('http_requests_total', { code: '1001', status: '200' }),
        of('http_requests_total', { code: '200', status: '200' })
      ],
      { pod: 'pod', namespace: 'namespace', requests: 'http_requests_total', status: 'status' }
    ],
    [
      'other labels for pod and namespace',
      [
        {
          __name__: 'http_requests_total',
          kubernetes_pod_name: pod,
          kubernetes_namespace: 'shop',
          code: '200'
        }
      ],
      {
        pod: 'kubernetes_pod_name',
        namespace: 'kubernetes_namespace',
        requests: 'http_requests_total',
        status: 'code'
      }
    ],
    [
      'pod is the collector',
      [{ __name__: 'http_requests_total', pod: 'collector-0', exported_pod: pod, code: '200' }],
      { pod: 'exported_pod', requests: 'http_requests_total', status: 'code' }
    ]
  ])('%s', (_source, labels, recipe) => {
    expect(detect(seen(...labels), subject())).toStrictEqual({ scraped: false, recipe })
  })

  test.each([
    ['nothing', seen(), false],
    ['only scraped', seen(of('up')), true],
    ['another namespace', seen({ ...of('http_requests_total'), namespace: 'staging' }), false],
    ['other pods', seen({ ...of('http_requests_total'), pod: 'web-blue-xyz99-aaaaa' }), false]
  ])('finds no recipe in %s', (_what, answer, scraped) => {
    expect(detect(answer, subject())).toStrictEqual({ scraped })
  })
})

test('detectionQuery asks once, for every label that may hold the pod', () => {
  const query = detectionQuery(subject())
  expect(query).toMatch(/^count by \(__name__,pod,/)
  expect(query).toContain('pod=~"web-green-abc12-[a-z0-9]{5}"} or {')
  expect(query).toContain('exported_pod=~"web-green-abc12-[a-z0-9]{5}"')
})

describe('a native histogram', () => {
  const base = 'http_request_duration_seconds'

  it('is found by its base’s name, beside a counter or alone', () => {
    expect(
      detect([seen(of('http_requests_total', { code: '200' })), seen(of(base))].flat(), subject()).recipe
    ).toMatchObject({ requests: 'http_requests_total', native: { base, unit: 1 } })
    expect(detect([seen(of(base, { code: '200' }))].flat(), subject()).recipe).toStrictEqual({
      pod: 'pod',
      namespace: 'namespace',
      requests: base,
      status: 'code',
      native: { base, unit: 1 }
    })
  })

  it('is none where there are buckets, and no summary is one', () => {
    const classic = [of(`${base}_bucket`), of(`${base}_count`), of(`${base}_sum`), of(base)]
    expect(
      detect(
        classic.flatMap((labels) => seen(labels)),
        subject()
      ).recipe
    ).not.toHaveProperty('native')
    const summary = [of(`${base}_count`), of(`${base}_sum`), of(base)]
    expect(
      detect(
        summary.flatMap((labels) => seen(labels)),
        subject()
      ).recipe
    ).not.toHaveProperty('native')
  })
})

describe('samplesQuery', () => {
  const recipe = {
    pod: 'pod',
    namespace: 'namespace',
    requests: 'http_requests_total',
    status: 'code',
    latency: { base: 'http_request_duration_seconds', unit: 1, hasBuckets: true }
  }

  it('asks for nothing that no check needs', () => {
    expect(samplesQuery(recipe, { status: true, buckets: false, mean: false }, subject(), 42)).toBe(
      '{__name__=~"up|http_requests_total",namespace="shop",pod=~"web-green-abc12-[a-z0-9]{5}"}[42s]'
    )
  })

  it('asks for everything at once', () => {
    expect(samplesQuery(recipe, { status: true, buckets: true, mean: true }, subject(), 42)).toContain(
      '"up|http_requests_total|http_request_duration_seconds_bucket|http_request_duration_seconds_sum|http_request_duration_seconds_count"'
    )
  })
})

test.each([
  [{ status: true, buckets: false, mean: false }, { status: 'code' }, true],
  [{ status: true, buckets: false, mean: false }, {}, false],
  [
    { status: false, buckets: true, mean: false },
    { latency: { base: 'x', unit: 1, hasBuckets: false } },
    false
  ],
  [
    { status: false, buckets: false, mean: true },
    { latency: { base: 'x', unit: 1, hasBuckets: false } },
    true
  ],
  [{ status: false, buckets: false, mean: false }, {}, true]
])('covers %j with %j: %s', (wanted, part, expected) => {
  expect(covers({ requests: 'http_requests_total', ...part }, wanted)).toBe(expected)
})

test.each([
  ['500', true],
  ['503', true],
  ['5xx', true],
  ['5XX', true],
  ['SERVER_ERROR', true],
  ['CLIENT_ERROR', false],
  ['UNKNOWN', false],
  ['0', false],
  ['600', false],
  ['5a3', false],
  ['404', false],
  ['200', false],
  ['', false],
  ['1500', false]
])('isServerError(%j) is %s', (status, expected) => {
  expect(isServerError(status)).toBe(expected)
})
