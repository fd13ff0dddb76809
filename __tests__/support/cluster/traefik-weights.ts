import type { KubernetesObject } from '../../../src/kubernetes/objects.ts'
import { admin } from './real-cluster.ts'

interface Weighted extends KubernetesObject {
  readonly spec: {
    readonly weighted: { readonly services: readonly { readonly name: string; readonly weight?: number }[] }
  }
}

/** Follows the weight that the namespace's TraefikService gives to one Service, 0 where it does not list it. */
export function followWeights(namespace: string, service: string) {
  const seen: number[] = []
  const times: { readonly at: number; readonly weight: number }[] = []
  const done = new AbortController()
  const query = { apiVersion: 'traefik.io/v1alpha1', kind: 'TraefikService', namespace }
  const look = (found: readonly Weighted[]): void => {
    for (const { spec } of found) {
      const { weight = 0 } = spec.weighted.services.find(({ name }) => name === service) ?? {}
      if (seen.at(-1) === weight) continue
      seen.push(weight)
      times.push({ at: Date.now(), weight })
    }
  }
  const watching = admin.watch<Weighted>(query, look, done.signal)
  return {
    /** Every weight in order. */
    seen: seen as readonly number[],
    /** The same, with when it was so first; milliseconds since the epoch. */
    times: times as readonly { readonly at: number; readonly weight: number }[],
    async stop(): Promise<void> {
      done.abort()
      await watching
    }
  }
}
