import type { Entered } from '../../execute/driven/measured.ts'
import type { Ports } from '../../execute/release-run.ts'
import type { Service } from '../../kubernetes/objects.ts'
import { entranceTo, entranceWithout, listeningIn, NOWHERE } from '../../kubernetes/ports.ts'
import type { Driven } from '../../observe/driven.ts'

/** How users come to the workload: by the Service that its object names, if it does. */
export async function enteredBy(
  { namespace, engine, seen }: Driven,
  { cluster }: Pick<Ports, 'cluster'>
): Promise<Entered> {
  const [name = ''] = engine
    .entrances(seen.object)
    .filter((entrance) => entrance.startsWith('service/'))
    .map((entrance) => entrance.slice('service/'.length))
  const template = engine.template(seen)
  const ref = { apiVersion: 'v1', kind: 'Service', namespace, name }
  const service = name === '' ? undefined : await cluster.get<Service>(ref)
  if (template === undefined) return { service: name, entrance: NOWHERE }
  const containers = listeningIn(template.spec)
  return {
    service: name,
    entrance: service === undefined ? entranceWithout(containers) : entranceTo(service, containers, undefined)
  }
}
