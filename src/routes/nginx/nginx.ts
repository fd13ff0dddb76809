import { need } from '../../kubernetes/needs.ts'
import { annotationsOf, INGRESS, portIn, type Ingress } from '../ingress.ts'
import type { Route } from '../route.ts'
import { CANARY, canaryName, canaryOf, isMarked, ourCanary } from './canary.ts'
import { isNginx, nginxProblem, refersTo, sharers } from './problem.ts'

/**
 * ingress-nginx: a second Ingress, marked as canary, has the paths that refer to the apex and the canary's Service
 * behind them. The user's Ingress is not touched; the second one is made by a release and goes with it.
 */
export const nginxRoute: Route = {
  kind: 'ingress',
  object: INGRESS,
  others: [INGRESS],
  needs: need('networking.k8s.io', 'ingresses', 'get', 'list', 'watch', 'create', 'patch', 'delete'),
  can: ['weight', 'header'],
  metrics: 'nginx',
  shareOf: 'requests',
  lag: () => 5000,
  recognises: (object) => isNginx(object as Ingress),
  port: (object, services) => portIn(object as Ingress, services),
  members(object, others) {
    const main = object as Ingress
    const canaries = others
      .filter(({ kind, metadata }) => kind === INGRESS.kind && metadata.name !== main.metadata.name)
      .filter((other) => other.metadata.name === canaryName(main) || isCanaryBeside(other as Ingress, main))
    return [object, ...canaries]
  },
  problem: nginxProblem,
  remarks: (object, others, backends) => sharers(object as Ingress, others as readonly Ingress[], backends),
  split(objects, backends, split) {
    const [main, ...others] = objects
    const live = ourCanary(objects)
    return [
      main,
      ...others.filter((other) => other !== live),
      canaryOf(main as Ingress, live, backends, split)
    ]
  },
  settle: (objects) => objects.filter((object) => object !== ourCanary(objects)),
  weight(objects, backends) {
    if (!refersTo(objects[0] as Ingress, backends.apex)) return undefined
    const canary = ourCanary(objects)
    if (canary === undefined) return 0
    const { [`${CANARY}-weight`]: weight = '0', [`${CANARY}-weight-total`]: total = '100' } =
      annotationsOf(canary)
    return (Number(weight) * 100) / Number(total)
  },
  // The controller does not report what it has accepted.
  pending: () => undefined
}

/** Hosts and paths, as the controller tells one location from another. */
const locationsOf = ({ spec }: Ingress): readonly string[] =>
  (spec.rules ?? []).flatMap(({ host = '', http }) =>
    (http?.paths ?? []).map(({ path = '/' }) => `${host}${path}`)
  )

function isCanaryBeside(other: Ingress, main: Ingress): boolean {
  const locations = locationsOf(main)
  return isMarked(other) && locationsOf(other).some((location) => locations.includes(location))
}
