import { afterEach, describe, expect, it, test } from '@jest/globals'
import type { RequestListener } from 'node:http'
import type { MetricsError } from '../../../../src/checks/metrics-error.ts'
import { openPrometheus, type Prometheus } from '../../../../src/checks/prometheus/prometheus.ts'
import type { Cluster } from '../../../../src/kubernetes/cluster.ts'
import { bodyOf, listen, scalarOne, type Listening } from './http-server.ts'

let server: Listening | undefined
afterEach(() => {
  server?.close()
  server = undefined
})

// An address without a Service must do without a cluster.
const noCluster = {} as Cluster

async function open(
  listener: RequestListener,
  { path = '', headers = {}, timeout = 2_000 } = {}
): Promise<Prometheus> {
  server = await listen(listener)
  return openPrometheus(
    { kind: 'url', url: `${server.url}${path}` },
    { headers, cluster: noCluster, timeout }
  )
}

const answering =
  (status: number, body: string, headers: Readonly<Record<string, string>> = {}): RequestListener =>
  (_request, response) => {
    response.writeHead(status, headers).end(body)
  }

const success = (resultType: string, result: string, rest = ''): string =>
  `{"status":"success","data":{"resultType":"${resultType}","result":${result}}${rest}}`

describe('an answer', () => {
  test.each([
    [
      'vector',
      success(
        'vector',
        '[{"metric":{"__name__":"up","pod":"a"},"value":[1795256505.754,"1"]},{"metric":{},"value":[1795256505,"2.5e-3"]}]'
      ),
      [
        { labels: { __name__: 'up', pod: 'a' }, samples: [{ at: 1_795_256_505_754, value: 1 }] },
        { labels: {}, samples: [{ at: 1_795_256_505_000, value: 0.0025 }] }
      ]
    ],
    ['empty vector', success('vector', '[]'), []],
    [
      'matrix',
      success('matrix', '[{"metric":{"pod":"a"},"values":[[1795256505.754,"1"],[1795256506.754,"2"]]}]'),
      [
        {
          labels: { pod: 'a' },
          samples: [
            { at: 1_795_256_505_754, value: 1 },
            { at: 1_795_256_506_754, value: 2 }
          ]
        }
      ]
    ],
    ['scalar', scalarOne, [{ labels: {}, samples: [{ at: 1_795_256_508_033, value: 1 }] }]],
    [
      'not finite',
      success(
        'vector',
        '[{"metric":{},"value":[1,"NaN"]},{"metric":{},"value":[1,"+Inf"]},{"metric":{},"value":[1,"-Inf"]}]'
      ),
      [NaN, Infinity, -Infinity].map((value) => ({ labels: {}, samples: [{ at: 1000, value }] }))
    ],
    [
      'native histogram',
      success('vector', '[{"metric":{"pod":"a"},"histogram":[1,{"count":"3","sum":"2","buckets":[]}]}]'),
      [{ labels: { pod: 'a' }, samples: [] }]
    ],
    [
      'annotated, for information only',
      success('vector', '[]', ',"infos":["PromQL info: metric might not be a counter"]'),
      []
    ],
    [
      'annotated in the place of warnings, as before version 3',
      success(
        'vector',
        '[{"metric":{},"value":[1,"0.02"]}]',
        ',"warnings":["PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: \\"queue_jobs\\" (1:10)","3 more info annotations omitted"]'
      ),
      [{ labels: {}, samples: [{ at: 1000, value: 0.02 }] }]
    ],
    ['without warnings', success('vector', '[]', ',"warnings":[]'), []],
    ['with nothing in their place', success('vector', '[]', ',"warnings":null,"isPartial":false'), []]
  ])('%s', async (_kind, body, expected) => {
    const prometheus = await open(answering(200, body))
    expect(await prometheus.query('up')).toStrictEqual(expected)
  })
})

test.each([
  ['Thanos', '"warnings":["receive series from Addr: 10.0.0.7:10901: rpc error: code = Unavailable"]'],
  ['Thanos, beside a remark', '"warnings":["PromQL info: ignored histogram in sum","No StoreAPIs matched"]'],
  ['Cortex', '"warnings":["Query result may contain partial data."]'],
  ['a remote read', '"warnings":["remote_read: remote server http://x/read returned HTTP status 500"]'],
  ['VictoriaMetrics', '"isPartial":true'],
  ['PromQL', '"warnings":["PromQL warning: bucket label \\"le\\" is missing or has a malformed value"]'],
  ['a server that writes a text', '"warnings":"some stores are away"'],
  ['a server that writes an object', '"warnings":[{"reason":"some stores are away"}]']
])('an answer that %s calls less than whole is no value', async (_who, said) => {
  const prometheus = await open(
    answering(200, success('vector', '[{"metric":{},"value":[1,"1"]}]', `,${said}`))
  )
  const asked = prometheus.query('x')
  await expect(asked).rejects.toThrow(
    /says that its answer may be incomplete or wrong: .*(away|StoreAPIs|Unavailable|partial|HTTP status 500|isPartial|malformed)/
  )
  await expect(asked).rejects.not.toThrow('[object Object]')
})

