import { ClusterError } from '../../base/errors.ts'
import { withoutNulls } from '../absent.ts'
import type { KubernetesObject } from '../objects.ts'
import { misshapen } from '../shape.ts'
import { isTree } from '../tree.ts'

/** One page of a list. */
export interface Page {
  readonly items: readonly KubernetesObject[]
  readonly version: string
  /** Where the next page begins; undefined: this was the last. */
  readonly next: string | undefined
}

/** What is asked for. */
interface Kind {
  readonly apiVersion: string
  readonly kind: string
  readonly metadataOnly?: boolean | undefined
}

/**
 * An object that the API server has sent, without nulls and of the shape in which it is read.
 * @throws ClusterError for anything else: a login page or a proxy may have answered instead of the API server
 */
export function objectIn(answer: unknown, kind: Kind): KubernetesObject {
  if (!isTree(answer)) throw strange(kind, 'it is not an object')
  const metadataOnly = kind.metadataOnly === true
  const object = withoutNulls({ apiVersion: kind.apiVersion, kind: kind.kind, metadata: {}, ...answer })
  const wrong = isQuestion(kind) ? undefined : misshapen(object, metadataOnly)
  if (wrong !== undefined) throw strange(kind, wrong)
  return object as unknown as KubernetesObject
}

/** Reviews (SelfSubjectRulesReview …) come without a name. */
const isQuestion = ({ kind }: Kind): boolean => kind.endsWith('Review')

/** @throws ClusterError for what is no list of these objects */
export function pageIn(answer: unknown, kind: Kind): Page {
  if (!isTree(answer)) throw strange(kind, 'it is not a list of objects')
  const { metadata } = answer
  // A list of nothing may have null there.
  const items = answer.items ?? []
  if (!Array.isArray(items)) throw strange(kind, 'it is not a list of objects')
  const { resourceVersion, continue: next } = isTree(metadata) ? metadata : {}
  return {
    items: (items as readonly unknown[]).map((item) => objectIn(named(item, kind), kind)),
    version: typeof resourceVersion === 'string' ? resourceVersion : '',
    next: typeof next === 'string' && next !== '' ? next : undefined
  }
}

/** Objects in a list have no kind of their own, or that of bare metadata: it is filled in from the list. */
const named = (item: unknown, { apiVersion, kind }: Kind): unknown =>
  isTree(item) ? { ...item, apiVersion, kind } : item

const strange = ({ kind }: Kind, what: string): ClusterError =>
  new ClusterError(`an answer is no ${kind} as an API server sends it: ${what}`, 200)
