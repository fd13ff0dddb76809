import { createHash } from 'node:crypto'
import { canonical } from '../../kubernetes/canonical.ts'
import type { KubernetesObject } from '../../kubernetes/objects.ts'
import { at, treeAt } from '../../kubernetes/read.ts'
import { isTree, type Tree } from '../../kubernetes/tree.ts'
import { HASH_LABEL } from '../../kubernetes/workload.ts'

/**
 * Tells the templates of a Canary's target apart, and finds the same one in the Deployment that serves: Flagger copies it
 * there, and calls labels, configuration and what pods keep away from by other names. Its own hashes cannot be reckoned by
 * anybody else, and say nothing of a change that it has not seen.
 */
export function templateHash(deployment: KubernetesObject | undefined): string {
  const template = at(deployment, 'spec', 'template')
  if (!isTree(template)) return ''
  return createHash('sha256')
    .update(canonical(ownPart(template)))
    .digest('hex')
    .slice(0, 10)
}

/** What Flagger adds to the pods that serve, so that they are replaced even by the same template. */
const ID = 'flagger-id'
/** It does not copy what Flux has noted for itself. */
const OF_FLUX = 'toolkit.fluxcd.io'

function ownPart(template: Tree): unknown {
  const { metadata, spec } = template
  const { topologySpreadConstraints, affinity, ...pods } = treeAt({ spec }, 'spec')
  return {
    labels: renamed(noted(at(metadata, 'labels'), HASH_LABEL)),
    annotations: noted(at(metadata, 'annotations'), ID),
    spread: renamed(topologySpreadConstraints ?? null),
    affinity: renamed(affinity ?? null),
    pods: withoutSuffix(pods, false)
  }
}

const noted = (map: unknown, own: string): Tree =>
  Object.fromEntries(
    Object.entries(isTree(map) ? map : {}).filter(([key]) => key !== own && !key.includes(OF_FLUX))
  )

const plain = (text: string): string => text.replace(/(?:-primary)+$/, '')

/** Every text in it without what Flagger appends. */
function renamed(value: unknown): unknown {
  if (typeof value === 'string') return plain(value)
  if (Array.isArray(value)) return value.map(renamed)
  if (!isTree(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, renamed(inner)]))
}

const CONFIG: ReadonlySet<string> = new Set([
  'configMap',
  'secret',
  'configMapRef',
  'secretRef',
  'configMapKeyRef',
  'secretKeyRef'
])
const NAMES: ReadonlySet<string> = new Set(['name', 'secretName'])

/** The names of ConfigMaps and Secrets without what Flagger appends to those of its copies. */
function withoutSuffix(value: unknown, isConfig: boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutSuffix(item, false))
  if (!isTree(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      isConfig && NAMES.has(key) && typeof inner === 'string'
        ? plain(inner)
        : withoutSuffix(inner, CONFIG.has(key))
    ])
  )
}
