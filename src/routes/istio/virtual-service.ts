import { need } from '../../kubernetes/needs.ts'
import type { Condition, KubernetesObject } from '../../kubernetes/objects.ts'
import { commonShare } from '../backend-weights.ts'
import type { Backends, Route, RouteObjects } from '../route.ts'
import {
  apexRules,
  copyForCanary,
  copyName,
  isCopy,
  suffixOf,
  type DestinationRule
} from './destination-rules.ts'
import { virtualServiceProblem } from './problem.ts'
import {
  isInUse,
  isOwn,
  rulesOf,
  targetsOf,
  withoutRelease,
  withRelease,
  withSuccessors,
  type VirtualService
} from './rules.ts'
import {
  labelledAsBefore,
  labelledAsLive,
  labelledForGood,
  relabelled,
  subsetNames,
  subsetRemarks
} from './subset-labels.ts'
import { sharesIn } from './targets.ts'
import { meshVersions } from './versions.ts'

interface MeshStatus {
  /** The API server gives 64-bit numbers of Istio as they were sent, mostly as text. */
  readonly observedGeneration?: number | string
  readonly conditions?: readonly Condition[]
}

const GROUP = 'networking.istio.io'

/**
 * Istio: the canary is reached by the host of its own Service, beside the apex in each http rule that refers to it,
 * whether by host or by subset. A subset of the apex could not have the canary's pods: Istio takes the pods of a
 * subset out of those that the Service selects, and in a release the apex selects stable alone.
 *
 * What DestinationRules say of the apex is copied for the canary's Service. Where two subsets tell the slots apart, the
 * rules refer to the other one after a promotion; all other subsets follow the apex, and those whose labels change with
 * the version get the new ones before the rules lead there again.
 */
export const virtualServiceRoute: Route = {
  kind: 'virtualservice',
  object: { apiVersion: `${GROUP}/v1`, kind: 'VirtualService' },
  others: [
    { apiVersion: `${GROUP}/v1`, kind: 'DestinationRule' },
    { apiVersion: `${GROUP}/v1`, kind: 'VirtualService' }
  ],
  needs: [
    ...need(GROUP, 'virtualservices', 'get', 'list', 'watch', 'patch'),
    ...need(GROUP, 'destinationrules', 'get', 'list', 'watch', 'create', 'patch', 'delete')
  ],
  can: ['weight', 'header', 'mirror'],
  metrics: 'istio',
  shareOf: 'requests',
  // Its control plane gathers changes before it sends them to every proxy.
  lag: () => 5000,
  port: (object, { namespace, apex, stable }) =>
    rulesOf(object as VirtualService)
      .flatMap(targetsOf)
      .find(({ destination: { host } }) =>
        [apex, stable].some((name) => suffixOf(host, name, namespace) !== undefined)
      )?.destination.port?.number,
  members(object, others, backends) {
    const names = apexRules(others, backends).flatMap((rule) => [rule.metadata.name, copyName(rule)])
    return [
      object,
      ...others.filter(
        (other) =>
          other.kind === 'DestinationRule' && (names.includes(other.metadata.name) || isCopy(other, backends))
      )
    ]
  },
  problem: (objects, backends, splits, pods) =>
    virtualServiceProblem(
      objects as unknown as readonly [VirtualService, ...KubernetesObject[]],
      backends,
      splits,
      pods
    ),
  remarks: subsetRemarks,
  follow: relabelledIn,
  appliable: labelledAsLive,
  split(objects, backends, split) {
    const [object, ...others] = objects
    const versions = meshVersions(objects, backends)
    const shared = withRelease(withoutRelease(object as VirtualService, versions), versions, split)
    // The copies come first, so that a subset exists before a proxy hears of it.
    return [...copies(others, backends), shared, ...others.filter((other) => !isCopy(other, backends))]
  },
  settle(objects, backends, serving) {
    const [object, ...others] = objects
    const versions = meshVersions(objects, backends)
    const settled = serving === 'stable' ? withoutRelease : withSuccessors
    const own = others.filter((other) => !isCopy(other, backends))
    const rules = withRules(
      serving === 'stable' ? own : relabelledIn([object, ...own], backends).slice(1),
      backends,
      serving === 'stable' ? labelledAsBefore : labelledForGood
    )
    const isWritten = (rule: KubernetesObject): boolean => !own.includes(rule)
    // Subsets are written before the rules that use them.
    return [
      ...rules.filter(isWritten),
      settled(object as VirtualService, versions),
      ...rules.filter((rule) => !isWritten(rule))
    ]
  },
  weight(objects, backends) {
    const versions = meshVersions(objects, backends)
    const used = rulesOf(objects[0] as VirtualService).filter(
      (rule) => !isOwn(rule) && isInUse(rule, versions)
    )
    return commonShare(used.flatMap((rule) => sharesIn(targetsOf(rule), versions)))
  },
  pending
}

/** The subsets that the VirtualService refers to have the canary's pods. */
function relabelledIn(objects: RouteObjects, backends: Backends): readonly KubernetesObject[] {
  const { labels } = backends
  const names = subsetNames(objects[0], backends)
  return labels === undefined
    ? objects
    : withRules(objects, backends, (rule) => relabelled(rule, names, labels))
}

/** The rules for the apex, each made another one; anything else stays as it is. */
function withRules(
  objects: readonly KubernetesObject[],
  backends: Backends,
  make: (rule: DestinationRule) => DestinationRule
): readonly KubernetesObject[] {
  const rules = apexRules(objects, backends)
  return objects.map((object) => {
    const rule = rules.find((one) => one === object)
    return rule === undefined ? object : make(rule)
  })
}

const copies = (others: readonly KubernetesObject[], backends: Backends): readonly KubernetesObject[] =>
  apexRules(others, backends).map((rule) => {
    const live = others.find((other) => isCopy(other, backends) && other.metadata.name === copyName(rule))
    return copyForCanary(rule, live, backends)
  })

/** Istio writes a status only where that is enabled. Without a status there is nothing to wait for. */
function pending(objects: RouteObjects): string | undefined {
  const missing = objects.flatMap((object) => {
    const { status } = object as KubernetesObject & { readonly status?: MeshStatus }
    const reconciled = status?.conditions?.find(({ type }) => type === 'Reconciled')
    if (reconciled === undefined) return []
    const name = `${object.kind.toLowerCase()}/${object.metadata.name}`
    if (Number(status?.observedGeneration ?? 0) < (object.metadata.generation ?? 0))
      return [`istiod has not looked at ${name} yet`]
    const { reason, message } = reconciled
    const why = message ?? reason
    return reconciled.status === 'True'
      ? []
      : [`not all proxies have taken ${name}${why === undefined ? '' : `: ${why}`}`]
  })
  return missing.length === 0 ? undefined : missing.join('; ')
}
