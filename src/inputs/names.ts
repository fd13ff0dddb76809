import { nearest } from './nearest.ts'
import { quote, refusal, type Parser } from './parsed.ts'

const LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/

/** Whether a text can name a container, a namespace or a Service: an RFC 1123 label. */
export const isName = (text: string): boolean => LABEL.test(text)

/** Whether a text can name an object of most other kinds: an RFC 1123 subdomain. */
export const isSubdomain = (text: string): boolean => text.length <= 253 && text.split('.').every(isName)

/** Whether a text can name an HTTP header. */
export const isHeaderName = (text: string): boolean => /^[-!#$%&'*+.^_`|~0-9A-Za-z]+$/.test(text)

/** Reads the name of a Kubernetes object. */
export const parseName: Parser<string> = (text) =>
  isName(text)
    ? { value: text }
    : refusal(
        `${quote(text)} is not a name: lower-case letters, digits and "-", at most 63, with a letter or digit at both ends`,
        'web'
      )

/** Names of the kind that kubectl accepts and prints. */
const DEPLOYMENTS: readonly string[] = ['deployment', 'deployments', 'deploy']

const isDeployment = (kind: string): boolean =>
  DEPLOYMENTS.some((one) => kind === one || kind === `${one}.apps` || kind === `${one}.v1.apps`)

/** Reads `web`, `deployment/web` or `deployment.apps/web`, giving the Deployment's name: a subdomain. */
export const parseWorkload: Parser<string> = (text) => {
  const slash = text.indexOf('/')
  const example = slash < 0 ? 'web' : 'deployment/web'
  if (slash >= 0 && !isDeployment(text.slice(0, slash).toLowerCase()))
    return refusal(`${quote(text)} cannot be released, only Deployments can`, example)
  const name = text.slice(slash + 1)
  if (isSubdomain(name)) return { value: name }
  const read = parseName(name)
  return 'problem' in read ? { ...read, example } : read
}

/** Reads one of a few words. */
export const choice =
  <T extends string>(first: T, ...others: readonly T[]): Parser<T> =>
  (text) => {
    const words = [first, ...others]
    const value = words.find((word) => word === text)
    if (value !== undefined) return { value }
    const meant = nearest(text, words)
    const hint = meant === undefined ? '' : `; did you mean ${meant}?`
    return refusal(`${quote(text)} is not one of ${words.join(', ')}${hint}`, meant ?? first)
  }
