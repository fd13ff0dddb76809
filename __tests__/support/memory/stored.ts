import { isDeepStrictEqual } from 'node:util'
import { ClusterError } from '../../../src/base/errors.ts'
import { canonical } from '../../../src/kubernetes/canonical.ts'
import type { JsonPatch, Query } from '../../../src/kubernetes/cluster.ts'
import type { KubernetesObject } from '../../../src/kubernetes/objects.ts'

/** What the in-memory cluster does with single objects, as the API server would. */

export interface Stored extends KubernetesObject {
  readonly spec?: unknown
  readonly status?: unknown
}

type Tree = Record<string, unknown>

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const invalid = (message: string): ClusterError => new ClusterError(message, 422)

const keysOf = (path: string): string[] =>
  path
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))

/** RFC 6902, as far as the port has it. */
export function patched<T extends KubernetesObject>(object: T, patch: JsonPatch): T {
  const result = structuredClone(object)
  for (const operation of patch) {
    const keys = keysOf(operation.path)
    const last = keys.pop() ?? ''
    const parent = keys.reduce<unknown>((at, key) => (at as Tree | undefined)?.[key], result)
    if (Array.isArray(parent) && operation.op === 'add' && last === '-') parent.push(operation.value)
    else if (isTree(parent)) change(parent, last, operation)
    else throw invalid(`the path ${operation.path} leads nowhere`)
  }
  return result
}

function change(parent: Tree, key: string, operation: JsonPatch[number]): void {
  const missing = !(key in parent)
  if (operation.op === 'test') {
    if (canonical(parent[key] ?? null) !== canonical(operation.value))
      throw invalid(`${operation.path} is another`)
    return
  }
  if (operation.op !== 'add' && missing) throw invalid(`there is nothing at ${operation.path}`)
  if (operation.op === 'remove') Reflect.deleteProperty(parent, key)
  else parent[key] = structuredClone(operation.value)
}

/** Maps that server-side apply treats as one value: their last applier owns the whole map. */
const ATOMIC: ReadonlySet<string> = new Set(['selector', 'matchLabels'])

/** Server-side apply with force: applied fields win; fields that were applied before and are missing now are removed. */
export function merged(live: unknown, applied: unknown, before: unknown, key = ''): unknown {
  if (!isTree(live) || !isTree(applied) || ATOMIC.has(key)) return structuredClone(applied)
  const was = isTree(before) ? before : {}
  const kept = Object.entries(live).filter(([name]) => name in applied || !(name in was))
  const entries = Object.entries(applied).map(([name, value]) => [
    name,
    merged(live[name], value, was[name], name)
  ])
  return { ...Object.fromEntries(kept), ...Object.fromEntries(entries) }
}

type Labels = Readonly<Record<string, string>>

const termsOf = (text = ''): readonly string[] => text.split(',').filter((term) => term !== '')

function labelTest(term: string): (labels: Labels) => boolean {
  const [, key = '', operator = '', value = ''] = /^([^!=]+)(!?=)(.*)$/.exec(term) ?? []
  return (labels) => (labels[key] === value) === (operator === '=')
}

/** Tells for each object whether a query is for it. */
export function matcher({ apiVersion, kind, namespace, labels, fields }: Query): (object: Stored) => boolean {
  const tests = termsOf(labels).map(labelTest)
  const terms = termsOf(fields)
  return (object) =>
    object.kind === kind &&
    object.apiVersion === apiVersion &&
    (namespace === undefined || object.metadata.namespace === namespace) &&
    tests.every((test) => test(object.metadata.labels ?? {})) &&
    terms.every((term) => holdsField(object, term))
}

function holdsField(object: Stored, term: string): boolean {
  const [path = '', value] = term.split('=')
  return path.split('.').reduce<unknown>((at, key) => (at as Tree | undefined)?.[key], object) === value
}

/** Whether nothing but bookkeeping tells the two apart: then a write changes nothing. */
export const sameContent = (one: Stored, other: Stored): boolean =>
  isDeepStrictEqual(content(one), content(other))

function content({ metadata, ...rest }: Stored): unknown {
  const { resourceVersion: _, managedFields: __, generation: ___, ...kept } = metadata
  return { ...rest, metadata: kept }
}

/** What a list of metadata alone brings. */
export const metadataOf = ({ apiVersion, kind, metadata }: KubernetesObject): KubernetesObject => ({
  apiVersion,
  kind,
  metadata
})

interface Config extends Stored {
  readonly immutable?: boolean
  readonly data?: unknown
  readonly binaryData?: unknown
}

const heldBy = ({ immutable, data = {}, binaryData = {} }: Config): unknown => ({
  immutable,
  data,
  binaryData
})

/** An immutable ConfigMap or Secret stays so, and keeps what it holds. */
export function refuseToChange(live: Config, object: Config): void {
  if (live.immutable === true && canonical(heldBy(live)) !== canonical(heldBy(object)))
    throw invalid(`${live.kind} ${live.metadata.name} is immutable`)
}

/** As it comes out of the API server's store: plain JSON, which nobody can change any more. */
export const asKept = <T extends object>(object: T): T => frozen(JSON.parse(JSON.stringify(object)) as T)

function frozen<T extends object>(value: T): T {
  for (const child of Object.values(value))
    if (typeof child === 'object' && child !== null) frozen(child as object)
  return Object.freeze(value)
}
