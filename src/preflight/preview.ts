import { stringify } from 'yaml'
import { unifiedDiff } from '../base/unified-diff.ts'
import type { ObjectChange } from '../domain/outcome.ts'
import type { Deployment, KubernetesObject } from '../kubernetes/objects.ts'
import { templateLabels, withoutKeys } from '../kubernetes/selectors.ts'
import { HASH_LABEL } from '../kubernetes/workload.ts'

/** What a release makes of an object, before it is made. No secret is in it. */
export function changeOf(
  object: string,
  before: KubernetesObject | undefined,
  after: KubernetesObject
): ObjectChange {
  const hide = createHider()
  const [live, tried] = [before === undefined ? [] : linesOf(before, hide), linesOf(after, hide)]
  const diff = unifiedDiff(live, tried)
  if (before === undefined) return { object, state: 'new', diff }
  return { object, state: diff.length === 0 ? 'same' : 'changed', diff }
}

type WithSpec = KubernetesObject & { readonly spec: object }

/** A Deployment without the labels of its slot and without its size, which the release takes from the version that serves. */
export function withoutSlot(
  { metadata, spec, ...rest }: Deployment,
  slotLabels: readonly string[]
): KubernetesObject & { readonly spec: Omit<Deployment['spec'], 'selector'> } {
  const { replicas: _, paused: __, selector: ___, template, ...kept } = spec
  const labels = withoutKeys(templateLabels(template), HASH_LABEL, ...slotLabels)
  return {
    ...rest,
    metadata: { ...metadata, labels: withoutKeys(metadata.labels ?? {}, ...slotLabels) },
    spec: { ...kept, template: { ...template, metadata: { ...template.metadata, labels } } }
  }
}

/** A Service whose selector is moved by the release itself. */
export function withoutSelector(object: KubernetesObject): WithSpec {
  const { spec, ...rest } = object as WithSpec
  const { selector: _, ...kept } = spec as { readonly selector?: unknown }
  return { ...rest, spec: kept }
}

/** Says of a secret value no more than whether it is another one than before. */
type Hide = (name: string, value: unknown) => string

function createHider(): Hide {
  const values = new Map<string, unknown[]>()
  return (name, value) => {
    const known = values.get(name) ?? []
    values.set(name, known)
    if (!known.includes(value)) known.push(value)
    const index = known.indexOf(value)
    return index === 0 ? '(hidden)' : `(hidden, another value${index > 1 ? ` ${index}` : ''})`
  }
}

function linesOf(object: KubernetesObject, hide: Hide): readonly string[] {
  const options = { sortMapEntries: true, lineWidth: 0, aliasDuplicateObjects: false }
  return stringify(shown(object, hide), options).trimEnd().split('\n')
}

/** Annotations of the API server, kubectl, `helm install` and Greenlight. The second holds the object's values once more. */
const BOOKKEEPING =
  /^(?:deployment\.kubernetes\.io\/|kubernetes\.io\/change-cause$|kubectl\.kubernetes\.io\/last-applied|meta\.helm\.sh\/|greenlight\.dev\/)/

function shown(object: KubernetesObject, hide: Hide): unknown {
  const { metadata, apiVersion, kind, ...rest } = object as KubernetesObject & { readonly status?: unknown }
  if (kind === 'Secret' && apiVersion === 'v1') return secretShown(rest, hide)
  const { status: _, ...parts } = rest
  const annotations = Object.entries(metadata.annotations ?? {}).filter(([key]) => !BOOKKEEPING.test(key))
  const named = {
    ...(Object.keys(metadata.labels ?? {}).length === 0 ? {} : { labels: metadata.labels }),
    ...(annotations.length === 0 ? {} : { annotations: Object.fromEntries(annotations) })
  }
  return hidden({ ...(Object.keys(named).length === 0 ? {} : { metadata: named }), ...parts }, hide)
}

/** Only which keys there are. */
function secretShown(secret: object, hide: Hide): unknown {
  const { type, data, stringData } = secret as Readonly<Record<'type' | 'data' | 'stringData', unknown>>
  const keys = (values: unknown): object =>
    Object.fromEntries(Object.entries(values ?? {}).map(([key, value]) => [key, hide(key, value)]))
  return { type, data: { ...keys(data), ...keys(stringData) } }
}

const SECRET_NAME = /token|secret|passw|credential|authorization|(?:api|access|private)[-_]?key/i

/** Values of variables whose names sound secret are hidden, too. */
function hidden(value: unknown, hide: Hide): unknown {
  if (Array.isArray(value)) return value.map((item) => hidden(item, hide))
  if (typeof value !== 'object' || value === null) return value
  const { name, value: given } = value as { readonly name?: unknown; readonly value?: unknown }
  const isSecret = typeof name === 'string' && typeof given === 'string' && SECRET_NAME.test(name)
  const entries = Object.entries(value)
    .filter(([, one]) => one !== undefined && one !== null)
    .map(([key, one]) => [key, isSecret && key === 'value' ? hide(name, given) : hidden(one, hide)])
  return Object.fromEntries(entries)
}
