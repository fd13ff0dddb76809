import { NO_FINDINGS, type Fault, type Findings } from '../base/errors.ts'
import type { Release } from '../domain/record.ts'
import type { Deployment, KubernetesObject, OwnerReference, Service } from '../kubernetes/objects.ts'
import { printSelector, selects, templateLabels } from '../kubernetes/selectors.ts'
import type { Observed } from '../observe/observed.ts'
import type { Driver } from '../observe/drivers.ts'
import { methodOf } from './method.ts'

/** On a Service: the Rollout of Argo Rollouts that writes its selector. */
const MANAGED_BY_ROLLOUT = 'argo-rollouts.argoproj.io/managed-by-rollouts'

/**
 * Whether a controller owns objects that the release changes, and would change them back. A fault where the controller
 * is known to do so, else a warning, since the fields that other controllers write are unknown.
 */
export function ownerFindings(
  observed: Observed,
  release: Pick<Release, 'strategy' | 'first' | 'autoscaler'>
): Findings {
  const scaled =
    release.autoscaler === observed.autoscaler?.metadata.name && observed.autoscaler !== undefined
      ? [observed.autoscaler]
      : []
  const traffic = methodOf(release).movesTrafficOn(observed)
  const findings = [...traffic, observed.stable.deployment, ...scaled].map((object) =>
    findingOf(object, observed)
  )
  return {
    faults: [...findings.flatMap(({ faults }) => faults), ...flaggerFaults(observed)],
    warnings: findings.flatMap(({ warnings }) => warnings)
  }
}

const titleOf = ({ kind, metadata }: KubernetesObject): string => `${kind.toLowerCase()}/${metadata.name}`

const isOfFlagger = ({ kind, apiVersion = '' }: OwnerReference): boolean =>
  kind === 'Canary' && apiVersion.startsWith('flagger.app/')

function findingOf(object: KubernetesObject, observed: Observed): Findings {
  const { ownerReferences = [], annotations = {} } = object.metadata
  const rollout = annotations[MANAGED_BY_ROLLOUT]
  if (rollout !== undefined) return refused(byRollout(titleOf(object), rollout))
  const owner = ownerReferences.find(isOfFlagger) ?? ownerReferences.find(({ controller }) => controller)
  if (owner === undefined) return NO_FINDINGS
  if (isOfFlagger(owner)) return refused(byFlagger(titleOf(object), owner.name))
  if (owner.kind === 'Rollout') return refused(byRollout(titleOf(object), owner.name))
  if (owner.kind === 'ScaledObject') return refused(byKeda(object, owner.name, observed))
  return {
    faults: [],
    warnings: [
      `${titleOf(object)} is controlled by ${owner.kind} ${owner.name} (${owner.apiVersion ?? 'unknown'}), which may change it back in the middle of a release or after it: it must leave alone what a release changes (selector of the Service, replicas of the Deployments, target of the autoscaler, the route)`
    ]
  }
}

const refused = (fault: Fault): Findings => ({ faults: [fault], warnings: [] })

const byFlagger = (title: string, canary: string): Fault => ({
  input: 'workload',
  problem: `${title} is controlled by Canary ${canary} of Flagger, which moves the traffic of this workload and scales its Deployments itself: the two would undo each other's work`,
  example: `workload: canary/${canary}, which brings the version to Flagger; or remove the Canary first: kubectl delete canary ${canary}`
})

const byRollout = (title: string, rollout: string): Fault => ({
  input: 'workload',
  problem: `${title} belongs to Rollout ${rollout} of Argo Rollouts, which writes selectors and numbers of pods itself: the two would undo each other's work`,
  example: `workload: rollout/${rollout}, which brings the version to Argo Rollouts; or remove the Rollout ${rollout} first`
})

function byKeda(object: KubernetesObject, name: string, { stable, namespace }: Observed): Fault {
  const deployment = stable.deployment.metadata.name
  return {
    input: 'workload',
    problem:
      `${titleOf(object)} is controlled by ScaledObject ${name} of KEDA, which points it back to deployment/${deployment} in seconds and scales that up again: ` +
      `the new version would have no autoscaler, and the old one would run on`,
    example: `strategy: rolling, which keeps the Deployment; or pause it, kubectl -n ${namespace} annotate scaledobject ${name} autoscaling.keda.sh/paused=true, and set its scaleTargetRef.name to the Deployment that serves after the release`
  }
}

/** Flagger's own Services may have no owner: what users come by selects `<name>-primary`, and `<name>-canary` the Deployment at 0. */
function flaggerFaults({ service, otherServices, stable }: Observed): readonly Fault[] {
  const { name, ownerReferences = [] } = service.metadata
  const target = /^(.+)-canary$/.exec(name)?.[1]
  if (target === undefined || ownerReferences.some(isOfFlagger)) return []
  const labels = templateLabels(stable.deployment.spec.template)
  const primary = otherServices.find(({ metadata, spec }) => {
    const isNamed = metadata.name === `${target}-primary`
    return isNamed && !selects(spec.selector, labels)
  })
  return primary === undefined ? [] : [byShape(service, primary, target)]
}

const byShape = (service: Service, primary: Service, canary: string): Fault => ({
  input: 'route',
  problem:
    `${titleOf(service)} is the canary's Service of a Flagger Canary: users come to the pods of ${titleOf(primary)} (${printSelector(primary.spec.selector)}), ` +
    'which Flagger copies from this workload. A release here would reach nobody, and say promoted',
  example: `workload: canary/${canary}, if that is its name; or name the Service that users come through, with its own workload`
})

/** A Deployment that a controller takes the template from is run, and kept at its size, by that. */
export const driverFaults = (drivers: readonly Driver[], { metadata }: Deployment): readonly Fault[] =>
  drivers.map(({ engine, object }) => {
    const tell = engine.kind === 'canary' ? byFlagger : byRollout
    return tell(`deployment/${metadata.name}`, object.metadata.name)
  })
