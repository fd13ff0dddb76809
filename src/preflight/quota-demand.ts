import type { Fault } from '../base/errors.ts'
import { wantedReplicas } from '../kubernetes/health.ts'
import type { LimitRange, ResourceQuota } from '../kubernetes/limits.ts'
import type { Deployment, Pod, PodSpec } from '../kubernetes/objects.ts'
import {
  allContainers,
  defaultsIn,
  podUsage,
  quantityIn,
  type Defaults,
  type Side
} from '../kubernetes/pod-resources.ts'
import { parseQuantity, printQuantity } from '../kubernetes/quantity.ts'
import type { Demand } from '../plan/demand.ts'

/** What a quota may limit, and where the figure for it stands; `pods` are counted. */
const limited: Readonly<Record<string, readonly [Side, string] | 'pods'>> = {
  pods: 'pods',
  'count/pods': 'pods',
  cpu: ['requests', 'cpu'],
  'requests.cpu': ['requests', 'cpu'],
  'limits.cpu': ['limits', 'cpu'],
  memory: ['requests', 'memory'],
  'requests.memory': ['requests', 'memory'],
  'limits.memory': ['limits', 'memory']
}

const ONE = parseQuantity(1) ?? 1n

/**
 * Quotas that the pods of the release would exceed. Quotas with scopes are left out, since admission decides which pods
 * they count.
 * @param ending pods that are on their way out and still counted
 */
export const quotaFaults = (
  demand: Demand,
  quotas: readonly ResourceQuota[],
  limitRanges: readonly LimitRange[],
  ending: readonly Pod[] = []
): Fault[] =>
  quotas
    .filter(({ spec }) => (spec?.scopes ?? []).length === 0 && spec?.scopeSelector === undefined)
    .flatMap((quota) =>
      Object.keys(quota.status?.hard ?? {}).flatMap((name) =>
        excess({ ...demand, defaults: defaultsIn(limitRanges), ending }, quota, name)
      )
    )

interface Counted extends Demand {
  readonly defaults: Defaults
  readonly ending: readonly Pod[]
}

function excess(
  { deployment, before, moments, retired = [], defaults, ending }: Counted,
  { metadata, status }: ResourceQuota,
  name: string
): Fault[] {
  const hard = parseQuantity(status?.hard?.[name] ?? '')
  const used = parseQuantity(status?.used?.[name] ?? 0)
  const what = limited[name]
  if (what === undefined || hard === undefined || used === undefined) return []
  const usage = (spec: PodSpec): bigint => (what === 'pods' ? ONE : podUsage(spec, ...what, defaults))
  const each = usage(deployment.spec.template.spec)
  const more = each - (before === undefined ? each : usage(before))
  const wanted = moments
    .map(({ added, replaced }) => BigInt(added) * each + BigInt(replaced) * more)
    .reduce((most, one) => (one > most ? one : most), 0n)
  const gone = [
    ...ending.map(({ spec }) => usage(spec)),
    ...retired.map((one) => BigInt(wantedReplicas(one)) * usage(one.spec.template.spec))
  ]
  const freed = gone.reduce((total, one) => total + one, 0n)
  if (wanted <= 0n || used - freed + wanted <= hard) return []
  const print = (nanos: bigint): string => printQuantity(nanos, name.endsWith('memory') ? 'bytes' : 'units')
  return [
    {
      input: 'workload',
      problem: `deployment/${deployment.metadata.name} does not fit into resourcequota/${metadata.name} in namespace ${metadata.namespace ?? ''}: ${name}: ${print(wanted)} more are wanted (${print(each)} a pod), ${print(used)} of ${print(hard)} are in use`,
      example: `${name}: ${JSON.stringify(print(used + wanted))} in spec.hard of that quota`
    }
  ]
}

/** Containers and pods that are larger than the namespace allows. */
export const limitFaults = ({ deployment }: Demand, limitRanges: readonly LimitRange[]): Fault[] =>
  limitRanges.flatMap(({ metadata, spec }) =>
    (spec?.limits ?? []).flatMap(({ type, max = {} }) =>
      Object.entries(max).flatMap(([resource, most]) =>
        tooLarge(deployment, { type, resource, most: parseQuantity(most) }, defaultsIn(limitRanges)).map(
          ([what, found]) => ({
            input: 'workload',
            problem: `${what} of deployment/${deployment.metadata.name} would have ${found}, and limitrange/${metadata.name} in namespace ${metadata.namespace ?? ''} allows ${resource} up to ${most}`,
            example: `a limit of ${most} or less, or a larger max in that LimitRange`
          })
        )
      )
    )
  )

function tooLarge(
  { spec }: Deployment,
  {
    type,
    resource,
    most
  }: { readonly type: string; readonly resource: string; readonly most: bigint | undefined },
  defaults: Defaults
): readonly (readonly [string, string])[] {
  const pod = spec.template.spec
  const print = (nanos: bigint): string => printQuantity(nanos, resource === 'memory' ? 'bytes' : 'units')
  if (most === undefined) return []
  if (type === 'Pod') {
    const sum = podUsage(pod, 'limits', resource, defaults)
    return sum > most ? [['a pod', `limits.${resource} of ${print(sum)}`]] : []
  }
  if (type !== 'Container') return []
  return allContainers(pod)
    .flatMap((container) =>
      (['limits', 'requests'] as const).flatMap((side) => {
        const found = quantityIn(container, side, resource, defaults)
        return found !== undefined && found > most
          ? [[`container ${container.name}`, `${side}.${resource} of ${print(found)}`] as const]
          : []
      })
    )
    .slice(0, 1)
}
