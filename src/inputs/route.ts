import { ROUTES } from '../routes/index.ts'
import { isName, isSubdomain } from './names.ts'
import { nearest } from './nearest.ts'
import { quote, refusal, type Parser } from './parsed.ts'

const KINDS = [...new Set(ROUTES.map(({ kind }) => kind))]

/** One line of `route`: the object that carries the traffic. */
export interface RouteName {
  readonly kind: string
  readonly name: string
}

function nameProblem(kind: string, name: string): string | undefined {
  if (kind === 'service') return isName(name) ? undefined : `${quote(name)} is not the name of a Service`
  return isSubdomain(name)
    ? undefined
    : `${quote(name)} is not a name: lower-case letters, digits, "-" and "."`
}

/** Reads one line of `route`: `service/web`, `httproute/web`, `ingress/web`. */
export const parseRoute: Parser<RouteName> = (text) => {
  const slash = text.indexOf('/')
  if (slash < 0) return refusal(`${quote(text)} is not a route, which is <kind>/<name>`, 'service/web')
  const word = text.slice(0, slash)
  const name = text.slice(slash + 1)
  const kind = KINDS.find((known) => known === word)
  if (kind === undefined) {
    const meant = nearest(word, KINDS)
    const hint = meant === undefined ? '' : `; did you mean ${meant}?`
    const problem = `${quote(text)} is not a route: its kind is none of ${KINDS.join(', ')}${hint}`
    return refusal(problem, `${meant ?? 'service'}/web`)
  }
  const problem = nameProblem(kind, name)
  return problem === undefined ? { value: { kind, name } } : refusal(problem, `${kind}/web`)
}

/** The line that reads back as this route. */
export const printRoute = ({ kind, name }: RouteName): string => `${kind}/${name}`