test.each(['1e300', '1e999', '-1e14', '"1"', 'null'])('there is no moment %s', async (moment) => {
  const prometheus = await open(answering(200, success('vector', `[{"metric":{},"value":[${moment},"1"]}]`)))
  await expect(prometheus.query('x')).rejects.toThrow('gave an answer of an unknown form')
})

test.each(['""', '" "', '"0x10"', '"1 2"', '"true"', 'null', '7', '{}'])(
  'a sample of %s is no number, and above all not 0',
  async (value) => {
    const prometheus = await open(answering(200, success('vector', `[{"metric":{},"value":[1,${value}]}]`)))
    await expect(prometheus.query('x')).rejects.toThrow('gave an answer of an unknown form')
  }
)

const parseError =
  '{"status":"error","errorType":"bad_data","error":"invalid parameter \\"query\\": 1:5: parse error: unclosed left parenthesis"}'
const executionError =
  '{"status":"error","errorType":"execution","error":"found duplicate series for the match group {pod=\\"a\\"}"}'

test.each<[string, number, string, Readonly<Record<string, string>>, MetricsError['fault'], string]>([
  [
    'a query that does not parse',
    400,
    parseError,
    {},
    'query',
    'refuses the query: invalid parameter "query": 1:5: parse error: unclosed left parenthesis'
  ],
  [
    'a query that cannot be executed',
    422,
    executionError,
    {},
    'query',
    'refuses the query: found duplicate series for the match group {pod="a"}'
  ],
  [
    'a bad request of something else',
    400,
    '<html>400</html>',
    {},
    'answer',
    'answered HTTP 400: <html>400</html>'
  ],
  [
    'no credentials',
    401,
    'Unauthorized\n',
    {},
    'refused',
    'refuses access (HTTP 401): Unauthorized; check the credentials in prometheus-headers'
  ],
  [
    'wrong credentials',
    403,
    '',
    {},
    'refused',
    'refuses access (HTTP 403); check the credentials in prometheus-headers'
  ],
  [
    'a wrong path',
    404,
    '404 page not found\n',
    {},
    'answer',
    'has no /api/v1/query (HTTP 404): 404 page not found; is this the base address of a Prometheus, with its path prefix if it has one?'
  ],
  [
    'a redirect to a login',
    302,
    '',
    { location: 'https://me:s3cret@login.example.com/in?back=1&ticket=s3cret#s3cret' },
    'answer',
    'redirects to https://login.example.com/in, which is not followed; write the final address in prometheus, ' +
      'and credentials in prometheus-headers if that is a login'
  ],
  ['an overload', 503, 'no healthy upstream', {}, 'answer', 'answered HTTP 503: no healthy upstream'],
  ['nothing but a status', 502, '', {}, 'answer', 'answered HTTP 502'],
  [
    'a query that takes Prometheus too long',
    503,
    '{"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}',
    {},
    'timeout',
    'answered HTTP 503: query timed out in expression evaluation'
  ],
  [
    'a login page',
    200,
    '<!DOCTYPE html><html><title>Sign in</title></html>',
    {},
    'answer',
    'does not answer as Prometheus does, but with a web page, maybe a login'
  ],
  ['an empty answer', 200, '', {}, 'answer', 'does not answer as Prometheus does, but with nothing'],
  [
    'other JSON',
    200,
    '{"ok":true}',
    {},
    'answer',
    'does not answer as Prometheus does, but with {"ok":true}'
  ],
  [
    'a string as the result',
    200,
    success('string', '[1,"x"]'),
    {},
    'answer',
    'gave an answer of an unknown form: {"status":"success","data":{"resultType":"string","result":[1,"x"]}}'
  ],
  [
    'a sample that is none',
    200,
    success('vector', '[{"metric":{},"value":["1",1]}]'),
    {},
    'answer',
    'gave an answer of an unknown form: {"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":["1",1]}]}}'
  ],
  [
    'a partial answer',
    200,
    success(
      'vector',
      '[{"metric":{},"value":[1,"1"]}]',
      ',"warnings":["store 10.0.0.7:10901 is unavailable"]'
    ),
    {},
    'answer',
    'says that its answer may be incomplete or wrong: store 10.0.0.7:10901 is unavailable'
  ]
])('%s', async (_what, status, body, headers, fault, message) => {
  const prometheus = await open(answering(status, body, headers))
  await expect(prometheus.query('sum(')).rejects.toMatchObject({
    name: 'MetricsError',
    fault,
    message: `Prometheus at ${server?.url ?? ''} ${message}`
  })
})

