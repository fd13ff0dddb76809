import { wantedReplicas } from '../kubernetes/health.ts'
import type { Deployment } from '../kubernetes/objects.ts'
import { listeningIn } from '../kubernetes/ports.ts'

/** Two pods that use the same host port cannot be on one node. */
export function nodePortWarnings(canary: Deployment, stable: Deployment): readonly string[] {
  if (wantedReplicas(stable) === 0) return []
  const before = hostPortsOf(stable)
  const shared = hostPortsOf(canary).filter((port) => before.includes(port))
  return shared.length === 0
    ? []
    : [
        `deployment/${canary.metadata.name} takes port ${shared.join(', ')} of its node, so that its pods need nodes without pods of the old version; where there are none, strategy: recreate`
      ]
}

function hostPortsOf(deployment: Deployment): readonly number[] {
  const { hostNetwork = false } = deployment.spec.template.spec
  return listeningIn(deployment.spec.template.spec)
    .flatMap(({ ports }) => ports ?? [])
    .flatMap(({ hostPort, containerPort }) => hostPort ?? (hostNetwork ? containerPort : []))
}
