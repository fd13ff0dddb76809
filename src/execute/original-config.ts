import { ClusterError } from '../base/errors.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import type { KubernetesObject, PodTemplate } from '../kubernetes/objects.ts'
import { referencesIn, withNames, type Reference } from '../kubernetes/references.ts'
import { copiedFrom, hasContentOf, originalName } from '../plan/config-copy.ts'

/** A template that reads config under the names of the manifests again, and why some copies stay in use. */
export interface Original {
  readonly template: PodTemplate
  /** A sentence each, without a dot. */
  readonly kept: readonly string[]
}

interface Named {
  readonly kind: Reference['kind']
  readonly name: string
}

/** Points the template back from copies of config to what they are copies of, where that holds the same. */
export async function withOriginalConfig(
  template: PodTemplate,
  namespace: string,
  cluster: Cluster
): Promise<Original> {
  const candidates = new Map<string, Named>()
  for (const { kind, name } of referencesIn(template.spec))
    if (originalName(name) !== undefined) candidates.set(keyOf({ kind, name }), { kind, name })
  const found = await Promise.all(
    [...candidates].map(async ([key, named]) => [key, await originalOf(named, namespace, cluster)] as const)
  )
  const originals = new Map(found)
  const spec = withNames(template.spec, (reference) => {
    const original = originals.get(keyOf(reference))
    return original !== undefined && 'name' in original ? original.name : reference.name
  })
  return {
    template: { ...template, spec },
    kept: found.flatMap(([, original]) => (original !== undefined && 'why' in original ? [original.why] : []))
  }
}

const keyOf = ({ kind, name }: Named): string => `${kind.toLowerCase()}/${name}`

/** The name to go back to, or why there is none; undefined where the object is no copy. */
async function originalOf(
  copy: Named,
  namespace: string,
  cluster: Cluster
): Promise<{ readonly name: string } | { readonly why: string } | undefined> {
  const stays = (why: string): { readonly why: string } => ({ why: `${keyOf(copy)} stays in use: ${why}` })
  try {
    const live = await read(copy, namespace, cluster)
    const name = live && copiedFrom(live)
    if (live === undefined || name === undefined) return undefined
    const original = { kind: copy.kind, name }
    const there = await read(original, namespace, cluster)
    if (there === undefined) return stays(`there is no ${keyOf(original)}`)
    return hasContentOf(live, there) ? { name } : stays(`${keyOf(original)} does not hold the same`)
  } catch (error) {
    if (!(error instanceof ClusterError && error.status === 403)) throw error
    return stays(`these credentials may not read what it is a copy of`)
  }
}

/** Credentials may list config, to find copies that nobody needs; they need no right to get it. */
async function read(
  { kind, name }: Named,
  namespace: string,
  cluster: Cluster
): Promise<KubernetesObject | undefined> {
  const fields = `metadata.name=${name}`
  const [found] = await cluster.list({ apiVersion: 'v1', kind, namespace, fields })
  return found
}
