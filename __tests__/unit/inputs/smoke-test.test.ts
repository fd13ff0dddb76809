import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { nameSmokeTest, printSmokeTest, type SmokeTest } from '../../../src/inputs/smoke-test.ts'
import { parseSmokeTest } from '../../../src/inputs/parse-smoke-test.ts'

describe('parseSmokeTest', () => {
  it.each<[string, SmokeTest]>([
    [
      'GET /health -> 200',
      { kind: 'request', method: 'GET', target: '/health', expect: { status: 200, within: 10_000 } }
    ],
    [
      'GET /version -> 200 contains "v2" within 2s',
      {
        kind: 'request',
        method: 'GET',
        target: '/version',
        expect: { status: 200, contains: 'v2', within: 2_000 }
      }
    ],
    [
      'POST /orders {"sku":1} -> 201 within 2s',
      {
        kind: 'request',
        method: 'POST',
        target: '/orders',
        body: '{"sku":1}',
        expect: { status: 201, within: 2_000 }
      }
    ],
    [
      'PUT /a {"text": "x -> 500 at 5/s for 1s"} -> 204',
      {
        kind: 'request',
        method: 'PUT',
        target: '/a',
        body: '{"text": "x -> 500 at 5/s for 1s"}',
        expect: { status: 204, within: 10_000 }
      }
    ],
    [
      'GET https://shop.example.com/?q=a -> 301 contains "say \\"hi\\""',
      {
        kind: 'request',
        method: 'GET',
        target: 'https://shop.example.com/?q=a',
        expect: { status: 301, contains: 'say "hi"', within: 10_000 }
      }
    ],
    [
      'GET :8080/health -> 200',
      {
        kind: 'request',
        method: 'GET',
        port: 8080,
        target: '/health',
        expect: { status: 200, within: 10_000 }
      }
    ],
    [
      'GET https://:8443/health -> 200',
      {
        kind: 'request',
        method: 'GET',
        port: 8443,
        scheme: 'https',
        target: '/health',
        expect: { status: 200, within: 10_000 }
      }
    ],
    [
      'GET :http-api/ at 5/s for 1s -> 200',
      {
        kind: 'load',
        method: 'GET',
        port: 'http-api',
        target: '/',
        perSecond: 5,
        duration: 1_000,
        expect: { status: 200, within: 10_000 }
      }
    ],
    [
      'GET / at 20/s for 30s -> 200',
      {
        kind: 'load',
        method: 'GET',
        target: '/',
        perSecond: 20,
        duration: 30_000,
        expect: { status: 200, within: 10_000 }
      }
    ],
    [
      'POST /a [1, 2] at 0.5/s for 1m30s -> 200 within 500ms',
      {
        kind: 'load',
        method: 'POST',
        target: '/a',
        body: '[1, 2]',
        perSecond: 0.5,
        duration: 90_000,
        expect: { status: 200, within: 500 }
      }
    ],
    ['run: npm run smoke -- -> 200', { kind: 'command', run: 'npm run smoke -- -> 200' }]
  ])('reads %s and prints it back', (text, test) => {
    expect(parseSmokeTest(text)).toEqual({ value: test })
    expect(printSmokeTest(test)).toBe(text)
  })

  it.each([
    ['GET /health', 'the line does not say which status must come back'],
    ['GET /health->200', 'the line does not say which status must come back'],
    ['GET /a -> 200 contains "x', expect.stringContaining('after the arrow comes a status')],
    ['/health -> 200', expect.stringContaining('the line does not begin with GET, HEAD')],
    [
      'curl -f http://x/?key=hidden',
      expect.stringMatching(/^the line does not begin with GET, HEAD.*, nor with run: before a command$/)
    ],
    ['get /health -> 200', expect.stringContaining('does not begin with GET, HEAD')],
    ['GET -> 200', expect.stringContaining('the line does not begin with GET, HEAD')],
    ['GET health -> 200', 'the target is neither a path from the root nor an http(s) URL'],
    ['GET //example.com/ -> 200', 'the target is neither a path from the root nor an http(s) URL'],
    ['GET ftp://example.com/ -> 200', expect.stringContaining('is neither a path')],
    ['GET https:// -> 200', expect.stringContaining('is neither a path')],
    ['GET /a -> OK', expect.stringContaining('after the arrow comes a status')],
    ['GET /a -> 2xx', expect.stringContaining('after the arrow comes a status')],
    ['GET /a -> 600', expect.stringContaining('after the arrow comes a status')],
    ['GET /a -> 200 contains v2', expect.stringContaining('after the arrow comes a status')],
    ['GET /a -> 200 contains ""', expect.stringContaining('after the arrow')],
    ['GET /a -> 200 contains "\\d"', expect.stringContaining('after the arrow')],
    ['GET /a -> 200 within 2s contains "v2"', expect.stringContaining('then contains "text" and within')],
    ['GET /a -> 200 within 2', 'after within comes a duration from 1ms to 10m'],
    ['GET /a -> 200 within 0s', 'after within comes a duration from 1ms to 10m'],
    ['GET /a {"a":1} -> 200', 'GET takes no body, but something follows its target'],
    ['POST /a {sku:1} -> 200', 'after the target comes JSON or a load like "at 20/s for 30s"'],
    ['POST /a at 20/s -> 200', 'after the target comes JSON or a load like "at 20/s for 30s"'],
    ['GET / at 20 for 30s -> 200', 'a load needs a rate between 0.1/s and 1000/s'],
    ['GET / at 2000/s for 30s -> 200', 'a load needs a rate between 0.1/s and 1000/s'],
    ['GET / at 0/s for 30s -> 200', 'a load needs a rate between 0.1/s and 1000/s'],
    ['GET / at 20/s for 1h -> 200', 'a load lasts from 1ms to 10m'],
    ['GET / at 20/s for 30 -> 200', 'a load lasts from 1ms to 10m'],
    ['run:', 'run: without a command'],
    ['', expect.stringContaining('does not say which status')]
  ])('refuses %s', (text, problem) => {
    expect(parseSmokeTest(text)).toHaveProperty('problem', problem)
  })

  it.each([
    'GET https://user:s3cret@example.com/ -> 200',
    'GET https://user:s3cret@example.com/',
    'GET /a?key=s3cret',
    's3cret /a -> 200',
    'GET s3cret -> 200',
    'GET /a s3cret -> 200',
    'POST /a {"key": s3cret} -> 200',
    'POST /a {"key":"a"} at s3cret/s for 5s -> 200',
    'POST /a {"key":"a"} at 5/s for s3cret -> 200',
    'GET /a -> 200 contains s3cret',
    'GET /a -> 200 within s3cret',
    'curl -H "X-Key: s3cret" $GREENLIGHT_URL'
  ])('refuses %s without telling what is secret', (text) => {
    const refused = JSON.stringify(parseSmokeTest(text))
    expect(refused).toContain('problem')
    expect(refused).not.toContain('s3cret')
  })

  it.each([
    ['GET /health?key=s3cret -> 200', '2: GET /health'],
    ['GET /health;session=s3cret -> 200', '2: GET /health'],
    ['GET /health#s3cret -> 200', '2: GET /health'],
    ['GET https://s3cret.example.com/health?key=s3cret -> 200', '2: GET /health'],
    ['POST /login {"password":"s3cret"} -> 200 contains "s3cret"', '2: POST /login'],
    ['GET /a?key=s3cret at 20/s for 30s -> 200', '2: GET /a at 20/s for 30s'],
    ['run: curl -H "X-Key: s3cret" $GREENLIGHT_URL', 'command 2']
  ])('names %s without what may be secret', (text, name) => {
    const parsed = parseSmokeTest(text)
    expect('value' in parsed && nameSmokeTest(parsed.value, 2)).toBe(name)
  })

  it('gives examples that can be read', () => {
    const wrong = [
      'GET /a',
      'GET /a -> x',
      'POST /a b -> 200',
      'GET / at x for y -> 200',
      'run:',
      'GET a -> 200',
      'GET :8080 -> 200',
      'GET :0/ -> 200',
      'GET :65536/ -> 200',
      'GET :a_b/ -> 200',
      'GET :/health -> 200',
      'GET :8080//evil.example.com/ -> 200',
      'GET https://:8443//evil.example.com/ -> 200',
      'GET https://:8443 -> 200'
    ]
    const examples = wrong
      .map((text) => parseSmokeTest(text))
      .map((parsed) => ('example' in parsed ? parsed.example : ''))
    expect(examples.map((example) => 'value' in parseSmokeTest(example))).toEqual(wrong.map(() => true))
  })
})

