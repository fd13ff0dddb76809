import type { Fault } from '../base/errors.ts'
import { sh } from '../base/shell.ts'
import { backendsOf, type Release } from '../domain/record.ts'
import { isSlotService, SLOT_LABEL } from '../domain/slots.ts'
import { copiedMetadata } from '../kubernetes/gitops.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import type { Service } from '../kubernetes/objects.ts'
import { printSelector, sameLabels } from '../kubernetes/selectors.ts'
import type { Observed } from '../observe/observed.ts'

/**
 * The Service by which routes reach the canary: with the settings of the Service that users name, and a selector that
 * never changes while traffic goes through it. It is kept after the release, since gateways may still know it.
 */
export function canaryService(observed: Observed, release: Release): Manifest {
  const { service, namespace } = observed
  const { canary } = backendsOf(release, namespace, service.metadata.name)
  const { labels, annotations } = copiedMetadata(service)
  const gateways = Object.entries(annotations).filter(([key]) => !isOfTheServiceAlone(key))
  const object: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: canary,
      namespace,
      labels: { ...labels, [SLOT_LABEL]: release.canary.slot },
      ...(gateways.length === 0 ? {} : { annotations: Object.fromEntries(gateways) })
    },
    spec: { selector: release.selectors.canary, ...wayTo(service, isReachedByNodes(observed)) }
  }
  return { object, source: `Service ${canary} for the new version` }
}

/**
 * Annotations that would make a second load balancer, DNS name or monitoring target, or that say who has written the
 * object. All others may be meant for a gateway, which must find the same on both Services.
 */
const OF_THE_SERVICE_ALONE = [
  /^greenlight\.dev\//,
  /(^|\.)kubectl\.kubernetes\.io\//,
  /^(meta\.)?helm\.sh\//,
  /^argocd\.argoproj\.io\//,
  /^argo-rollouts\.argoproj\.io\//,
  /\.toolkit\.fluxcd\.io\//,
  /^service\.(beta|alpha)\.kubernetes\.io\//,
  /^prometheus\.io\//,
  /^(field|cert-manager|tailscale)\.|^cert-manager\.io\//,
  /external-dns/,
  /load-?balancer-?(?!controller)|lbipam|^metallb\.|^kube-vip\./i,
  /^cloud\.google\.com\/neg-status$/
]

const isOfTheServiceAlone = (key: string): boolean =>
  OF_THE_SERVICE_ALONE.some((pattern) => pattern.test(key))

const isReachedByNodes = ({ routes, service }: Observed): boolean =>
  routes.some(({ route, object }) => route.sendsToNodes?.([object], service) === true)

/** How clients reach the pods behind a Service. Numbers that can be given once only are left to the API server. */
function wayTo({ spec }: Service, byNodes: boolean): Omit<Service['spec'], 'selector'> {
  const { type, clusterIP, externalTrafficPolicy, ports = [] } = spec
  const { sessionAffinity, sessionAffinityConfig, ipFamilies, ipFamilyPolicy } = spec
  const { internalTrafficPolicy, trafficDistribution } = spec
  const nodePorts = byNodes && hasNodePorts(type)
  const all = {
    ...(nodePorts ? { type: 'NodePort', externalTrafficPolicy } : {}),
    ...(clusterIP === 'None' ? { clusterIP } : {}),
    sessionAffinity,
    sessionAffinityConfig,
    ipFamilies,
    ipFamilyPolicy,
    internalTrafficPolicy,
    trafficDistribution
  }
  return {
    ports: ports.map(({ name, port, protocol, targetPort, appProtocol }) => ({
      port,
      ...present({ name, protocol, targetPort, appProtocol })
    })),
    ...present(all)
  }
}

const hasNodePorts = (type: string | undefined): boolean => type === 'NodePort' || type === 'LoadBalancer'

type Present<T> = { readonly [Key in keyof T]?: NonNullable<T[Key]> }

const present = <T extends object>(fields: T): Present<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<T>

/** An existing Service of that name that is not of a release would lose its pods. */
export function canaryServiceFaults({ otherServices, service }: Observed, { object }: Manifest): Fault[] {
  const { name } = object.metadata
  const { selector } = (object as Service).spec
  const live =
    name === service.metadata.name ? service : otherServices.find(({ metadata }) => metadata.name === name)
  if (live === undefined) return []
  if (isSlotService(live) || sameLabels(live.spec.selector, selector)) return headlessFaults(live, service)
  return [
    {
      input: 'route',
      problem: `service/${name} exists and selects ${printSelector(live.spec.selector)}; the routes need a Service of that name that selects ${printSelector(selector)}, the new version's pods`,
      example: `${sh`kubectl delete service ${name}`}, or another name for it`
    }
  ]
}

const isHeadless = ({ spec }: Service): boolean => spec.clusterIP === 'None'

/** Whether a Service is headless cannot be changed later. */
function headlessFaults(live: Service, service: Service): Fault[] {
  if (isHeadless(live) === isHeadless(service)) return []
  const [own, apex] = [`service/${live.metadata.name}`, `service/${service.metadata.name}`]
  const [is, other] = isHeadless(live) ? ['is headless', 'is not'] : ['is not headless', 'is']
  return [
    {
      input: 'route',
      problem: `${own}, which releases keep for the new version, ${is} and ${apex} ${other}, and no Service can change that`,
      example: `${sh`kubectl -n ${service.metadata.namespace ?? 'default'} delete service ${live.metadata.name}`}; the release makes it anew`
    }
  ]
}

/** The load balancer's controller rejects the whole route when one of its Services has no node port. */
export function nodePortFaults(observed: Observed): Fault[] {
  const { service, namespace } = observed
  if (hasNodePorts(service.spec.type) || !isReachedByNodes(observed)) return []
  const name = `service/${service.metadata.name}`
  return [
    {
      input: 'route',
      problem:
        `the load balancer sends to ports of the nodes, as nothing says that its target-type is ip, and ${name} in namespace ${namespace} ` +
        `has none (type ${service.spec.type ?? 'ClusterIP'}): with the new version's own Service behind it, its controller would take nothing over any more`,
      example: `the annotation alb.ingress.kubernetes.io/target-type: ip on the Ingress, or type: NodePort in ${name}`
    }
  ]
}
