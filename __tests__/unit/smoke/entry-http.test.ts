import { afterEach, describe, expect, it } from '@jest/globals'
import { openEntry } from '../../../src/smoke/entry-http.ts'
import { standIn, type Received, type StandIn } from '../../support/stand-in.ts'

const open: StandIn[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

async function serve(answer: Parameters<typeof standIn>[0]): Promise<StandIn> {
  const server = await standIn(answer)
  open.push(server)
  return server
}

const never = new AbortController().signal

const entryAt = (url: string, requestHeaders = {}) => openEntry({ url, header: 'X-Version', requestHeaders })

describe('the entry that a probe names', () => {
  it('tells what the header of the answer says, whatever the answer is', async () => {
    const answers = [200, 503, 302]
    const { url } = await serve((_, response) => {
      response.writeHead(answers.shift() ?? 200, { 'x-version': '2.4.0', location: '/login' })
      response.end('x')
    })
    const entry = entryAt(url)
    expect(await entry.ask(never)).toBe('2.4.0')
    expect(await entry.ask(never)).toBe('2.4.0')
    expect(await entry.ask(never)).toBe('2.4.0')
    expect(answers).toEqual([])
  })

  it('says that the header is not there', async () => {
    const { url } = await serve((_, response) => response.end())
    expect(await entryAt(url).ask(never)).toBeUndefined()
  })

  it('sends the header Host, on a new connection each time', async () => {
    const server = await serve((_, response) => response.end())
    const entry = entryAt(`${server.url}/cart?x=1`, { Host: 'shop.example.com' })
    for (let left = 5; left > 0; left -= 1) await entry.ask(never)
    expect(server.connections()).toBe(5)
    expect(server.received).toHaveLength(5)
    const [first] = server.received as readonly [Received]
    expect(first).toMatchObject({ method: 'GET', path: '/cart?x=1', headers: { host: 'shop.example.com' } })
  })

  it('rejects with the cause alone when nobody answers', async () => {
    const server = await standIn(() => undefined)
    await server.close()
    const error: unknown = await entryAt(server.url, { Authorization: 'Bearer secret' })
      .ask(never)
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({ message: expect.stringContaining('ECONNREFUSED') })
    expect(JSON.stringify(error)).not.toContain('secret')
  })

  it('ends with the signal', async () => {
    const { url } = await serve(() => undefined)
    const stop = new AbortController()
    const asked = entryAt(url).ask(stop.signal)
    setTimeout(() => {
      stop.abort(new Error('the step is over'))
    }, 50)
    await expect(asked).rejects.toThrow('the step is over')
  })
})
