import type { KubernetesObject, Service } from '../kubernetes/objects.ts'
import { sameLabels, type Labels } from '../kubernetes/selectors.ts'
import type { Route } from './route.ts'

/**
 * A plain Service: its selector names one version, or both. Then each pod gets the same share of the connections,
 * so that the numbers of pods decide about the shares of the versions.
 */
export const serviceRoute: Route = {
  kind: 'service',
  object: { apiVersion: 'v1', kind: 'Service' },
  others: [],
  needs: [],
  can: ['weight'],
  shareOf: 'connections',
  problem: () => undefined,
  split: ([service], { selectors }, { weight }) => [withSelector(service, selectorFor(weight, selectors))],
  settle: ([service], { selectors }, serving) => [
    withSelector(service, serving === 'stable' ? selectors.before : selectors.canary)
  ],
  weight([service], { selectors }) {
    const { selector } = (service as Service).spec
    if (sameLabels(selector, selectors.canary)) return 100
    return sameLabels(selector, selectors.stable) ? 0 : undefined
  },
  pending: () => undefined
}

/** The selector of both versions is missing only where no step shares traffic by number of pods. */
function selectorFor(
  weight: number,
  { stable, canary, both }: Parameters<Route['split']>[1]['selectors']
): Labels {
  if (weight === 100) return canary
  return weight === 0 ? stable : (both ?? stable)
}

/** Replaces the whole selector in one write: between two writes of single keys it would select both versions or none. */
function withSelector(object: KubernetesObject, selector: Labels): KubernetesObject {
  const service = object as Service
  const edited: Service = { ...service, spec: { ...service.spec, selector } }
  return edited
}
