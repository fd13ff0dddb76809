import { createHash } from 'node:crypto'
import { canonical } from '../kubernetes/canonical.ts'
import { LAST_APPLIED } from '../kubernetes/gitops.ts'
import type { KubernetesObject, PodTemplate } from '../kubernetes/objects.ts'
import { isOurs, OURS } from '../kubernetes/ours.ts'
import type { ConfigKind } from '../kubernetes/references.ts'
import { printSelector, withoutKeys, type Labels } from '../kubernetes/selectors.ts'
import { isTree, type Tree } from '../kubernetes/tree.ts'

/** A ConfigMap or Secret as its author has written it: any field may have any content. */
export interface ConfigObject extends KubernetesObject {
  readonly kind: ConfigKind
  readonly type?: unknown
  readonly data?: unknown
  readonly binaryData?: unknown
  readonly stringData?: unknown
  readonly immutable?: unknown
}

export const WORKLOAD_LABEL = 'greenlight.dev/workload'
/** The name that the manifests have for it. */
const ORIGINAL = 'greenlight.dev/copy-of'

export const isConfig = (object: KubernetesObject): object is ConfigObject =>
  object.apiVersion === 'v1' && (object.kind === 'ConfigMap' || object.kind === 'Secret')

/** The keys that a container can read. */
export const keysOf = ({ data, binaryData, stringData }: ConfigObject): readonly string[] =>
  [data, binaryData, stringData].flatMap((map) => (isTree(map) ? Object.keys(map) : []))

/** An empty one, or one for a token, is filled by a controller, which an immutable copy would prevent. */
export const isFilledByOthers = (object: ConfigObject): boolean =>
  keysOf(object).length === 0 || object.type === 'kubernetes.io/service-account-token'

/**
 * The copy that the workload gets in place of the object, with a name that depends on its content, so that running pods
 * keep theirs. Each workload has its own copies, so that it can remove them.
 */
export function copyOf(object: ConfigObject, workload: string, namespace: string): ConfigObject {
  const { apiVersion, kind, metadata } = object
  const { name, labels } = metadata
  const content = contentOf(object)
  return {
    apiVersion,
    kind,
    metadata: {
      name: copyName(name, { workload, kind, name, content }),
      namespace,
      labels: { ...labels, ...copyLabels(workload) },
      annotations: { ...withoutKeys(metadata.annotations ?? {}, LAST_APPLIED), [ORIGINAL]: name }
    },
    ...content,
    immutable: true
  }
}

/** The content does not depend on which of a Secret's two fields holds it. */
function contentOf({ kind, type, data, binaryData, stringData }: ConfigObject): Tree {
  if (kind === 'ConfigMap') {
    const maps = Object.entries({ data, binaryData })
    return Object.fromEntries(maps.filter(([, map]) => map !== undefined && map !== null))
  }
  const encoded = isTree(stringData)
    ? Object.entries(stringData).map(([key, text]) => [key, encode(text)])
    : []
  return { type: type ?? 'Opaque', data: { ...(isTree(data) ? data : {}), ...Object.fromEntries(encoded) } }
}

const encode = (text: unknown): string => Buffer.from(typeof text === 'string' ? text : '').toString('base64')

const LONGEST_NAME = 253
export const LONGEST_LABEL = 63
const HASH_LENGTH = 10
/** Like Kubernetes' own hashes, without vowels, so that no words appear. */
const LETTERS = 'bcdfghjklmnpqrstvwxz2456789'
const COPY_NAME = new RegExp(`^(.+)-[${LETTERS}]{${HASH_LENGTH}}$`)

export const hashOf = (value: unknown): string =>
  [...createHash('sha256').update(canonical(value)).digest().subarray(0, HASH_LENGTH)]
    .map((byte) => LETTERS[byte % LETTERS.length] ?? '')
    .join('')

const copyName = (name: string, content: unknown): string => cut(name, LONGEST_NAME, hashOf(content))

const cut = (name: string, longest: number, hash: string): string =>
  `${name.slice(0, longest - HASH_LENGTH - 1).replace(/[.-]+$/, '')}-${hash}`

/** A name that is too long ends with a hash of it. */
export const fitting = (name: string, longest: number): string =>
  name.length <= longest ? name : cut(name, longest, hashOf(name))

/** Name of the object that a copy of this name would be of; undefined when it cannot be the name of a copy. */
export const originalName = (name: string): string | undefined => COPY_NAME.exec(name)?.[1]

/** Names of Deployments may be longer than what a label can say. */
const copyLabels = (workload: string): Labels => ({
  ...OURS,
  [WORKLOAD_LABEL]: fitting(workload, LONGEST_LABEL)
})

/** Selects a workload's copies. */
export const copySelector = (workload: string): string => printSelector(copyLabels(workload))

const isCopy = (object: KubernetesObject): boolean =>
  isOurs(object) &&
  object.metadata.annotations?.[ORIGINAL] !== undefined &&
  originalName(object.metadata.name) !== undefined

/** Name of the original in the manifests; undefined when this is no copy. */
export const copiedFrom = (object: KubernetesObject): string | undefined =>
  isConfig(object) && isCopy(object) ? object.metadata.annotations?.[ORIGINAL] : undefined

/** Whether a container reads the same from both, whatever their names. */
export const hasContentOf = (one: KubernetesObject, other: KubernetesObject): boolean =>
  isConfig(one) && isConfig(other) && canonical(contentOf(one)) === canonical(contentOf(other))

/** What says that a copy is one: its annotations and labels. */
export const COPY_MARKS = { annotations: [ORIGINAL], labels: [WORKLOAD_LABEL, ...Object.keys(OURS)] } as const

/** Without what tells a copy from what it is a copy of. */
export function contentAlone(object: KubernetesObject): KubernetesObject {
  if (!isConfig(object)) return object
  const { apiVersion, kind, metadata } = object
  return { apiVersion, kind, metadata: { name: metadata.name }, ...contentOf(object) }
}

/** The copies that no template names anywhere. */
export function unreferenced(
  found: readonly KubernetesObject[],
  templates: readonly PodTemplate[]
): readonly KubernetesObject[] {
  const text = JSON.stringify(templates)
  return found.filter((object) => isCopy(object) && !text.includes(object.metadata.name))
}
