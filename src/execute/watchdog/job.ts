import { createHash } from 'node:crypto'
import type { Release } from '../../domain/record.ts'
import type { KubernetesObject } from '../../kubernetes/objects.ts'
import { OURS } from '../../kubernetes/ours.ts'
import type { Labels } from '../../kubernetes/selectors.ts'
import { WATCHDOG_SCRIPT } from './script.ts'

/** On a watchdog's Job: the Service whose traffic it puts back. */
export const WATCHDOG_LABEL = 'greenlight.dev/watchdog'

/** The watchdog's own account, which may do less than a run. */
const SERVICE_ACCOUNT = 'greenlight-watchdog'

/** What a watchdog has to know. */
export interface Watched {
  readonly image: string
  readonly namespace: string
  /** The Service that holds the record. */
  readonly service: string
  /** The Service behind which routes find the canary; absent when no route has one. */
  readonly canaryService?: string
  /** Services that follow, with the selector that each has with all traffic on stable. */
  readonly followers: Readonly<Record<string, Labels>>
  readonly lease: string
  /** The other locks of the run. */
  readonly otherLeases: readonly string[]
  /** The run, as the lock names it. */
  readonly holder: string
  /** Seconds without a renewal after which the lock's holder counts as dead. */
  readonly patience: number
}

/**
 * A Job that puts stable back when the run that releases has died: it points the Services of both versions to stable's
 * pods, which is enough for every kind of route, since each sends the canary's share to the canary's Service.
 */
export function watchdogJob(watched: Watched, { stable, selectors }: Release): KubernetesObject {
  const { image, namespace, service, canaryService = '', lease, holder, patience } = watched
  const followers = Object.entries(watched.followers).map(([name, value]) => `${name} ${selecting(value)}`)
  const env = {
    HOME: SCRATCH,
    KUBECONFIG: `${SCRATCH}/kubeconfig`,
    NAMESPACE: namespace,
    LEASE: lease,
    OTHER_LEASES: watched.otherLeases.join(' '),
    HOLDER: holder,
    SELF: `watchdog-of-${holder}`,
    PATIENCE: String(patience),
    SERVICE: service,
    CANARY_SERVICE: canaryService,
    STABLE: stable.deployment,
    TO_STABLE: selecting(selectors.stable),
    FOLLOWERS: followers.join('\n')
  }
  const labels = { ...OURS, [WATCHDOG_LABEL]: service }
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: jobName(holder), namespace, labels },
    spec: {
      // In a long release, nodes may go away several times and take the pod with them.
      backoffLimit: 100,
      ttlSecondsAfterFinished: 3600,
      template: {
        metadata: {
          labels: { ...labels, 'sidecar.istio.io/inject': 'false' },
          annotations: { 'linkerd.io/inject': 'disabled' }
        },
        spec: podSpec(image, env)
      }
    }
  } as KubernetesObject
}

const selecting = (value: Labels): string =>
  JSON.stringify([{ op: 'replace', path: '/spec/selector', value }])

/** Named after the run, so that the next one need not wait until this Job is gone. */
const jobName = (holder: string): string =>
  `greenlight-watchdog-${createHash('sha256').update(holder).digest('hex').slice(0, 10)}`

const SCRATCH = '/watchdog'

/** As the Pod Security Standard `restricted` wants it, within what small quotas allow. */
const podSpec = (image: string, env: Readonly<Record<string, string>>) => ({
  serviceAccountName: SERVICE_ACCOUNT,
  automountServiceAccountToken: true,
  enableServiceLinks: false,
  restartPolicy: 'OnFailure',
  terminationGracePeriodSeconds: 1,
  securityContext: {
    runAsNonRoot: true,
    runAsUser: 65534,
    fsGroup: 65534,
    seccompProfile: { type: 'RuntimeDefault' }
  },
  containers: [
    {
      name: 'watchdog',
      image,
      command: ['sh', '-c', WATCHDOG_SCRIPT],
      env: Object.entries(env).map(([name, value]) => ({ name, value })),
      readinessProbe: { exec: { command: ['sh', '-c', '[ -e "$HOME/ready" ]'] }, periodSeconds: 1 },
      resources: {
        requests: { cpu: '10m', memory: '64Mi' },
        limits: { cpu: '500m', memory: '256Mi' }
      },
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] }
      },
      volumeMounts: [{ name: 'scratch', mountPath: SCRATCH }]
    }
  ],
  volumes: [{ name: 'scratch', emptyDir: {} }]
})
