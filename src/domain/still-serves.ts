import type { HistoryEntry } from './history.ts'
import type { Version } from './outcome.ts'

/** What of a record says which release has brought what serves. */
export interface Served {
  readonly id: string
  readonly isOpen: boolean
  readonly history: readonly HistoryEntry[]
}

type Serving = Pick<Version, 'deployment' | 'hash' | 'images'>

/**
 * Why going back from this release would be wrong, in one sentence without a dot: it is not what serves. Undefined when it
 * is, or is still under way itself.
 */
export function whyNotServing(
  release: string,
  record: Served | undefined,
  serving: Serving
): string | undefined {
  if (record === undefined)
    return `release ${release} does not serve: Greenlight has not released this workload yet`
  if (record.isOpen)
    return record.id === release
      ? undefined
      : `release ${release} is not the last one: ${record.id} is under way`
  const last = record.history.find(({ served }) => served === true)
  const images = serving.images.join(', ')
  if (last?.release !== release || isTakenBack(last, record.history))
    return `release ${release} does not serve: ${images} does${last === undefined ? '' : `, which ${last.command ?? 'release'} ${last.release} has brought`}`
  return isOf(last, serving)
    ? undefined
    : `release ${release} does not serve any more: somebody has changed what it brought, and ${images} serves`
}

/** Whether a job of the same run, which has the same id, has gone back from it already. */
const isTakenBack = (last: HistoryEntry, history: readonly HistoryEntry[]): boolean =>
  last.command === 'rollback' &&
  history.some((entry) => entry !== last && entry.release === last.release && entry.served === true)

/** A restart gives the same version another hash. */
const isOf = ({ version, images }: HistoryEntry, serving: Serving): boolean =>
  version?.deployment === serving.deployment &&
  (version.hash === serving.hash || images.join() === serving.images.join())
