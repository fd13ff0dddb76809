import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import axios, { type AxiosRequestConfig } from 'axios'
import { within } from '../../base/within.ts'
import type { HttpAnswer, HttpRequest } from '../cluster.ts'
import type { Access, Credentials } from './credentials.ts'
import { noAnswer, refusesCertificate } from './no-answer.ts'
import { plainError } from './plain-error.ts'
import { statusIn } from './refusal.ts'

export interface Transport {
  /**
   * Sends once, twice when the API server has refused the credentials. Any status is an answer.
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

/** Milliseconds that a request without a time of its own waits for credentials: a plugin has a limit below that. */
const CREDENTIALS_LIMIT = 90_000

/** Requests as they are: nothing is added to a body, nothing is taken from an answer. */
export function createTransport(credentials: Credentials, options: TransportOptions): Transport {
  const { server } = credentials
  const exchange = async <R extends Reply>(request: HttpRequest, attempt: Attempt<R>): Promise<R> => {
    const { timeout = options.timeout, signal } = request
    const started = performance.now()
    const once: Once = (one, how, access) => {
      options.onRequest(one.method, one.path)
      const settings = settingsOf(server, one, access)
      return within({ milliseconds: timeout, signal }, (stop) => how({ ...settings, signal: stop }))
    }
    // Whoever waits for credentials is neither held up for longer than it may be, nor when it is not wanted any more.
    const access = (): Promise<Access> =>
      within({ milliseconds: request.timeout ?? CREDENTIALS_LIMIT, signal }, () => credentials.access())
    try {
      const first = await access()
      const reply = await once(request, attempt, first).catch(unlessCertificate)
      if (reply !== undefined && !(await isRefused(reply, request, first, once))) return reply
      credentials.renew(first)
      return await once(request, attempt, await access())
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

type Once = <R extends Reply>(request: HttpRequest, attempt: Attempt<R>, access: Access) => Promise<R>

const settingsOf = (server: string, request: HttpRequest, access: Access): AxiosRequestConfig => ({
  ...asIs,
  url: server + request.path,
  method: request.method,
  headers: { 'User-Agent': 'greenlight', ...access.headers, ...request.headers },
  data: request.body,
  maxContentLength: request.largest ?? LARGEST_ANSWER,
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

function unlessCertificate(error: unknown): undefined {
  if (!refusesCertificate(error)) throw error
}

const PROXIED = /\/proxy(\/|\?|$)/

/**
 * Whether the API server has refused the credentials: those of plugins expire without notice, so that is a reason to get
 * new ones and to ask again. What comes through its proxy may be a pod's, which has then done what it was asked for: there
 * a question to the API server itself tells.
 */
async function isRefused(reply: Reply, { path }: HttpRequest, access: Access, once: Once): Promise<boolean> {
  if (!isUnauthorized(reply)) return false
  if (!PROXIED.test(path)) return true
  return once({ method: 'GET', path: '/version' }, fetchText, access).then(isUnauthorized, () => false)
}

const isUnauthorized = (reply: Reply): boolean =>
  !(reply instanceof Readable) && reply.status === 401 && statusIn(reply.body)?.reason === 'Unauthorized'

/** The headers of an answer as plain values. */
export const toRecord = (headers: object): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
