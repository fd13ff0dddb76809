import type { MeasuredVersion } from '../checks/measured-version.ts'
import { probesOf } from '../kubernetes/probes.ts'
import type { Observed } from '../observe/observed.ts'
import { entranceOf } from '../plan/entrance.ts'

/** The pods that serve, for what is measured before anything is changed. */
export function measuredStable(observed: Observed): MeasuredVersion {
  const { namespace, workload, service, stable, routes } = observed
  const { name } = service.metadata
  const { servicePort } = entranceOf(observed, routes, stable.deployment)
  const [route] = routes
  return {
    namespace,
    workload,
    slot: stable.slot,
    service: name,
    side: 'stable',
    deployment: stable.deployment.metadata.name,
    backend: {
      service: name,
      port: servicePort?.port,
      ...(servicePort?.name === undefined ? {} : { portName: servicePort.name })
    },
    ...(route === undefined ? {} : { route: route.name }),
    ...(stable.hash === '' ? {} : { replicaSet: `${stable.deployment.metadata.name}-${stable.hash}` }),
    pods: stable.pods.map(({ metadata }) => ({
      name: metadata.name,
      createdAt: Date.parse(metadata.creationTimestamp ?? '')
    })),
    probes: probesOf(stable.deployment),
    releaseStartedAt: 0
  }
}
