import { refusal, type Parser } from './parsed.ts'
import { parseHeader, type Header } from './prometheus.ts'

/** A header for whatever is asked at one origin, and nowhere else. */
export interface HeaderFor extends Header {
  /** `https://api.example.com`, with its port if it is not the usual one. */
  readonly origin: string
}

/** Headers by the origin that gets them. The values are secrets. */
export type CheckHeaders = Readonly<Record<string, Readonly<Record<string, string>>>>

const EXAMPLE = 'https://status.example.com Authorization: Bearer <token>'

/** Reads `https://host Name: value`. Its refusals quote nothing of the text: a header is a secret. */
export const parseHeaderFor: Parser<HeaderFor> = (text) => {
  const [, address = '', rest = ''] = /^(https?:\/\/\S+)\s+(.+)$/i.exec(text) ?? []
  if (!URL.canParse(address))
    return refusal('not a header for a host, which is https://host Name: value', EXAMPLE)
  const { origin, pathname, search, hash, username, password } = new URL(address)
  if (pathname !== '/' || search + hash + username + password !== '')
    return refusal('a header is for a whole host: scheme, name and port of the URL alone are wanted', EXAMPLE)
  const header = parseHeader(rest)
  return 'problem' in header
    ? refusal(`after the host: ${header.problem}`, EXAMPLE)
    : { value: { origin, ...header.value } }
}

export const keyOfHeader = ({ origin, name }: HeaderFor): string => `${origin} ${name.toLowerCase()}`

export const byOrigin = (items: readonly HeaderFor[]): CheckHeaders =>
  Object.fromEntries(
    [...Map.groupBy(items, ({ origin }) => origin)].map(([origin, headers]) => [
      origin,
      Object.fromEntries(headers.map(({ name, value }) => [name, value]))
    ])
  )

/** What a request to this URL carries. */
export const headersFor = (headers: CheckHeaders, url: string): Readonly<Record<string, string>> =>
  headers[new URL(url).origin] ?? {}
