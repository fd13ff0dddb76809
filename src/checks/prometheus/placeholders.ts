import type { MeasuredVersion } from '../measured-version.ts'

/** The API server cuts names to this length before it puts five random characters behind (63 in all). */
const LONGEST_PREFIX = 58

/** Matches no pod, and, unlike an empty pattern, no series without a label for the pod either. */
const NOTHING = '-'

/** A dot in brackets: a backslash would have to be doubled in one kind of PromQL string and not in another. */
const escaped = (name: string): string => name.replaceAll('.', '[.]')

/** Whether the pods carry the ReplicaSet's whole name, its hash and the hyphen behind it included. */
const isWhole = (prefix: string): boolean => prefix.length <= LONGEST_PREFIX

/**
 * An RE2 pattern for the names of the version's pods, and of nobody else's, that needs no escapes in any kind of PromQL
 * string. A ReplicaSet whose name is too long shares the beginning of its pods' names with every other one of the
 * workload: then the pods are named one by one, as far as they are known.
 */
export function podPattern({ replicaSet, pods, otherPods = [] }: MeasuredVersion): string {
  const prefix = replicaSet === undefined ? '' : `${replicaSet}-`
  if (prefix !== '' && isWhole(prefix)) return `${escaped(prefix)}[a-z0-9]{5}`
  const names = [...new Set([...pods.map(({ name }) => name), ...otherPods])]
  return names.length === 0 ? NOTHING : anyOf(names, prefix.slice(0, LONGEST_PREFIX))
}

/** For the whole name of a pod. */
export const podMatcher = (measured: MeasuredVersion): RegExp => new RegExp(`^(?:${podPattern(measured)})$`)

/** With what all have in common only once: the pattern is asked for with every query. */
function anyOf(names: readonly string[], prefix: string): string {
  const common = names.every((name) => name.startsWith(prefix)) ? prefix : ''
  return `${escaped(common)}(${names.map((name) => escaped(name.slice(common.length))).join('|')})`
}

/**
 * Puts the version into a query's placeholders; `window` in seconds.
 * @param write how a value is written where it is put
 */
export function fillPlaceholders(
  query: string,
  measured: MeasuredVersion,
  window: number,
  write = (value: string): string => value
): string {
  const { namespace, workload, slot, service } = measured
  const values = new Map([
    ['namespace', namespace],
    ['workload', workload],
    ['slot', slot],
    ['service', service],
    ['pods', podPattern(measured)],
    ['window', `${Math.max(1, Math.floor(window))}s`]
  ])
  return query.replace(/\$([a-z]+)\b/g, (written, name: string) => {
    const value = values.get(name)
    return value === undefined ? written : write(value)
  })
}
