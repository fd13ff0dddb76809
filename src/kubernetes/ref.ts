import type { KubernetesObject } from './objects.ts'

/** Names one object. */
export interface Ref {
  readonly apiVersion: string
  readonly kind: string
  readonly namespace?: string | undefined
  readonly name: string
}

export const refOf = ({ apiVersion, kind, metadata }: KubernetesObject): Ref => ({
  apiVersion,
  kind,
  namespace: metadata.namespace,
  name: metadata.name
})

/** API group of an apiVersion; empty for the core. */
export const groupOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : ''

/** Tells objects of one namespace from each other: `Service/web`. */
export const keyOf = ({ kind, metadata }: KubernetesObject): string => `${kind}/${metadata.name}`
