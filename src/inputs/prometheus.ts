import { isName } from './names.ts'
import { quote, refusal, type Parsed, type Parser } from './parsed.ts'

/** Where Prometheus answers. */
export type PrometheusAddress =
  | {
      readonly kind: 'url'
      /** Without a slash at the end. */
      readonly url: string
      /** Of Amazon Managed Service for Prometheus, which wants what is asked signed. */
      readonly region?: string
    }
  /** A Service in the cluster, reached through the API server. */
  | {
      readonly kind: 'service'
      readonly namespace: string
      readonly name: string
      readonly port: number
      /** Under which it answers there, without a slash at the end; it has none by default. */
      readonly path?: string
    }

export interface Header {
  readonly name: string
  readonly value: string
}

const URL_EXAMPLE = 'https://prometheus.example.com'
const AMAZON_EXAMPLE =
  'https://aps-workspaces.eu-central-1.amazonaws.com/workspaces/ws-12345678-90ab-cdef-1234-567890abcdef'
const SERVICE_EXAMPLE = 'service/monitoring/prometheus-server:80'
const HEADER_EXAMPLE = 'Authorization: Bearer <token>'

/** An endpoint of Amazon Managed Service for Prometheus: of a region, with FIPS, in a VPC, with both kinds of IP, in China. */
const AMAZON =
  /^(?:[\w-]+\.)?aps-workspaces(?:-fips)?\.([a-z0-9-]+)\.(?:vpce\.)?(?:amazonaws\.com(?:\.cn)?|api\.aws)$/

function parseUrl(text: string): Parsed<PrometheusAddress> {
  const { href, hostname, protocol, pathname } = new URL(text)
  const url = href.replace(/(?<!\/)\/+$/, '')
  const region = AMAZON.exec(hostname)?.[1]
  if (region === undefined) return { value: { kind: 'url', url } }
  return protocol === 'https:' && /^\/workspaces\/[^/]+\/?$/.test(pathname)
    ? { value: { kind: 'url', url, region } }
    : refusal("the URL of Amazon's Prometheus is that of a workspace, by https", AMAZON_EXAMPLE)
}

/** Reads `https://…`, `http://…` or `service/<namespace>/<name>:<port>`, which may have a path behind it. */
export const parsePrometheus: Parser<PrometheusAddress> = (text) => {
  // Neither problem quotes the text: passwords and tokens are what these places are used for.
  if (text.includes('@')) {
    return refusal(
      'a URL must not hold user name and password; send them with prometheus-headers',
      URL_EXAMPLE
    )
  }
  if (/[?#]/.test(text))
    return refusal('only the base of the URL is wanted, without query and fragment', URL_EXAMPLE)
  // URL parsing ignores line breaks, so two lines would be joined to a URL that nobody has written.
  if (/[\r\n\t]/.test(text))
    return refusal('one address is wanted, without line breaks and tabs', URL_EXAMPLE)
  if (/^https?:\/\//i.test(text) && URL.canParse(text)) {
    return parseUrl(text)
  }
  const [, namespace = '', name = '', digits, rest = ''] =
    /^service\/([^/]+)\/([^/:]+):(\d{1,5})(\/[-\w.~/]*)?$/.exec(text) ?? []
  const port = Number(digits)
  const path = rest.replace(/\/+$/, '')
  const isPath = path.split('/').every((part) => !/^\.\.?$/.test(part))
  return isName(namespace) && isName(name) && port >= 1 && port <= 65_535 && isPath
    ? { value: { kind: 'service', namespace, name, port, ...(path !== '' && { path }) } }
    : refusal(
        `${quote(text)} is neither an http(s) URL nor service/<namespace>/<name>:<port>`,
        SERVICE_EXAMPLE
      )
}

/** Reads `Name: value`. Its refusals quote nothing of the text: a header is a secret. */
export const parseHeader: Parser<Header> = (text) => {
  const [, name, value] = /^([-!#$%&'*+.^_`|~0-9A-Za-z]+):[ \t]*(\S.*)$/.exec(text) ?? []
  if (name === undefined || value === undefined)
    return refusal('not a header, which is name: value', HEADER_EXAMPLE)
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(value)
    ? { value: { name, value } }
    : refusal('the value has characters that no header can carry', HEADER_EXAMPLE)
}
