import { isAlb } from '../alb/alb.ts'
import { annotationsOf, classOf, servicesOf, type Ingress } from '../ingress.ts'
import type { Backends, RouteObjects } from '../route.ts'
import { isMarked, ourCanary, PREFIX } from './canary.ts'

export function isNginx(ingress: Ingress): boolean {
  const name = classOf(ingress)
  if (isAlb(ingress)) return false
  return name === undefined
    ? Object.keys(annotationsOf(ingress)).some((key) => key.startsWith(PREFIX))
    : name.includes('nginx')
}

/** Field managers of the two controllers in the status. */
const STATUS_BY = { ours: 'nginx-ingress-controller', theirs: 'nginx-ingress' }

/**
 * Whether the Ingress belongs to the controller of NGINX Inc, whose class is usually called nginx as well. The
 * IngressClass would tell, but no Role of a namespace can grant reading it, so the Ingress itself is examined.
 */
function isOfNginxInc(ingress: Ingress): boolean {
  const writers = (ingress.metadata.managedFields ?? []).flatMap(({ manager, subresource }) =>
    subresource === 'status' ? (manager ?? []) : []
  )
  if (writers.includes(STATUS_BY.ours)) return false
  const keys = Object.keys(annotationsOf(ingress))
  const isMarked =
    keys.some((key) => /^nginx\.(org|com)\//.test(key)) && !keys.some((key) => key.startsWith(PREFIX))
  return isMarked || writers.includes(STATUS_BY.theirs)
}

export const refersTo = (ingress: Ingress, apex: string): boolean =>
  servicesOf(ingress).some(({ name }) => name === apex)

/**
 * The controller applies a canary to a Service and its port, so that requests through other Ingresses and hosts are
 * shared as well.
 */
export function sharers(main: Ingress, others: readonly Ingress[], backends: Backends): string[] {
  const portsTo = (ingress: Ingress): readonly unknown[] =>
    servicesOf(ingress).flatMap(({ name, port }) =>
      name === backends.apex ? (port?.number ?? port?.name ?? []) : []
    )
  return others
    .filter((other) => other.metadata.name !== main.metadata.name && isNginx(other))
    .filter((other) => !isMarked(other) && classOf(other) === classOf(main))
    .filter((other) => portsTo(other).some((port) => portsTo(main).includes(port)))
    .map(({ metadata, spec }) => {
      const hosts = (spec.rules ?? []).flatMap(({ host }) => host ?? [])
      const who = hosts.length === 0 ? '' : ` (${hosts.join(', ')})`
      return `ingress/${metadata.name}${who} sends its users to service/${backends.apex} too, and ingress-nginx shares out the Service whatever Ingress a request comes by: they get the same share of the new version, and header steps as well`
    })
}

export function nginxProblem(objects: RouteObjects, { apex }: Backends): string | undefined {
  const [object, ...others] = objects
  const main = object as Ingress
  const name = `ingress/${main.metadata.name}`
  if (isMarked(main))
    return `${name} is the canary of another Ingress itself: name the main one in the input route`
  if (isOfNginxInc(main))
    return `${name} is of the controller of NGINX Inc (nginx.org), which knows no canary: no user would reach the new version by it. Leave the route out (strategy: canary goes by numbers of pods then), or name one of another kind`
  if (!refersTo(main, apex)) {
    const services = [...new Set(servicesOf(main).map((service) => `service/${service.name}`))]
    return `no path of ${name} refers to service/${apex}, they refer to ${services.join(', ') || 'none'}: name service/${apex} in the paths that users of this workload come through`
  }
  const [foreign] = others.filter((other) => other !== ourCanary(objects))
  if (foreign === undefined) return undefined
  return isMarked(foreign as Ingress)
    ? `ingress/${foreign.metadata.name} is a canary for the same host and path as ${name}, and there can be one only: delete it`
    : `ingress/${foreign.metadata.name} exists, and a release makes one of that name for the new version: rename it`
}
