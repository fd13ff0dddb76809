import type { Agent } from 'node:http'
import axios from 'axios'
import { messageOf } from '../errors.ts'
import type { HttpAnswer } from '../kubernetes/cluster.ts'
import { inTime } from '../kubernetes/deadline.ts'
import { plainError } from '../kubernetes/plain-error.ts'
import { toRecord } from '../kubernetes/transport.ts'
import type { Reply, Request } from './expectation.ts'

const LARGEST_ANSWER = 16 * 1024 * 1024

/** Turns what `ask` throws into a reply that says why there is none, and takes the time. */
export async function timed(ask: () => Promise<HttpAnswer>, signal: AbortSignal): Promise<Reply> {
  const started = performance.now()
  try {
    const { status, headers, body } = await ask()
    return { status, headers, body, milliseconds: performance.now() - started }
  } catch (error) {
    signal.throwIfAborted()
    return { failure: messageOf(plainError(error)), milliseconds: performance.now() - started }
  }
}

/** Sends a smoke test's request to a URL. Redirects are answers, they are not followed. */
export const exchange = (url: string, request: Request, signal: AbortSignal, agent?: Agent): Promise<Reply> =>
  timed(async () => {
    const { status, headers, data } = await inTime(request.expect.within, signal, (stop) =>
      axios.request<string>({
        url,
        method: request.method,
        headers: headersOf(request),
        data: request.body,
        signal: stop,
        responseType: 'text',
        maxRedirects: 0,
        maxContentLength: LARGEST_ANSWER,
        validateStatus: () => true,
        transformRequest: [(body: unknown) => body],
        transformResponse: [(body: unknown) => body],
        // A pod is reached through a local port, which no proxy of the environment may take.
        ...(agent !== undefined && { httpAgent: agent, proxy: false })
      })
    )
    return { status, headers: toRecord(headers), body: data }
  }, signal)

export const headersOf = ({ body }: Request): Record<string, string> => ({
  'User-Agent': 'greenlight',
  Accept: '*/*',
  ...(body !== undefined && { 'Content-Type': 'application/json' })
})
