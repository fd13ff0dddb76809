import { nearest } from './nearest.ts'
import { quote, refusal, type Parsed, type Parser } from './parsed.ts'

const label = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/

/** Whether a text can name a container, a namespace or a Service: an RFC 1123 label. */
export const isName = (text: string): boolean => label.test(text)

/** Reads the name of a Kubernetes object. */
export const parseName: Parser<string> = (text) =>
  isName(text)
    ? { value: text }
    : refusal(
        `${quote(text)} is not a name: lower-case letters, digits and "-", at most 63, with a letter or digit at both ends`,
        'web'
      )

/** Reads `<kind>/<name>`, giving the name; `otherwise` explains what is the matter with any other kind. */
const parseKindAndName = (kind: string, text: string, otherwise: string): Parsed<string> => {
  const slash = text.indexOf('/')
  const example = `${kind}/web`
  if (text.slice(0, slash) !== kind) return refusal(`${quote(text)} ${otherwise}`, example)
  const name = parseName(text.slice(slash + 1))
  return 'problem' in name ? { ...name, example } : name
}

/** Reads `web` or `deployment/web`, giving the Deployment's name. */
export const parseWorkload: Parser<string> = (text) =>
  text.includes('/')
    ? parseKindAndName('deployment', text, 'cannot be released, only Deployments can')
    : parseName(text)

/** Reads `service/web`, giving the Service's name. */
export const parseRoute: Parser<string> = (text) =>
  parseKindAndName('service', text, 'is not a route: only Services are supported, as service/<name>')

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
