import { need } from '../../kubernetes/needs.ts'
import type { KubernetesObject } from '../../kubernetes/objects.ts'
import { commonShare } from '../backend-weights.ts'
import { annotationsOf, classOf, INGRESS, type Ingress } from '../ingress.ts'
import type { Route } from '../route.ts'
import { isAlbAnnotation } from './action.ts'
import { shareIn } from './actions.ts'
import { actionOf, actionPort, onCanary, ownServices, withoutRelease, withRelease } from './ingress.ts'
import { albProblem } from './problem.ts'

export const isAlb = (ingress: Ingress): boolean =>
  classOf(ingress) === undefined
    ? Object.keys(annotationsOf(ingress)).some(isAlbAnnotation)
    : classOf(ingress) === 'alb'

const TARGET_TYPE = 'alb.ingress.kubernetes.io/target-type'

/** Of a target group, as its Service says or else the Ingress; the controller's own default is `instance`. */
const targetType = (ingress: KubernetesObject, { metadata }: KubernetesObject): string | undefined =>
  metadata.annotations?.[TARGET_TYPE] ?? ingress.metadata.annotations?.[TARGET_TYPE]

/**
 * An Ingress of the AWS Load Balancer Controller: forward actions whose target groups share the requests by weight.
 * A path that names the apex itself gets an action of that name for the time of the release.
 *
 * After a promotion the traffic stays where the last step has brought it, on the canary's own Service, and the weight
 * of what was stable's is 0. Back on the apex would be a change of its pods under the load balancer, which takes out
 * old targets before new ones are healthy. The next release finds its stable there. After a rollback the Ingress is
 * as it was.
 */
export const albRoute: Route = {
  kind: 'ingress',
  object: INGRESS,
  others: [],
  needs: need('networking.k8s.io', 'ingresses', 'get', 'list', 'watch', 'patch'),
  can: ['weight', 'header'],
  shareOf: 'requests',
  // A load balancer of AWS may take as long to hear of a change; new targets have to be found healthy.
  lag: () => 45_000,
  refusals: ['FailedBuildModel', 'FailedDeployModel'],
  recognises: (object) => isAlb(object as Ingress),
  sendsToNodes: ([object], apex) => targetType(object, apex) !== 'ip',
  port: (object, services) => actionPort(object as Ingress, services),
  problem: ([object], backends, splits) => albProblem(object as Ingress, backends, splits),
  split: ([object], backends, split) => [
    withRelease(withoutRelease(object as Ingress, backends), backends, split)
  ],
  settle([object], backends, serving) {
    const outside = withoutRelease(object as Ingress, backends)
    return [serving === 'stable' ? outside : onCanary(outside, backends)]
  },
  weight([object], backends) {
    const ingress = object as Ingress
    const actions = ownServices(ingress, backends).map((service) => actionOf(ingress, service, backends))
    return commonShare(actions.flatMap((action) => (action === undefined ? [] : [shareIn(action, backends)])))
  },
  // The controller reports by events only.
  pending: () => undefined
}
