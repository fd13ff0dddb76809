import type { PodTemplate } from './objects.ts'

export type Labels = Readonly<Record<string, string>>

/** Whether a plain label selector (all pairs must match) selects these labels. An empty one selects nothing here. */
export const selects = (selector: Labels | undefined, labels: Labels | undefined): boolean =>
  selector !== undefined &&
  Object.keys(selector).length > 0 &&
  Object.entries(selector).every(([key, value]) => labels?.[key] === value)

export const sameLabels = (one: Labels = {}, other: Labels = {}): boolean =>
  Object.keys(one).length === Object.keys(other).length &&
  Object.entries(one).every(([key, value]) => other[key] === value)

/** `app=web,tier=front`, as the API server and people read it. */
export const printSelector = (selector: Labels = {}): string =>
  Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')

export const withoutKeys = (labels: Labels, ...keys: readonly string[]): Labels =>
  Object.fromEntries(Object.entries(labels).filter(([key]) => !keys.includes(key)))

export const templateLabels = (template: PodTemplate): Labels => template.metadata?.labels ?? {}
