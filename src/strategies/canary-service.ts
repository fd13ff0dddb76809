import type { Fault } from '../errors.ts'
import { copiedMetadata } from '../kubernetes/gitops.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import type { Service } from '../kubernetes/objects.ts'
import { printSelector, sameLabels } from '../kubernetes/selectors.ts'
import { isSlotService, SLOT_LABEL } from '../kubernetes/slots.ts'
import type { Observed } from '../observed.ts'
import { backendsOf } from '../record.ts'
import type { Release } from '../record.ts'
import { sh } from '../shell.ts'

/**
 * The Service behind which routes find the canary: the ports of the one that users name, and a selector that is never changed
 * while traffic goes through it. It stays after the release: a gateway that still knows it must not find it gone.
 */
export function canaryService({ service, namespace }: Observed, release: Release): Manifest {
  const { canary } = backendsOf(release, namespace, service.metadata.name)
  const { ports = [], clusterIP } = service.spec
  const object: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: canary,
      namespace,
      labels: { ...copiedMetadata(service).labels, [SLOT_LABEL]: release.canary.slot }
    },
    spec: {
      selector: release.selectors.canary,
      ports: ports.map(({ name, port, protocol, targetPort, appProtocol }) => ({
        port,
        ...(name === undefined ? {} : { name }),
        ...(protocol === undefined ? {} : { protocol }),
        ...(targetPort === undefined ? {} : { targetPort }),
        ...(appProtocol === undefined ? {} : { appProtocol })
      })),
      ...(clusterIP === 'None' ? { clusterIP } : {})
    }
  }
  return { object, source: `Service ${canary} for the canary` }
}

/** Somebody's Service of that name would lose its pods. */
export function canaryServiceFaults({ otherServices, service }: Observed, { object }: Manifest): Fault[] {
  const { name } = object.metadata
  const { selector } = (object as Service).spec
  const live =
    name === service.metadata.name ? service : otherServices.find(({ metadata }) => metadata.name === name)
  if (live === undefined || isSlotService(live) || sameLabels(live.spec.selector, selector)) return []
  return [
    {
      input: 'route',
      problem: `service/${name} exists and selects ${printSelector(live.spec.selector)}; the routes need a Service of that name that selects ${printSelector(selector)}, the canary's pods`,
      example: `${sh`kubectl delete service ${name}`}, or another name for it`
    }
  ]
}
