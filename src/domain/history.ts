import { isTree } from '../kubernetes/tree.ts'
import type { Version } from './outcome.ts'
import type { Release } from './record.ts'

/** A release that has ended. */
export interface HistoryEntry {
  readonly release: string
  /** Absent, like `served`, where an older record does not distinguish a failed release from a rollback. */
  readonly command?: Release['command']
  /** Whether its version came to serve; else stable was put back. */
  readonly served?: boolean
  /** When it ended; RFC 3339. */
  readonly at: string
  readonly images: readonly string[]
  /** Where its version ran: ReplicaSet `<deployment>-<hash>` holds the template. Without hash: not all of its pods came up. */
  readonly version?: Pick<Version, 'slot' | 'deployment' | 'hash'>
  /** Names of the Jobs that it has run: what they did was not undone with it. */
  readonly jobs?: readonly string[]
  readonly run?: string
}

const HISTORY_LENGTH = 10

type Ended = Pick<Release, 'id' | 'command' | 'canary' | 'run' | 'jobs' | 'history'>

/** The history with the end of this release, newest first. */
export function withEntry(
  { id, command, canary, run, jobs, history }: Ended,
  served: boolean,
  at: number
): readonly HistoryEntry[] {
  const { slot, deployment, hash, images } = canary
  const ran = [...(jobs?.before ?? []), ...(served ? (jobs?.after ?? []) : [])]
  const entry: HistoryEntry = {
    release: id,
    command,
    served,
    at: new Date(at).toISOString(),
    images,
    version: { slot, deployment, hash },
    ...(ran.length === 0 ? {} : { jobs: ran }),
    ...(run === undefined ? {} : { run })
  }
  return [entry, ...history].slice(0, HISTORY_LENGTH)
}

/** Older records say `rolled-back` for failed releases and for completed rollbacks alike. */
interface FormerEntry extends HistoryEntry {
  readonly result?: 'promoted' | 'rolled-back'
}

/** Reads entries, including those of older records; invalid ones are left out. */
export const readHistory = (entries: readonly unknown[]): readonly HistoryEntry[] =>
  (entries.filter(isTree) as unknown as readonly FormerEntry[]).map(({ result, ...entry }) =>
    result === 'promoted' ? { command: 'deploy', served: true, ...entry } : entry
  )
