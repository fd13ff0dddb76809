import type { Fault } from '../base/errors.ts'
import { backendsOf, type Release } from '../domain/record.ts'
import { SLOT_LABEL } from '../domain/slots.ts'
import type { TrafficStep } from '../inputs/step.ts'
import { wantedReplicas } from '../kubernetes/health.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import type { Deployment, KubernetesObject } from '../kubernetes/objects.ts'
import { templateLabels, type Labels } from '../kubernetes/selectors.ts'
import { HASH_LABEL } from '../kubernetes/workload.ts'
import { membersOf, type Observed, type ObservedRoute } from '../observe/observed.ts'
import { serviceRoute } from '../routes/service.ts'
import { canaryService, canaryServiceFaults, nodePortFaults } from './canary-service.ts'
import { abilityFaults, coarseShares, routeFaults } from './route-faults.ts'
import { sharingWarnings } from './sharing.ts'

/** What it takes to move traffic on the routes of a release. */
export interface Routing {
  readonly routes: readonly ObservedRoute[]
  /** The canary's Service, where routes need it. */
  readonly services: readonly Manifest[]
  readonly faults: readonly Fault[]
  readonly warnings: readonly string[]
}

/** Whether the Service has to select both versions for a while. */
export const isSharedByPods = ({ routes }: Observed, steps: readonly TrafficStep[]): boolean =>
  routes.length === 0 && steps.some(({ split }) => split.weight > 0 && split.weight < 100)

/** Finds out what the routes can do, and what they need. */
export function prepareRouting(
  observed: Observed,
  release: Release,
  steps: readonly TrafficStep[],
  canary: Deployment
): Routing {
  const { namespace, service, stable } = observed
  if (observed.routes.length === 0) {
    const own = { title: `service/${service.metadata.name}`, route: serviceRoute }
    const sharing = isSharedByPods(observed, steps)
    return {
      routes: [],
      services: [],
      faults: [...abilityFaults([own], steps), ...(sharing ? emptySelector(release, own.title) : [])],
      warnings: sharing
        ? [
            ...sharingWarnings([service, ...observed.companions]),
            ...coarseShares(steps, Math.max(wantedReplicas(stable.deployment), 1))
          ]
        : []
    }
  }
  const backends = backendsOf(release, namespace, service.metadata.name)
  const routes = observed.routes.map((found) => membersOf(found, backends))
  const own = canaryService(observed, release)
  const pods = { stable: labelsOf(stable.deployment), canary: labelsOf(canary) }
  return {
    routes,
    services: [own],
    faults: [
      ...abilityFaults(routes, steps),
      ...routes.flatMap((route) => routeFaults(route, backends, steps, pods)),
      ...canaryServiceFaults(observed, own),
      ...nodePortFaults(observed)
    ],
    warnings: observed.routes.flatMap(
      ({ route, object, others }) => route.remarks?.(object, others, backends, pods) ?? []
    )
  }
}

/** Labels of the pods that change with the version and that a route may depend on, without those in selectors. */
export function changingLabels(
  { routes, stable }: Observed,
  canary: Deployment,
  selectors: Release['selectors']
): Pick<Release, 'labels'> {
  if (routes.every(({ route }) => route.follow === undefined)) return {}
  const [was, is] = [labelsOf(stable.deployment), labelsOf(canary)]
  const selecting: Labels = { ...selectors.stable, ...selectors.canary, [SLOT_LABEL]: '', [HASH_LABEL]: '' }
  const keys = Object.keys(was).filter(
    (key) => selecting[key] === undefined && is[key] !== undefined && is[key] !== was[key]
  )
  if (keys.length === 0) return {}
  const only = (labels: Labels): Labels => Object.fromEntries(keys.map((key) => [key, labels[key] ?? '']))
  return { labels: { stable: only(was), canary: only(is) } }
}

/** Manifests changed so that they can be applied while stable serves, where a route requires it. */
export function appliableOn(
  manifests: readonly Manifest[],
  routes: readonly ObservedRoute[],
  { namespace, service }: Observed,
  release: Release
): readonly Manifest[] {
  const backends = backendsOf(release, namespace, service.metadata.name)
  return manifests.map(({ object, source }) => ({
    source,
    object: routes.reduce<KubernetesObject>(
      (written, { route, objects }) => route.appliable?.(written, objects, backends) ?? written,
      object
    )
  }))
}

const labelsOf = ({ spec }: Deployment): Labels => templateLabels(spec.template)

/** A Service that selects by nothing but the slot has no selector that both versions share. */
const emptySelector = ({ selectors }: Release, title: string): Fault[] =>
  Object.keys(selectors.both ?? {}).length > 0
    ? []
    : [
        {
          input: 'steps',
          problem: `${title} selects by the label of the slot alone, so that it cannot select both versions for a share of the traffic`,
          example: 'a label that both versions have in its selector, e.g. app: web'
        }
      ]
