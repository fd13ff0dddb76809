import { isHeaderName } from './names.ts'
import { quote, refusal, type Parsed } from './parsed.ts'
import { parseHeader } from './prometheus.ts'

/** The input `probe`: how to see from outside which version answers. */
export interface Probe {
  readonly url: string
  /** Name of the header of a response that tells the version. */
  readonly header: string
  /** Sent with each request; empty, or one. */
  readonly requestHeaders: Readonly<Record<string, string>>
}

const EXAMPLE = 'https://shop.example.com/ by x-version'
const HEADER_EXAMPLE = `http://10.0.0.1/ by x-version with Host: shop.example.com`

/** The part of the user's text that may be shown: user name, password, query and everything after them may be secrets. */
function quoteUrl(text: string): string {
  const [url = '', ...more] = text.split(/\s+/)
  const plain = url.replace(/^.*@/, '***@').replace(/[?#].*$/, '?***')
  return quote(more.length === 0 ? plain : `${plain} …`)
}

function urlProblem(url: string): string | undefined {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return `${quoteUrl(url)} is not an http(s) URL`
  const { username, password } = new URL(url)
  return username + password === ''
    ? undefined
    : 'a URL must not hold user name and password, logs would show them'
}

function splitAtWith(text: string): readonly [string, string?] {
  const word = /\swith\s/.exec(text)
  return word === null
    ? [text]
    : [text.slice(0, word.index).trimEnd(), text.slice(word.index + word[0].length).trimStart()]
}

/** Reads `<URL> by <response header>`, with `with <Name>: <value>` after it for a header to send. */
export function parseProbe(text: string): Parsed<Probe> {
  const [what, request] = splitAtWith(text.trim())
  const [, url, header = ''] = /^(\S+)\s+by\s+(\S+)$/.exec(what) ?? []
  if (url === undefined) return refusal(`${quoteUrl(what)} is not <URL> by <response header>`, EXAMPLE)
  const problem = urlProblem(url)
  if (problem !== undefined) return refusal(problem, EXAMPLE)
  if (!isHeaderName(header)) return refusal(`${quote(header)} is not the name of a header`, EXAMPLE)
  if (request === undefined) return { value: { url, header, requestHeaders: {} } }
  const sent = parseHeader(request)
  return 'problem' in sent
    ? refusal(`after with: ${sent.problem}`, HEADER_EXAMPLE)
    : { value: { url, header, requestHeaders: { [sent.value.name]: sent.value.value } } }
}
