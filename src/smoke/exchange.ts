import type { Agent } from 'node:http'
import type { Agent as TlsAgent } from 'node:https'
import type { Readable } from 'node:stream'
import { cut } from '../base/cut.ts'
import { messageOf } from '../base/errors.ts'
import { fetchStream, LARGEST_ANSWER, plainError } from '../base/http.ts'
import { within } from '../base/within.ts'
import type { HttpAnswer } from '../kubernetes/cluster.ts'
import type { Failure, Reply, Request } from './expectation.ts'

type Answer = Omit<Extract<Reply, { status: number }>, 'milliseconds'>

/** Turns what `ask` throws into a reply that says why there is none, and takes the time. */
export async function timed<A extends Answer>(
  ask: () => Promise<A>,
  signal: AbortSignal
): Promise<(A & { readonly milliseconds: number }) | Failure> {
  const started = performance.now()
  try {
    return { ...(await ask()), milliseconds: performance.now() - started }
  } catch (error) {
    signal.throwIfAborted()
    return { failure: messageOf(plainError(error)), milliseconds: performance.now() - started }
  }
}

/** Sends a smoke test's request to a URL. Redirects are answers, they are not followed. */
export const exchange = (
  url: string,
  request: Request,
  signal: AbortSignal,
  agents?: { readonly http: Agent; readonly https: TlsAgent }
): Promise<Reply> =>
  timed(async () => {
    const { within: milliseconds, contains } = request.expect
    return within({ milliseconds, signal }, async (stop) => {
      const { status, headers, body } = await fetchStream({
        ...{
          url,
          method: request.method,
          headers: headersOf(request),
          body: request.body,
          signal: stop
        },
        // A pod is reached through a local port, which no proxy of the environment may take.
        ...(agents !== undefined && { agents, direct: true })
      })
      return { status, headers, ...(await readBody(body, contains)) }
    })
  }, signal)

/** A load has hundreds of answers under way at once: of each no more is kept than its beginning. */
async function readBody(
  body: Readable,
  contains: string | undefined
): Promise<Pick<Answer, 'start' | 'holds'>> {
  let start = ''
  let end = ''
  let size = 0
  let holds = contains === undefined
  for await (const chunk of body.setEncoding('utf8') as AsyncIterable<string>) {
    size += chunk.length
    if (size > LARGEST_ANSWER) throw new Error('the answer is larger than 64 MB')
    // One more shows whether a word ends there.
    start += chunk.slice(0, Math.max(0, KEPT + 1 - start.length))
    if (holds || contains === undefined) continue
    const seen = end + chunk
    holds = seen.includes(contains)
    // It may begin in this chunk and end in the next one.
    end = seen.slice(Math.max(0, seen.length - contains.length + 1))
  }
  return { start: cut(start, KEPT), holds }
}

const KEPT = 4096

/** The same of an answer that is there as a whole. */
export const answerOf = ({ status, headers, body }: HttpAnswer, { expect }: Request): Answer => ({
  status,
  headers,
  start: cut(body, KEPT),
  holds: expect.contains === undefined || body.includes(expect.contains)
})

export const headersOf = ({ body }: Request): Record<string, string> => ({
  'User-Agent': 'greenlight',
  Accept: '*/*',
  ...(body !== undefined && { 'Content-Type': 'application/json' })
})
