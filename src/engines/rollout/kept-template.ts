import type { KubernetesObject, PodTemplate } from '../../kubernetes/objects.ts'
import { at, listAt, textAt, treeAt } from '../../kubernetes/read.ts'
import { isTree, type Tree } from '../../kubernetes/tree.ts'
import { HASH_LABEL } from './objects.ts'

/** On a ReplicaSet: which labels and annotations of its template are those of a stable, canary or preview version. */
const EPHEMERAL = 'rollout.argoproj.io/ephemeral-metadata'

/**
 * The template that somebody has once wished for, as its ReplicaSet keeps it: without what Argo Rollouts adds of its own.
 * With any of that it would be another template to the controller, and pods would be replaced for nothing.
 */
export function keptTemplate(replicaSet: KubernetesObject): PodTemplate | undefined {
  const template = at(replicaSet, 'spec', 'template')
  if (!isTree(template) || listAt(template, 'spec', 'containers').length === 0) return undefined
  const { metadata: _, ...rest } = template
  const metadata = metadataOf(treeAt(template, 'metadata'), ephemeralOf(replicaSet))
  const kept = {
    ...(metadata === undefined ? {} : { metadata }),
    ...rest,
    spec: specOf(treeAt(rest, 'spec'))
  }
  return kept as unknown as PodTemplate
}

function ephemeralOf({ metadata: { annotations } }: KubernetesObject): Tree {
  try {
    const found: unknown = JSON.parse(annotations?.[EPHEMERAL] ?? '')
    return isTree(found) ? found : {}
  } catch {
    return {}
  }
}

function metadataOf(metadata: Tree, ephemeral: Tree): Tree | undefined {
  const { creationTimestamp: _, labels, annotations, ...rest } = metadata
  const added = {
    labels: [HASH_LABEL, ...keysAt(ephemeral, 'labels')],
    annotations: keysAt(ephemeral, 'annotations')
  }
  const kept = {
    ...without('labels', labels, added.labels),
    ...without('annotations', annotations, added.annotations),
    ...rest
  }
  return Object.keys(kept).length === 0 ? undefined : kept
}

const keysAt = (tree: Tree, key: string): readonly string[] => Object.keys(treeAt(tree, key))

/** The map without these keys, under its name; nothing where nothing is left of it. */
function without(name: string, map: unknown, keys: readonly string[]): Tree {
  if (!isTree(map)) return {}
  const left = Object.entries(map).filter(([key]) => !keys.includes(key))
  return left.length === 0 ? {} : { [name]: Object.fromEntries(left) }
}

const TERMS = [
  ['requiredDuringSchedulingIgnoredDuringExecution', []],
  ['preferredDuringSchedulingIgnoredDuringExecution', ['podAffinityTerm']]
] as const

/** Without the rule by which `antiAffinity` of a Rollout keeps pods of two versions apart. */
function specOf(spec: Tree): Tree {
  const { affinity, ...rest } = spec
  const rules = at(affinity, 'podAntiAffinity')
  if (!isTree(affinity) || !isTree(rules)) return spec
  const kept = Object.fromEntries(
    Object.entries(rules).flatMap(([key, terms]) => {
      const path = TERMS.find(([name]) => name === key)?.[1]
      if (path === undefined || !Array.isArray(terms)) return [[key, terms]]
      const left = terms.filter((term) => !isInjected(term, path))
      return left.length === 0 ? [] : [[key, left]]
    })
  )
  const { podAntiAffinity: _, ...others } = affinity
  const left = { ...others, ...(Object.keys(kept).length === 0 ? {} : { podAntiAffinity: kept }) }
  return Object.keys(left).length === 0 ? rest : { ...rest, affinity: left }
}

const isInjected = (term: unknown, path: readonly string[]): boolean =>
  listAt(term, ...path, 'labelSelector', 'matchExpressions').some(
    (expression) => textAt(expression, 'key') === HASH_LABEL
  )
