import { CHANGE_CAUSE, isOurCause } from './change-cause.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'
import type { Labels } from '../kubernetes/selectors.ts'

/** Whether a label or an annotation is Greenlight's. */
export const isMark = (key: string): boolean => key.startsWith('greenlight.dev/')

/** The annotations by which releases have marked an object. */
export const marksOn = ({ metadata }: KubernetesObject): readonly string[] =>
  Object.entries(metadata.annotations ?? {})
    .filter(([key, value]) => isMark(key) || (key === CHANGE_CAUSE && isOurCause(value)))
    .map(([key]) => key)

export const withoutMarks = (labels: Labels = {}): Labels =>
  Object.fromEntries(
    Object.entries(labels).filter(
      ([key, value]) => !isMark(key) && !(key === CHANGE_CAUSE && isOurCause(value))
    )
  )
