import type { Fault } from '../base/errors.ts'
import { printSmokeTest, type SmokeTest } from '../inputs/smoke-test.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import type { Deployment, KubernetesObject } from '../kubernetes/objects.ts'
import { entranceTo, listeningIn, type Entrance } from '../kubernetes/ports.ts'
import type { FoundRoute, Observed, ObservedRoute } from '../observe/observed.ts'
import { portFaults } from './faults.ts'
import { servicesToBe } from './live-fields.ts'

type Routed = FoundRoute | ObservedRoute

const objectOf = (found: Routed): KubernetesObject => ('object' in found ? found.object : found.objects[0])

/** Where users come in. Requests to the pods, and questions for the metrics of the router, use the same port. */
export function entranceOf(
  { namespace, service, stable }: Pick<Observed, 'namespace' | 'service' | 'stable'>,
  routes: readonly Routed[],
  deployment: Deployment
): Entrance {
  const own = { namespace, apex: service.metadata.name, stable: stable.deployment.metadata.name }
  const named = routes.flatMap((found) => found.route.port?.(objectOf(found), own) ?? [])
  return entranceTo(service, listeningIn(deployment.spec.template.spec), named[0])
}

/** Ports that users or tests would come by, and that the new version does not have. */
export const entranceFaults = (
  tests: readonly SmokeTest[],
  entrance: Entrance,
  observed: Pick<Observed, 'service' | 'companions' | 'stable'>,
  canary: Deployment,
  manifests: readonly Manifest[]
): Fault[] => [
  ...portFaults(servicesToBe(observed, manifests), canary, observed),
  ...smokePortFaults(tests, entrance, observed)
]

/** Smoke tests that need a port which nobody has named, or one that nobody has. */
export const smokePortFaults = (
  tests: readonly SmokeTest[],
  { port, names }: Entrance,
  { service }: Pick<Observed, 'service'>
): Fault[] =>
  tests.flatMap((test) => {
    if (test.kind !== 'command' && !test.target.startsWith('/')) return []
    const wanted = test.kind === 'command' ? undefined : test.port
    if (typeof wanted === 'number') return []
    if (wanted === undefined)
      return port === undefined ? [noPort(printSmokeTest(test), service.metadata.name, test.kind)] : []
    if (names[wanted] !== undefined) return []
    const known = Object.keys(names).join(', ') || 'none'
    return [
      {
        input: 'smoke-tests',
        problem: `${printSmokeTest(test)}: neither service/${service.metadata.name} nor a container of the new version has a port named ${wanted}; there are ${known}`,
        example: 'GET :8080/health -> 200'
      }
    ]
  })

const noPort = (line: string, service: string, kind: SmokeTest['kind']): Fault => ({
  input: 'smoke-tests',
  problem: `${line}: service/${service} has no ports and no readiness probe tells one, so that nothing says where the new version listens`,
  example:
    kind === 'command'
      ? 'a readinessProbe with the port, which GREENLIGHT_URL then leads to'
      : 'GET :8080/health -> 200'
})
