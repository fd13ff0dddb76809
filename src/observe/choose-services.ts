import { InputError, type Fault } from '../base/errors.ts'
import { companionsIn } from '../domain/companions.ts'
import { isUnfinished } from '../domain/record.ts'
import type { Service } from '../kubernetes/objects.ts'
import { findService, namedService, type Slots } from './find-service.ts'
import type { Target } from './observe.ts'
import type { FoundRoute } from './observed.ts'
import { choose, isOf, type Chosen } from './services.ts'

const isService = (one: Service | Fault): one is Service => 'kind' in one

/**
 * The Services that users come through. An unfinished release keeps those that it began with; inputs without any mean
 * those of the last release.
 * @throws InputError when it is not clear
 */
export function chooseServices(
  { services: names, namespace, workload }: Target,
  services: readonly Service[],
  slots: Slots,
  routes: readonly FoundRoute[]
): Chosen {
  const wanted =
    names.length === 0
      ? [findService(services, slots, workload, namespace)]
      : names.map((name) => namedService(name, services, namespace))
  const [first, ...more] = wanted.filter(isService)
  const faults = wanted.filter((one): one is Fault => !isService(one))
  if (first === undefined || faults.length > 0) throw new InputError(faults)
  const chosen = choose([first, ...more], routes)
  const { record, service } = chosen
  if (record === undefined) return chosen
  const isBound = isUnfinished(record) || record.settle !== undefined || names.length === 0
  if (!isBound) return chosen
  const bound = new Set(companionsIn(record.companions).map(({ name }) => name))
  return {
    ...chosen,
    companions: services.filter((one) => one !== service && bound.has(one.metadata.name) && isOf(one, slots))
  }
}
