import type { Cluster } from '../kubernetes/cluster.ts'
import { isReady } from '../kubernetes/health.ts'
import type { Deployment, Pod, Service } from '../kubernetes/objects.ts'
import { printSelector } from '../kubernetes/selectors.ts'
import { mayReach } from './neighbours.ts'
import type { Neighbour } from './observed.ts'

/** The ready pods behind the Services that may send users to one of the Deployments. */
export const readNeighbours = (
  services: readonly Service[],
  deployments: readonly Deployment[],
  cluster: Cluster
): Promise<readonly Neighbour[]> =>
  Promise.all(
    services
      .filter((service) => mayReach(service, deployments))
      .map(async (service) => {
        const { namespace } = service.metadata
        const labels = printSelector(service.spec.selector)
        const pods = await cluster.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace, labels })
        return { service, pods: pods.filter(isReady) }
      })
  )
