import type { JsonPatch } from '../kubernetes/cluster.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'
import type { Release } from '../record.ts'

/** The object that decides who gets traffic, as pure functions. One file per kind of route. */
export interface Route {
  /** Per cent of the traffic on the canary; undefined when the object sends it anywhere else. */
  weight(object: KubernetesObject, release: Release): number | undefined
  /** One write, guarded by the object's resourceVersion: traffic as `release.weight` says, and the record. */
  shift(object: KubernetesObject, release: Release): JsonPatch
  /** One write, guarded likewise: traffic as it was before the release, and the record. */
  restore(object: KubernetesObject, release: Release): JsonPatch
}