const milliseconds = fc.integer({ min: 1, max: 600_000 })
const target = fc.oneof(
  fc.webPath().map((path) => `/${path.replace(/^\/+/, '')}`),
  fc.webUrl()
)
const expectation = fc.record(
  { status: fc.integer({ min: 100, max: 599 }), contains: fc.string({ minLength: 1 }), within: milliseconds },
  { requiredKeys: ['status', 'within'] }
)
const port = fc.oneof(fc.integer({ min: 1, max: 65_535 }), fc.stringMatching(/^[a-z][a-z0-9-]{0,14}$/))
const onPort = fc
  .tuple(fc.webPath(), port)
  .map(([path, number]) => ({ target: `/${path.replace(/^\/+/, '')}`, port: number }))
const exchange = fc.oneof(
  fc.record({ method: fc.constantFrom('GET', 'HEAD', 'OPTIONS'), target, expect: expectation }),
  fc.record(
    {
      method: fc.constantFrom('POST', 'PUT', 'PATCH', 'DELETE'),
      target,
      body: fc.json(),
      expect: expectation
    },
    { requiredKeys: ['method', 'target', 'expect'] }
  )
)
const load = fc.record({
  perSecond: fc.integer({ min: 1, max: 10_000 }).map((tenths) => tenths / 10),
  duration: milliseconds
})
const smokeTest: fc.Arbitrary<SmokeTest> = fc.oneof(
  fc.tuple(exchange, onPort).map(([request, place]) => ({ kind: 'request' as const, ...request, ...place })),
  fc
    .tuple(exchange, load, onPort)
    .map(([request, rate, place]) => ({ kind: 'load' as const, ...request, ...rate, ...place })),
  exchange.map((request) => ({ kind: 'request' as const, ...request })),
  fc.tuple(exchange, load).map(([request, rate]) => ({ kind: 'load' as const, ...request, ...rate })),
  fc.stringMatching(/^[!-~](?:[ -~]*[!-~])?$/).map((run) => ({ kind: 'command' as const, run }))
)

it('is the inverse of printSmokeTest', () => {
  fc.assert(
    fc.property(smokeTest, (test) => {
      expect(parseSmokeTest(printSmokeTest(test))).toEqual({ value: test })
    }),
    { numRuns: 500 }
  )
})

it('never throws', () => {
  const words = [
    'GET',
    'POST',
    '/',
    '->',
    '200',
    'at',
    '5/s',
    'for',
    '1s',
    'within',
    'contains',
    '"',
    '{',
    '}',
    'run:'
  ]
  const text = fc.oneof(
    fc.string(),
    fc.array(fc.constantFrom(...words)).map((found) => found.join(' '))
  )
  fc.assert(
    fc.property(text, (line) => {
      const parsed = parseSmokeTest(line)
      if ('value' in parsed) expect(parseSmokeTest(printSmokeTest(parsed.value))).toEqual(parsed)
    }),
    { numRuns: 500 }
  )
})
