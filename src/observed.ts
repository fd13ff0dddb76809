import { wantedReplicas } from './kubernetes/health.ts'
import type { Deployment, HorizontalPodAutoscaler, Pod, Service } from './kubernetes/objects.ts'
import type { SlotName } from './kubernetes/slots.ts'
import type { Version } from './outcome.ts'
import type { Release } from './record.ts'
import type { Slots } from './routes/find.ts'

/** What a release has to know of the cluster, read once. */
export interface Observed {
  readonly namespace: string
  readonly workload: string
  readonly service: Service
  /** All other Services of the namespace. */
  readonly otherServices: readonly Service[]
  readonly record: Release | undefined
  readonly slots: Slots
  readonly stable: {
    readonly slot: SlotName
    readonly deployment: Deployment
    readonly hash: string
    readonly pods: readonly Pod[]
  }
  /** The autoscaler of the Deployment that serves. */
  readonly autoscaler: HorizontalPodAutoscaler | undefined
  /** Names of all Deployments in the namespace whose size belongs to an autoscaler. */
  readonly autoscaled: readonly string[]
}

/** The version that runs in a Deployment. */
export const versionOf = (slot: SlotName, deployment: Deployment, hash: string): Version => ({
  slot,
  deployment: deployment.metadata.name,
  images: deployment.spec.template.spec.containers.map(({ image }) => image ?? ''),
  hash,
  replicas: wantedReplicas(deployment)
})
