import { counted } from '../base/counted.ts'
import type { Fault } from '../base/errors.ts'
import { sh } from '../base/shell.ts'
import { isUnfinished, type Release } from '../domain/record.ts'
import {
  isEnding,
  isOwnedBy,
  isReady,
  isSettled,
  readyReplicas,
  wantedReplicas
} from '../kubernetes/health.ts'
import type { Deployment, Pod, Service } from '../kubernetes/objects.ts'
import { printSelector } from '../kubernetes/selectors.ts'
import { templateHash } from '../kubernetes/workload.ts'
import type { Observed } from './observed.ts'

/** The template and the pods of a Deployment that have the traffic. */
export interface Serving {
  readonly hash: string
  readonly pods: readonly Pod[]
}

/** A warning when nobody serves. No fault: the release may be what heals that. */
export function nobodyServes({
  service,
  stable,
  first
}: Pick<Observed, 'service' | 'stable' | 'first'>): readonly string[] {
  const { deployment } = stable
  if (first === true || readyReplicas(deployment) > 0) return []
  const wanted = wantedReplicas(deployment)
  const why = wanted === 0 ? 'is scaled to 0' : `has 0 of ${counted(wanted, 'pod')} ready`
  return [
    `deployment/${deployment.metadata.name} ${why}: nobody serves the users of service/${service.metadata.name} now, and should the release fail nobody does after it`
  ]
}

/** The template that serves; a fault when traffic goes to more than one. */
export function servingPods(
  service: Service,
  deployment: Deployment,
  behind: readonly Pod[],
  record: Release | undefined
): Serving | Fault {
  const live = behind.filter((pod) => !isEnding(pod))
  const pods = live.filter((pod) => isOwnedBy(deployment, pod))
  const [hash = '', another] = new Set(pods.map(templateHash))
  if (record !== undefined && isUnfinished(record)) return { hash: record.stable.hash, pods }
  const strangers = live.filter((pod) => !isOwnedBy(deployment, pod) && isReady(pod))
  const name = `deployment/${deployment.metadata.name}`
  if (strangers[0] !== undefined) {
    return {
      input: 'route',
      problem: `service/${service.metadata.name} sends traffic to pod ${strangers[0].metadata.name} too, which is not of ${name}: a switch would take it out of service`,
      example: `a Service of its own for those pods, and in the selector of service/${service.metadata.name} (${printSelector(service.spec.selector)}) a label that only the pods of ${name} have`
    }
  }
  if (another !== undefined || !isSettled(deployment)) {
    return {
      input: 'workload',
      problem: `${name} in namespace ${service.metadata.namespace ?? ''} is in the middle of a rollout of its own`,
      example: `wait until \`${sh`kubectl rollout status ${name}`}\` has ended`
    }
  }
  if (hash === '' && wantedReplicas(deployment) > 0) {
    return {
      input: 'workload',
      problem: `no pod of ${name} in namespace ${service.metadata.namespace ?? ''} runs, although there should be ${wantedReplicas(deployment)}: it cannot be told which version serves`,
      example: `${sh`kubectl describe ${name}`}, or scale it to 0 to release over it`
    }
  }
  return { hash, pods }
}
