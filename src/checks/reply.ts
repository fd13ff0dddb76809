import { cut } from '../base/cut.ts'
import { hiding } from '../base/hide.ts'
import { MetricsError } from './metrics-error.ts'

/** What came back over HTTP. */
export interface Reply {
  readonly status: number
  readonly body: string
  /** Where a redirect leads. */
  readonly location?: string | undefined
  /** What was sent that nobody may read; an answer may quote it. */
  readonly secrets?: readonly string[]
}

type Asked = Pick<Reply, 'secrets'>

export type Fields = Readonly<Record<string, unknown>>

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The JSON value in a text; undefined for any other text. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** The JSON object in a text, undefined for any other text. */
export function parseFields(text: string): Fields | undefined {
  const value = parseJson(text)
  return isFields(value) ? value : undefined
}

const LONGEST_EXCERPT = 300

/** A text of others for use in a message: one line, without the secrets that were sent, and only then shortened. */
export function excerpt(text: string, { secrets = [] }: Asked, longest = LONGEST_EXCERPT): string {
  const shown = hiding(secrets)?.(text) ?? text
  return cut(shown.replace(/\s+/g, ' ').trim(), longest)
}

/** What a body is that is not what was wanted. */
export const kindOfBody = ({ body, secrets }: Pick<Reply, 'body' | 'secrets'>): string =>
  /^\s*</.test(body)
    ? 'a web page, maybe a login'
    : excerpt(body, { ...(secrets && { secrets }) }) || 'nothing'

/** Who answered, and where the user has written what it was asked with. */
export interface Party {
  /** In messages: `Prometheus at https://…`. */
  readonly where: string
  /** The input with its address. */
  readonly address: string
  /** What it may not have liked, when it refuses access: `credentials in prometheus-headers`. */
  readonly credentials: string
}

/** A redirect's URL without user, password and query, which may hold tokens of a login. */
const withoutQuery = (location: string): string =>
  location.replace(/^([a-z][-+.a-z0-9]*:)?\/\/[^/?#]*@/i, '$1//').replace(/[?#].*$/s, '')

/** Why a reply whose status is none of success brings no value. @param said what it says of that */
export function refusalOf(
  { status, location, ...asked }: Reply,
  { where, address, credentials }: Party,
  said: string
): MetricsError {
  const quoted = said === '' ? '' : `: ${said}`
  if (status === 401 || status === 403)
    return new MetricsError(
      `${where} refuses access (HTTP ${status})${quoted}; check the ${credentials}`,
      'refused'
    )
  if (status >= 300 && status <= 399) {
    const target = location === undefined ? 'elsewhere' : excerpt(withoutQuery(location), asked)
    const next = `write the final address in ${address}, and ${credentials} if that is a login`
    return new MetricsError(`${where} redirects to ${target}, which is not followed; ${next}`, 'answer')
  }
  return new MetricsError(`${where} answered HTTP ${status}${quoted}`, 'answer')
}
