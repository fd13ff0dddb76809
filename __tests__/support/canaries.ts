import type { KubernetesObject } from '../../src/kubernetes/objects.ts'

/** Canaries of Flagger as teams write them, for tests. */

type Tree = Readonly<Record<string, unknown>>

export interface CanaryObject extends KubernetesObject {
  readonly spec: Tree
  readonly status?: unknown
}

export type HookType = 'confirm-rollout' | 'confirm-traffic-increase' | 'confirm-promotion' | 'rollback'

/** A webhook that asks Flagger's load tester. */
export const hook = (
  type: HookType,
  path = type === 'rollback' ? '/rollback/check' : '/gate/check'
): Tree => ({
  type,
  name: type,
  url: `http://flagger-loadtester.shop${path}`
})

/** Shares of 50 and then all, looked at every ten seconds; its target is the Deployment `web`. */
export const canaryOf = (analysis: Tree = {}, spec: Tree = {}, status?: unknown): CanaryObject => ({
  apiVersion: 'flagger.app/v1beta1',
  kind: 'Canary',
  metadata: { name: 'web', namespace: 'shop', uid: 'uid-canary', generation: 1 },
  spec: {
    provider: 'traefik',
    targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    progressDeadlineSeconds: 60,
    service: { port: 80, targetPort: 8080 },
    analysis: { interval: '10s', threshold: 2, stepWeight: 50, maxWeight: 50, ...analysis },
    ...spec
  },
  ...(status === undefined ? {} : { status })
})
