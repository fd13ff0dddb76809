import { messageOf } from '../base/errors.ts'
import { AnswerTooLarge, fetchText, LARGEST_ANSWER } from '../base/http.ts'
import { within, type Limit } from '../base/within.ts'
import { credentialsIn } from '../inputs/secrets.ts'
import { MetricsError } from './metrics-error.ts'
import type { Reply } from './reply.ts'

/** One question to a source of measurements. */
export interface Question {
  readonly method?: string
  readonly url: string
  /** Secrets may be among them. They go to this URL alone: no redirect is followed. */
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
}

export interface ExchangeOptions {
  /** Names who is asked, in messages. */
  readonly where: string
  /** What to do where nobody can be reached. */
  readonly next: string
  /** Milliseconds. */
  readonly timeout?: number
  /** Bytes of the answer. */
  readonly largest?: number
  /** Not by the proxy that the environment names. */
  readonly direct?: boolean
}

/** How long a source may take, in milliseconds. */
export const DEFAULT_TIMEOUT = 10_000

/** How long an answer may take; MetricsError `timeout` when there is none by then. */
export const limitOf = (milliseconds: number, where: string, signal: AbortSignal | undefined): Limit => ({
  milliseconds,
  signal,
  late: () => new MetricsError(`${where} did not answer within ${milliseconds / 1000} s`, 'timeout')
})

/** Asks once. Any status is a reply; MetricsError when none came. */
export type Exchange = (question: Question, options: ExchangeOptions, signal?: AbortSignal) => Promise<Reply>

/** By HTTP. */
export const exchange: Exchange = (
  { method = 'GET', ...question },
  { where, next, timeout = DEFAULT_TIMEOUT, largest = LARGEST_ANSWER, direct = false },
  signal
) =>
  within(limitOf(timeout, where, signal), async (stop) => {
    try {
      const { status, body, headers } = await fetchText({
        ...{ method, ...question, signal: stop, largest, direct }
      })
      return { status, body, location: headers.location, secrets: secretsSent(question) }
    } catch (error) {
      if (!(error instanceof AnswerTooLarge)) throw unreachable(error, where, next)
      const size = `${largest / 1024 / 1024} MB`
      throw new MetricsError(`${where} answered with more than ${size}; ask for less`, 'answer')
    }
  })

/** What says nothing but what is wanted. */
const HARMLESS = ['accept', 'content-type', 'x-amz-date']

function secretsSent({ url, headers }: Pick<Question, 'url' | 'headers'>): readonly string[] {
  const sent = Object.entries(headers).filter(([name]) => !HARMLESS.includes(name.toLowerCase()))
  return credentialsIn(
    sent.map(([, value]) => value),
    [url]
  )
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection is refused',
  ECONNRESET: 'the connection broke',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name could not be looked up',
  EHOSTUNREACH: 'there is no way to it from here',
  ENETUNREACH: 'there is no way to it from here'
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

function unreachable(error: unknown, where: string, otherwise: string): MetricsError {
  const code = codeOf(error)
  const reason = reasons[code] ?? messageOf(error)
  const next = /CERT|SIGNATURE|ISSUER/.test(code)
    ? 'name the file with its certificate authority in the variable NODE_EXTRA_CA_CERTS'
    : otherwise
  return new MetricsError(`${where} cannot be reached: ${reason}; ${next}`, 'unreachable', { cause: error })
}
