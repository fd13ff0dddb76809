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

/** What is to be released. */
export interface WorkloadName {
  /** `deployment`, or the kind of a controller's object that releases it. */
  readonly kind: 'deployment' | 'rollout' | 'canary'
  readonly name: string
}

/** Names of the kinds that kubectl accepts and prints, and the group behind them. */
const KINDS: readonly {
  readonly kind: WorkloadName['kind']
  readonly names: readonly string[]
  readonly groups: readonly string[]
}[] = [
  { kind: 'deployment', names: ['deployment', 'deployments', 'deploy'], groups: ['apps', 'v1.apps'] },
  {
    kind: 'rollout',
    names: ['rollout', 'rollouts', 'ro'],
    groups: ['argoproj.io', 'v1alpha1.argoproj.io']
  },
  { kind: 'canary', names: ['canary', 'canaries'], groups: ['flagger.app', 'v1beta1.flagger.app'] }
]

const kindOf = (text: string): WorkloadName['kind'] | undefined =>
  KINDS.find(({ names, groups }) =>
    names.some((name) => text === name || groups.some((group) => text === `${name}.${group}`))
  )?.kind

/**
 * Reads `web`, `deployment/web` or `deployment.apps/web`, which are a Deployment, `rollout/web`, one of Argo Rollouts,
 * or `canary/web`, one of Flagger. The name is a subdomain.
 */
export const parseWorkload: Parser<WorkloadName> = (text) => {
  const slash = text.indexOf('/')
  const kind = slash < 0 ? 'deployment' : kindOf(text.slice(0, slash).toLowerCase())
  if (kind === undefined)
    return refusal(
      `${quote(text)} cannot be released, only Deployments, Rollouts and Canaries can`,
      'deployment/web'
    )
  const example = slash < 0 ? 'web' : `${kind}/web`
  const name = text.slice(slash + 1)
  if (isSubdomain(name)) return { value: { kind, name } }
  const read = parseName(name)
  return 'problem' in read ? { ...read, example } : { value: { kind, name: read.value } }
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
