import type { Agent } from 'node:http'
import type { Agent as TlsAgent } from 'node:https'
import type { Readable } from 'node:stream'
import axios, { isAxiosError, type AxiosRequestConfig } from 'axios'

export interface HttpCall {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
  readonly signal: AbortSignal
  /** Bytes of the answer; one that is larger is given up. */
  readonly largest?: number
  /** Whose connections are used; those of the process without it. */
  readonly agents?: { readonly http: Agent; readonly https: TlsAgent }
  /** Not by the proxy that the environment names, which leads neither to this machine nor around the agents. */
  readonly direct?: boolean
}

export interface HttpReply<Body> {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Body
}

export const LARGEST_ANSWER = 64 * 1024 * 1024

export class AnswerTooLarge extends Error {
  override readonly name = 'AnswerTooLarge'
}

/** axios must neither judge nor change anything, nor carry headers with credentials to where a redirect points. */
const AS_IS: AxiosRequestConfig = {
  maxRedirects: 0,
  maxBodyLength: Infinity,
  validateStatus: () => true,
  transformRequest: [(body: unknown) => body],
  transformResponse: [(body: unknown) => body]
}

/** Sends once and reads the whole answer. Any status is an answer. @throws see `plainError` */
export const fetchText = (call: HttpCall): Promise<HttpReply<string>> =>
  send(call, { responseType: 'text', maxContentLength: call.largest ?? LARGEST_ANSWER })

/** The same for an answer that is read as it comes, by whoever asks; what breaks it off is an error for `plainError`. */
export const fetchStream = (call: HttpCall): Promise<HttpReply<Readable>> =>
  send(call, { responseType: 'stream' })

async function send<Body>(
  { method, url, headers, body, signal, agents, direct = false }: HttpCall,
  form: AxiosRequestConfig
): Promise<HttpReply<Body>> {
  try {
    const answer = await axios.request<Body>({
      ...AS_IS,
      ...form,
      ...{ method, url, signal, data: body },
      headers: { 'User-Agent': 'greenlight', ...headers },
      ...(agents && { httpAgent: agents.http, httpsAgent: agents.https }),
      ...(direct && { proxy: false })
    })
    const plain = Object.entries(answer.headers).map(([name, value]) => [name, String(value)] as const)
    return { status: answer.status, headers: Object.fromEntries(plain), body: answer.data }
  } catch (error) {
    throw plainError(error)
  }
}

/**
 * The error of the connection itself. The one that axios wraps it in carries the whole request along, and with it
 * the token, to wherever the error is printed.
 */
export function plainError(error: unknown): unknown {
  if (!isAxiosError(error)) return error
  const { cause, code, message } = error
  // A name with several addresses: each has failed on its own, and all of them together have no message.
  if (cause instanceof AggregateError) return (cause.errors as unknown[])[0]
  if (cause instanceof Error) return cause
  if (message === 'stream has been aborted')
    return withCode('the connection broke before the answer was whole', 'ECONNRESET')
  const limit = /maxContentLength size of (\d+)/.exec(message)?.[1]
  return limit === undefined
    ? withCode(message, code)
    : new AnswerTooLarge(`the answer is larger than ${Math.round(Number(limit) / 1024 ** 2)} MB`)
}

const withCode = (message: string, code: string | undefined): Error =>
  Object.assign(new Error(message), { code })
