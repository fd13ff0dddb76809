import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import axios from 'axios'
import type { AxiosRequestConfig } from 'axios'
import type { HttpAnswer, HttpRequest } from './cluster.ts'
import type { Access, Credentials } from './credentials.ts'
import { inTime } from './deadline.ts'
import { noAnswer } from './no-answer.ts'
import { plainError } from './plain-error.ts'
import { statusIn } from './refusal.ts'

export interface Transport {
  /**
   * Sends once, twice when the credentials have expired. Any status is an answer.
   * @throws ClusterError with status 0 when no answer came
   */
  send(request: HttpRequest): Promise<HttpAnswer>
  /** Opens an answer that goes on and on; whatever is not 200 is an answer as of `send`. */
  open(path: string, signal: AbortSignal): Promise<Readable | HttpAnswer>
}

export interface TransportOptions {
  /** Hears of everything that is sent. */
  readonly onRequest: (method: string, path: string) => void
  /** Milliseconds for a request that names none of its own. */
  readonly timeout: number
}

type Reply = Readable | HttpAnswer

const LARGEST_ANSWER = 64 * 1024 * 1024

/** axios must neither judge nor change anything, nor go where a redirect or the environment's proxy points. */
const asIs: AxiosRequestConfig = {
  proxy: false,
  maxRedirects: 0,
  maxContentLength: LARGEST_ANSWER,
  maxBodyLength: Infinity,
  validateStatus: () => true,
  transformRequest: [(body: unknown) => body],
  transformResponse: [(body: unknown) => body]
}

type Attempt<R extends Reply> = (settings: AxiosRequestConfig) => Promise<R>

/** Requests as they are: nothing is added to a body, nothing is taken from an answer. */
export function createTransport(credentials: Credentials, options: TransportOptions): Transport {
  const { server } = credentials
  const exchange = async <R extends Reply>(request: HttpRequest, attempt: Attempt<R>): Promise<R> => {
    const { timeout = options.timeout, signal } = request
    const started = performance.now()
    try {
      return await withCredentials(credentials, (access) => {
        options.onRequest(request.method, request.path)
        const settings = settingsOf(server, request, access)
        return inTime(timeout, signal, (stop) => attempt({ ...settings, signal: stop }))
      })
    } catch (error) {
      signal?.throwIfAborted()
      throw noAnswer(server, plainError(error), performance.now() - started)
    }
  }
  return {
    send: (request) => exchange(request, fetchText),
    open: (path, signal) => exchange({ method: 'GET', path, signal }, fetchStream)
  }
}

const settingsOf = (server: string, request: HttpRequest, access: Access): AxiosRequestConfig => ({
  ...asIs,
  url: server + request.path,
  method: request.method,
  headers: { 'User-Agent': 'greenlight', ...access.headers, ...request.headers },
  data: request.body,
  httpAgent: access.agent,
  httpsAgent: access.agent
})

const fetchText: Attempt<HttpAnswer> = async (settings) => {
  const { status, headers, data } = await axios.request<string>({ ...settings, responseType: 'text' })
  return { status, headers: toRecord(headers), body: data }
}

const fetchStream: Attempt<Reply> = async (settings) => {
  // The limit is for what is kept; a stream is not.
  const unlimited = { ...settings, responseType: 'stream', maxContentLength: -1 } as const
  const { status, headers, data } = await axios.request<Readable>(unlimited)
  return status === 200 ? data : { status, headers: toRecord(headers), body: await text(data) }
}

/** Tokens of credential plugins expire without notice, so one refusal is a reason to get new ones. */
async function withCredentials<R extends Reply>(
  credentials: Credentials,
  attempt: (access: Access) => Promise<R>
): Promise<R> {
  const access = await credentials.access()
  const first = await attempt(access)
  if (!isUnauthorized(first)) return first
  credentials.renew(access)
  return attempt(await credentials.access())
}

/** By the API server, that is: a pod behind its proxy may want a login of its own. */
const isUnauthorized = (reply: Reply): boolean =>
  !(reply instanceof Readable) && reply.status === 401 && statusIn(reply.body)?.reason === 'Unauthorized'

/** The headers of an answer as plain values. */
export const toRecord = (headers: object): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
