import { gzipSync } from 'node:zlib'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterEach, describe, expect, it } from '@jest/globals'
import { exchange } from '../../../src/checks/exchange.ts'
import type { MetricValue } from '../../../src/checks/metric-value.ts'
import type { Source } from '../../../src/checks/source.ts'
import { webSource } from '../../../src/checks/web.ts'
import type { CheckHeaders } from '../../../src/inputs/check-headers.ts'
import type { Check, WebMetric } from '../../../src/inputs/check.ts'
import { check, epoch, subject, TestClock } from './prometheus/builders.ts'
import { listen, type Listening } from './prometheus/http-server.ts'

const servers: Listening[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function serve(
  answer: (request: IncomingMessage, response: ServerResponse) => void
): Promise<Listening & { readonly asked: IncomingMessage[] }> {
  const asked: IncomingMessage[] = []
  const server = await listen((request, response) => {
    asked.push(request)
    answer(request, response)
  })
  servers.push(server)
  return { ...server, asked }
}

const answering = (body: string | Buffer, headers: Record<string, string> = {}, status = 200) =>
  serve((_, response) => response.writeHead(status, headers).end(body))

const open = (url: string, path = '$.n', headers: CheckHeaders = {}): Source =>
  webSource([check(`n: GET ${url} ${path} < 5`) as Check<WebMetric>], { headers, exchange }, new TestClock())

const asked = { version: subject(), since: epoch - 60_000, now: epoch }

async function find(...args: Parameters<typeof open>): Promise<MetricValue | undefined> {
  return (await open(...args).measure(asked))[0]
}

describe('a web check', () => {
  it('finds the number in the answer', async () => {
    const { url } = await answering('{"n":3.5}')
    expect(await find(url)).toEqual({ value: 3.5 })
  })

  it('tells the URL which version is meant', async () => {
    const server = await answering('{"n":1}')
    await find(`${server.url}/$namespace/$workload?slot=$slot&since=$window&pods=$pods`)
    expect(server.asked[0]?.url).toBe(
      `/shop/web?slot=green&since=60s&pods=${encodeURIComponent('web-green-abc12-[a-z0-9]{5}')}`
    )
  })

  it('sends headers to their own host, and to no other port of it', async () => {
    const [one, other] = [await answering('{"n":1}'), await answering('{"n":1}')]
    const headers = { [one.url]: { Authorization: 'Bearer s3cret' } }
    await find(one.url, '$.n', headers)
    await find(other.url, '$.n', headers)
    expect(one.asked[0]?.headers.authorization).toBe('Bearer s3cret')
    expect(other.asked[0]?.headers.authorization).toBeUndefined()
  })

  it('follows no redirect, so that no header goes where it leads', async () => {
    const other = await answering('{"n":1}')
    const server = await answering('', { location: `${other.url}/login?token=s3cret` }, 302)
    expect(await find(server.url, '$.n', { [server.url]: { Authorization: 'Bearer s3cret' } })).toEqual({
      why:
        `${server.url}/ redirects to ${other.url}/login, which is not followed; write the final address in checks, ` +
        `and headers for ${server.url} in check-headers if that is a login`,
      final: false
    })
    expect(other.asked).toEqual([])
  })
})

describe('an answer that quotes what it was asked with', () => {
  const header = 'Digest a1b2, "c3d4" & e5f6'
  const token = 'q7w8e9r0'

  it.each(Array.from({ length: 50 }, (_, i) => 250 + i))(
    'shows nothing of it at character %d',
    async (at) => {
      const server = await serve((request, response) =>
        response.end(`${'. '.repeat(at / 2)}${request.headers.authorization ?? ''}; ${request.url ?? ''}`)
      )
      const headers = { [server.url]: { Authorization: header } }
      const found = await find(`${server.url}/?token=${token}`, '$.n', headers)
      expect(found).toMatchObject({ why: expect.stringContaining(' with . .') })
      expect(JSON.stringify(found)).not.toMatch(/Di|a1|c3|e5|q7/)
    }
  )
})

describe('is no value, and so never a pass', () => {
  it.each<[string, string, RegExp]>([
    ['a web page', '<html>n: 3</html>', /answers not with JSON but with a web page, maybe a login$/],
    ['nothing', '', /answers not with JSON but with nothing$/],
    ['half of JSON', '{"n":3', /answers not with JSON but with \{"n":3$/],
    ['NaN', '{"n":NaN}', /answers not with JSON/],
    ['a number in a text', '{"n":"3"}', /^\$\.n is the text "3" where a number is needed$/],
    ['a list', '{"n":[3]}', /^\$\.n is a list/],
    ['a number beyond all numbers', '{"n":1e999}', /^\$\.n is larger than any number can be$/],
    ['another form', '[{"n":3}]', /^the answer has nothing at \$\.n$/]
  ])('%s', async (_, body, why) => {
    const { url } = await answering(body)
    expect(await find(url)).toMatchObject({ why: expect.stringMatching(why) })
  })

  it.each([
    [401, /refuses access \(HTTP 401\); check the headers for http:\S+ in check-headers$/],
    [403, /refuses access \(HTTP 403\)/],
    [404, /answered HTTP 404$/],
    [204, /answers not with JSON but with nothing$/],
    [500, /answered HTTP 500$/]
  ])('HTTP %d, with a number in it or not', async (status, why) => {
    const { url } = await answering('{"n":3}', {}, status)
    expect(await find(url)).toMatchObject({ why: expect.stringMatching(why) })
  })

  it('an answer without end, compressed or not', async () => {
    const large = await answering(`{"n":1,"rest":"${'x'.repeat(2 * 1024 * 1024)}"}`)
    expect(await find(large.url)).toMatchObject({ why: expect.stringContaining('with more than 1 MB') })
    const bomb = await answering(gzipSync(Buffer.alloc(64 * 1024 * 1024)), { 'content-encoding': 'gzip' })
    expect(await find(bomb.url)).toMatchObject({ why: expect.stringContaining('with more than 1 MB') })
  })

  it('a host that is not there', async () => {
    const gone = await answering('')
    gone.close()
    expect(await find(gone.url)).toMatchObject({
      why: expect.stringMatching(/cannot be reached: the connection is refused; check the URL/)
    })
  })

  it('an answer that breaks off', async () => {
    const { url } = await serve((request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"n":3}')
      setTimeout(() => request.socket.destroy(), 20)
    })
    expect(await find(url)).toMatchObject({ why: expect.stringMatching(/cannot be reached/) })
  })
})

it('ends with the run, not with an answer that never comes', async () => {
  const { url } = await serve(() => undefined)
  const cancelled = new AbortController()
  const measuring = open(url).measure(asked, cancelled.signal)
  setTimeout(() => {
    cancelled.abort(new Error('cancelled'))
  }, 20)
  await expect(measuring).rejects.toThrow('cancelled')
})

describe('before a release', () => {
  const need = { tell: () => undefined, alike: true }

  it('is tried on the stable version', async () => {
    const { url } = await answering('{"n":3}')
    expect(await open(url).preflight(subject())).toEqual({ faults: [], warnings: [] })
  })

  it.each([
    ['what is no number', '{"n":"3"}', 'n: $.n is the text "3" where a number is needed'],
    ['what is no JSON', '<html>', expect.stringMatching(/^n: .* answers not with JSON/)]
  ])('%s is a fault', async (_, body, problem) => {
    const { url } = await answering(body)
    expect(await open(url).preflight(subject())).toEqual({
      faults: [{ input: 'checks', problem }],
      warnings: []
    })
  })

  it('what is not there yet is a warning, and a fault where users would be on a version that nobody measures', async () => {
    const { url } = await answering('{"other":3}')
    const problem = 'n: the answer has nothing at $.n'
    expect(await open(url).preflight(subject())).toEqual({
      faults: [],
      warnings: [`${problem} (asked for the stable version)`]
    })
    expect(await open(url).preflight(subject(), undefined, need)).toEqual({
      faults: [{ input: 'checks', problem }],
      warnings: []
    })
    const idle = await answering('{"n":null}')
    expect(await open(idle.url).preflight(subject(), undefined, need)).toEqual({
      faults: [],
      warnings: ['n: $.n is null (asked for the stable version)']
    })
  })
})
