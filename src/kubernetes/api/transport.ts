import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fetchStream, fetchText, type HttpCall } from '../../base/http.ts'
import { within } from '../../base/within.ts'
import type { HttpAnswer, HttpRequest } from '../cluster.ts'
import { statusIn } from '../status.ts'
import type { Access, Credentials } from './credentials.ts'
import { noAnswer, refusesCertificate } from './no-answer.ts'

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

type Attempt<R extends Reply> = (call: HttpCall) => Promise<R>

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
      return within({ milliseconds: timeout, signal }, (stop) => how(callOf(server, one, access, stop)))
    }
    // Waiting for credentials ends with the request's own time and signal: a plugin may take longer than both.
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
      throw noAnswer(server, error, performance.now() - started)
    }
  }
  return {
    send: (request) => exchange(request, fetchText),
    open: (path, signal) => exchange({ method: 'GET', path, signal }, openStream)
  }
}

type Once = <R extends Reply>(request: HttpRequest, attempt: Attempt<R>, access: Access) => Promise<R>

const callOf = (
  server: string,
  { method, path, headers, body, largest }: HttpRequest,
  access: Access,
  signal: AbortSignal
): HttpCall => ({
  ...{ method, url: server + path, body, signal, direct: true },
  headers: { ...access.headers, ...headers },
  ...(largest !== undefined && { largest }),
  // One agent for both: the library makes the kind that the API server's URL needs.
  agents: { http: access.agent, https: access.agent }
})

const openStream: Attempt<Reply> = async (call) => {
  const { status, headers, body } = await fetchStream(call)
  return status === 200 ? body : { status, headers, body: await text(body) }
}

function unlessCertificate(error: unknown): undefined {
  if (!refusesCertificate(error)) throw error
}

const PROXIED = /\/proxy(\/|\?|$)/

/**
 * Whether the API server has refused the credentials: those of plugins expire without notice, so the request is sent again
 * with new ones. A 401 through its proxy may be a pod's own, and the pod must not be asked twice: there a question to the
 * API server itself tells.
 */
async function isRefused(reply: Reply, { path }: HttpRequest, access: Access, once: Once): Promise<boolean> {
  if (!isUnauthorized(reply)) return false
  if (!PROXIED.test(path)) return true
  return once({ method: 'GET', path: '/version' }, fetchText, access).then(isUnauthorized, () => false)
}

const isUnauthorized = (reply: Reply): boolean =>
  !(reply instanceof Readable) && reply.status === 401 && statusIn(reply.body)?.reason === 'Unauthorized'
