import type { Fault } from '../base/errors.ts'
import { isUnfinished } from '../domain/record.ts'
import { isSlotService } from '../domain/slots.ts'
import { isOwnedBy } from '../kubernetes/health.ts'
import type { Deployment, Service } from '../kubernetes/objects.ts'
import { selects, templateLabels, withoutKeys } from '../kubernetes/selectors.ts'
import { HASH_LABEL } from '../kubernetes/workload.ts'
import { recordIn, slotsOf } from './find-service.ts'
import type { Neighbour, Observed } from './observed.ts'

/** Whether a Service may send users to pods of one of these Deployments, whatever template they have. */
export const mayReach = ({ spec }: Service, deployments: readonly Deployment[]): boolean =>
  deployments.some((deployment) =>
    selects(withoutKeys(spec.selector ?? {}, HASH_LABEL), templateLabels(deployment.spec.template))
  )

/**
 * A Service that is called after the slot it selects (`web-blue`, `preview-green`) is there to reach that slot, whatever
 * serves: it has no users of its own, and no pods while the slot has none.
 */
const isOfSlot = (service: Service): boolean =>
  isSlotService(service) ||
  Object.values(service.spec.selector ?? {}).some(
    (value) => (value === 'blue' || value === 'green') && service.metadata.name.split('-').includes(value)
  )

/** The Services whose users are on pods of these Deployments, and on no others. */
export const servedOnlyBy = (
  neighbours: readonly Neighbour[],
  deployments: readonly Deployment[]
): readonly Service[] =>
  neighbours
    .filter(
      ({ service, pods }) =>
        !isOfSlot(service) &&
        pods.length > 0 &&
        pods.every((pod) => deployments.some((deployment) => isOwnedBy(deployment, pod)))
    )
    .map(({ service }) => service)

/** Unfinished releases of the same Deployments through other Services, whose traffic is on pods that this one would end. */
export const rivalFaults = ({
  otherServices,
  workload
}: Pick<Observed, 'otherServices' | 'workload'>): Fault[] =>
  otherServices.flatMap((service) => {
    const record = recordIn(service)
    const isSame =
      record !== undefined &&
      isUnfinished(record) &&
      slotsOf(workload).some(({ name }) => name === record.stable.deployment)
    const where = `service/${service.metadata.name}`
    return isSame
      ? [
          {
            input: 'route',
            problem: `release ${record.id} (${record.run ?? 'run unknown'}) of ${where}, which leads to the same Deployments, is ${record.phase}`,
            example: `wait for it, or end it: command: abort with route: ${where}`
          }
        ]
      : []
  })
