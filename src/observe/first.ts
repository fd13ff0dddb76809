import { InputError, type Fault } from '../base/errors.ts'
import { companionsIn } from '../domain/companions.ts'
import { isUnfinished, type Release } from '../domain/record.ts'
import { selectsNobody, slotDeploymentName } from '../domain/slots.ts'
import type { HorizontalPodAutoscaler } from '../kubernetes/limits.ts'
import type { Service } from '../kubernetes/objects.ts'
import { DEPLOYMENT } from '../kubernetes/workload.ts'
import { isServed, reaches, recordIn, slotsOf, type Slots } from './find-service.ts'
import type { Observed } from './observed.ts'
import { ownRecord } from './own-record.ts'
import { ownSlots } from './own-slots.ts'
import { isOf } from './services.ts'

/** What there is in place of a workload of which no version serves. */
export interface Vacant extends Pick<Observed, 'namespace' | 'workload' | 'slots' | 'routes' | 'record'> {
  readonly goneRoutes?: readonly string[]
  readonly services: readonly Service[]
  readonly autoscaled: readonly string[]
}

/** No version of the workload exists. A deploy installs it if its manifests hold all that it takes. */
export class NotInstalled extends InputError {
  readonly vacant: Vacant

  constructor(fault: Fault, vacant: Vacant) {
    super([fault])
    this.vacant = vacant
  }
}

/** What was read in the namespace. */
interface Read extends Pick<Vacant, 'namespace' | 'workload' | 'services' | 'routes' | 'goneRoutes'> {
  readonly named: Slots
  readonly autoscalers: readonly HorizontalPodAutoscaler[]
  readonly autoscaled: readonly string[]
}

/** The Service of a first installation that has not come to its end, or has failed while no other Service serves the workload. */
export function serviceToInstall(
  services: readonly Service[],
  slots: Slots,
  workload: string
): Service | undefined {
  const found = services.flatMap((service) => {
    const record = recordIn(service)
    const isDue = isFirstOf(record, workload) && !isReleasedBy(services, service, slots, workload)
    return isDue ? [{ service, record }] : []
  })
  const left = found.find(({ record }) => isUnfinished(record))
  const failed = found.find(({ service }) => selectsNobody(service))
  return (left ?? (isServed(services, slots) ? undefined : failed))?.service
}

/**
 * Whether the workload has been released by another Service: then this record of an installation is old, or a copy, or
 * somebody else has written it, and to act on it would end what serves.
 */
const isReleasedBy = (
  services: readonly Service[],
  besides: Service,
  slots: Slots,
  workload: string
): boolean =>
  services.some((service) => {
    const serving = service === besides ? undefined : recordIn(service)?.stable.deployment
    if (!slotsOf(workload).some(({ name }) => name === serving)) return false
    return Object.values(slots).some((deployment) => reaches(service, deployment))
  })

const isFirstOf = (record: Release | undefined, workload: string): record is Release =>
  record?.first === true && record.canary.deployment === slotDeploymentName(workload, 'plain')

/**
 * The place of a first installation that was left or has failed.
 * @throws InputError when its record is another workload's
 */
export function beforeInstalled({ named, autoscalers, services, ...read }: Read, service: Service): Observed {
  const record = ownRecord({ workload: read.workload, service, slots: named, autoscalers })
  const { slots, foreign } = ownSlots(named, service, record)
  const following = new Set(companionsIn(record?.companions).map(({ name }) => name))
  const companions = services.filter(
    (one) => one !== service && following.has(one.metadata.name) && isOf(one, slots)
  )
  return { ...read, record, slots, foreign, ...besides(services, [service, ...companions]), ...nobody(read) }
}

/** Of all Services those that users of the workload are to come by, the first of which has the record. */
export function besides(
  services: readonly Service[],
  [service, ...companions]: readonly [Service, ...Service[]]
): Pick<Observed, 'service' | 'companions' | 'otherServices'> {
  const own = new Set([service, ...companions].map(({ metadata }) => metadata.name))
  return { service, companions, otherServices: services.filter(({ metadata }) => !own.has(metadata.name)) }
}

/** What stands for the version that serves where there is none. */
export const nobody = ({
  namespace,
  workload
}: Pick<Observed, 'namespace' | 'workload'>): Pick<
  Observed,
  'first' | 'stable' | 'neighbours' | 'autoscaler'
> => ({
  first: true,
  neighbours: [],
  autoscaler: undefined,
  stable: {
    slot: 'green',
    hash: '',
    pods: [],
    deployment: {
      ...DEPLOYMENT,
      metadata: { namespace, name: slotDeploymentName(workload, 'green') },
      spec: { replicas: 0, selector: { matchLabels: {} }, template: { spec: { containers: [] } } }
    }
  }
})
