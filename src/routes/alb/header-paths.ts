import { withAnnotations } from '../before.ts'
import { annotationsOf, mapPaths, USE_ANNOTATION, type Ingress, type IngressService } from '../ingress.ts'
import type { HeaderMatch } from '../route.ts'
import { actionKey, conditionsKey, type Action } from './action.ts'

/** A header step: paths for the requests with the header, each with an action and conditions of its own. */

const HEADER_SUFFIX = '-greenlight-canary'
/** What a Service's name may have, which the name of an action has to look like. */
const LONGEST_NAME = 63

export const isForHeader = ({ name }: IngressService): boolean => name.endsWith(HEADER_SUFFIX)

const headerName = (action: string): string =>
  `${action.slice(0, LONGEST_NAME - HEADER_SUFFIX.length)}${HEADER_SUFFIX}`

export function withoutHeaderPaths(ingress: Ingress): Ingress {
  const isHeaderKey = (key: string): boolean =>
    key.endsWith(HEADER_SUFFIX) && [actionKey(''), conditionsKey('')].some((prefix) => key.startsWith(prefix))
  const kept = Object.entries(annotationsOf(ingress)).filter(([key]) => !isHeaderKey(key))
  const spec = mapPaths(ingress, (path) =>
    path.backend.service !== undefined && isForHeader(path.backend.service) ? [] : [path]
  )
  return withAnnotations({ ...ingress, spec }, Object.fromEntries(kept))
}

/**
 * A path more before each that has an action here: the load balancer takes the first rule that matches.
 * @param actions by name of the path's Service, what the requests with the header get
 */
export function withHeaderPaths(
  ingress: Ingress,
  actions: ReadonlyMap<string, Action>,
  { name: httpHeaderName, value }: HeaderMatch
): Ingress {
  const condition = { field: 'http-header', httpHeaderConfig: { httpHeaderName, values: [value] } }
  const annotations = [...actions].flatMap(([service, action]): [string, string][] => [
    [actionKey(headerName(service)), JSON.stringify(action)],
    [conditionsKey(headerName(service)), JSON.stringify([...conditionsOf(ingress, service), condition])]
  ])
  const spec = mapPaths(ingress, (path) => {
    const { service } = path.backend
    if (service === undefined || !actions.has(service.name)) return [path]
    const canary = { name: headerName(service.name), port: { name: USE_ANNOTATION } }
    return [{ ...path, backend: { ...path.backend, service: canary } }, path]
  })
  const all = { ...annotationsOf(ingress), ...Object.fromEntries(annotations) }
  return withAnnotations({ ...ingress, spec }, all)
}

/** What else the requests of a path must have; none when that cannot be read. */
export function conditionsOf(ingress: Ingress, action: string): readonly unknown[] {
  try {
    const conditions = JSON.parse(annotationsOf(ingress)[conditionsKey(action)] ?? '[]') as unknown
    return Array.isArray(conditions) ? conditions : []
  } catch {
    return []
  }
}