it('shortens what others wrote', async () => {
  const prometheus = await open(answering(500, 'x '.repeat(5_000)))
  await expect(prometheus.query('up')).rejects.toMatchObject({
    message: expect.stringMatching(/^.{300,400}…$/)
  })
})

it('does not take in an answer without end', async () => {
  const chunk = Buffer.alloc(1024 * 1024, ' ')
  const endless: RequestListener = (_request, response) => {
    const write = (): void => {
      while (!response.destroyed && response.write(chunk));
    }
    response.on('drain', write)
    write()
  }
  const prometheus = await open(endless, { timeout: 60_000 })
  await expect(prometheus.query('up')).rejects.toMatchObject({
    fault: 'answer',
    message: `Prometheus at ${server?.url ?? ''} answered with more than 64 MB; ask for less`
  })
}, 60_000)

describe('a request', () => {
  const recording = () => {
    const seen: { method: string; path: string; query: string | null; token: string | undefined }[] = []
    const listener: RequestListener = (request, response) => {
      void bodyOf(request).then((body) => {
        const url = new URL(request.url ?? '', 'http://x')
        const query = url.searchParams.get('query') ?? new URLSearchParams(body).get('query')
        seen.push({
          method: request.method ?? '',
          path: url.pathname,
          query,
          token: request.headers.authorization
        })
        response.end(scalarOne)
      })
    }
    return { seen, listener }
  }

  it('keeps a path prefix, sends the headers and encodes the query', async () => {
    const { seen, listener } = recording()
    const prometheus = await open(listener, {
      path: '/mimir/prometheus/',
      headers: { Authorization: 'Bearer s3cret' }
    })
    await prometheus.query('sum(rate(x{a=~"b+c|d"}[5m])) / 2 & é')
    expect(seen).toStrictEqual([
      {
        method: 'GET',
        path: '/mimir/prometheus/api/v1/query',
        query: 'sum(rate(x{a=~"b+c|d"}[5m])) / 2 & é',
        token: 'Bearer s3cret'
      }
    ])
  })

  it('sends a long query as a form', async () => {
    const { seen, listener } = recording()
    const prometheus = await open(listener)
    const long = `x{pod=~"${'web-green-abc12-aaaaa|'.repeat(200)}"}`
    await prometheus.query(long)
    expect(seen).toMatchObject([{ method: 'POST', path: '/api/v1/query', query: long }])
  })

  it('is not sent on to where a redirect leads', async () => {
    const { seen, listener } = recording()
    const other = await listen(listener)
    const prometheus = await open(answering(307, '', { location: `${other.url}/api/v1/query?query=1` }), {
      headers: { Authorization: 'Bearer s3cret' }
    })
    await expect(prometheus.query('1')).rejects.toMatchObject({ fault: 'answer' })
    other.close()
    expect(seen).toStrictEqual([])
  })

  it('ends after the timeout when nothing comes', async () => {
    const prometheus = await open(() => undefined, { timeout: 60 })
    await expect(prometheus.query('up')).rejects.toMatchObject({
      fault: 'timeout',
      message: `Prometheus at ${server?.url ?? ''} did not answer within 0.06 s`
    })
  })

  it('ends after the timeout when the answer never ends', async () => {
    const dribble: RequestListener = (_request, response) => {
      const timer = setInterval(() => response.write(' '), 10)
      response.on('close', () => {
        clearInterval(timer)
      })
    }
    const prometheus = await open(dribble, { timeout: 60 })
    await expect(prometheus.query('up')).rejects.toMatchObject({ fault: 'timeout' })
  })

  it('ends with the reason of an aborted signal', async () => {
    const prometheus = await open(() => undefined)
    const reason = new Error('cancelled')
    const abort = new AbortController()
    const asking = prometheus.query('up', abort.signal)
    abort.abort(reason)
    await expect(asking).rejects.toBe(reason)
  })
})

describe('no connection', () => {
  it('says what to do when it is refused', async () => {
    const closed = await listen(() => undefined)
    closed.close()
    const prometheus = openPrometheus({ kind: 'url', url: closed.url }, { headers: {}, cluster: noCluster })
    await expect(prometheus.query('up')).rejects.toMatchObject({
      fault: 'unreachable',
      message:
        `Prometheus at ${closed.url} cannot be reached: the connection is refused; check the input prometheus; ` +
        'from outside the cluster service/<namespace>/<name>:<port> reaches it'
    })
  })

  it('says so when it breaks', async () => {
    const prometheus = await open((request) => request.socket.destroy())
    await expect(prometheus.query('up')).rejects.toMatchObject({ fault: 'unreachable' })
  })

  it('says so when the name is not known', async () => {
    const prometheus = openPrometheus(
      { kind: 'url', url: 'http://prometheus.invalid' },
      { headers: {}, cluster: noCluster }
    )
    await expect(prometheus.query('up')).rejects.toMatchObject({ fault: 'unreachable' })
  })
})
