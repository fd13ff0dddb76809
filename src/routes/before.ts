import type { KubernetesObject } from '../kubernetes/objects.ts'
import { BEFORE_ANNOTATION } from './route.ts'

/** What the annotation holds; undefined when it is not there, or when somebody has made something else of it. */
export function readBefore(object: KubernetesObject): unknown {
  try {
    return JSON.parse(object.metadata.annotations?.[BEFORE_ANNOTATION] ?? '') as unknown
  } catch {
    return undefined
  }
}

/** The object with this in the annotation; undefined takes it off. */
export function withBefore<T extends KubernetesObject>(object: T, before: unknown): T {
  const { [BEFORE_ANNOTATION]: _, ...others } = object.metadata.annotations ?? {}
  return withAnnotations(
    object,
    before === undefined ? others : { ...others, [BEFORE_ANNOTATION]: JSON.stringify(before) }
  )
}

/** An empty map is none, as the API server has it. */
export function withAnnotations<T extends KubernetesObject>(
  object: T,
  annotations: Readonly<Record<string, string>>
): T {
  const { annotations: _, ...metadata } = object.metadata
  const some = Object.keys(annotations).length > 0
  return { ...object, metadata: some ? { ...metadata, annotations } : metadata }
}
