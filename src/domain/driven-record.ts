import { InputError } from '../base/errors.ts'
import { sh } from '../base/shell.ts'
import type { Wish } from '../engines/engine.ts'
import type { Lease } from '../kubernetes/objects.ts'
import { listAt } from '../kubernetes/read.ts'
import { isTree } from '../kubernetes/tree.ts'
import { withEntry, type HistoryEntry } from './history.ts'
import type { Version } from './outcome.ts'
import { RECORD_ANNOTATION, type Phase } from './record.ts'
import {
  command,
  count,
  flag,
  hash,
  MOST,
  name,
  oneOf,
  parse,
  text,
  time,
  wrongIn,
  type Shape
} from './shape.ts'

/**
 * The record of a release that a controller carries out, on the Lease by which runs exclude each other: the controller
 * keeps the state, and would copy annotations of its own object to others. It says whose release it is, and what was wished
 * for before.
 */
export interface DrivenRecord {
  readonly version: 1
  readonly id: string
  readonly holder: string
  readonly command: 'deploy' | 'rollback'
  readonly run?: string
  readonly actor?: string
  readonly sha?: string
  /** `left`: its run has gone on purpose while the controller goes on; nobody follows it until a run takes it up. */
  readonly phase: Exclude<Phase, 'promoting'> | 'left'
  readonly startedAt: string
  /** When each share of users began, and last the time with all of them; RFC 3339, empty for one that did not. */
  readonly begunAt?: readonly string[]
  /** Since when nobody follows it; RFC 3339. */
  readonly leftAt?: string
  /** Failed measurements until it was left, by check: they count over the whole release. */
  readonly failures?: Readonly<Record<string, number>>
  /** Uids of pods that passed the smoke tests until it was left. */
  readonly tested?: readonly string[]
  /** To be wished for again, should the release fail. */
  readonly before: Wish
  /** What was brought, as the API server keeps it; absent before it is. */
  readonly brought?: Wish
  /** `Engine.noted` before it was brought. */
  readonly noted?: string
  /** What served before. */
  readonly stable: Version
  /** Its hash is empty until the controller has seen it. */
  readonly canary: Version
  /** Its smoke tests have passed, or there are none. */
  readonly proved?: true
  /** What `rollback` brings back: what served before the last release that was promoted. */
  readonly previous?: Version
  readonly history: readonly HistoryEntry[]
}

/** Milliseconds since the epoch, of each share that has begun. */
export const begunIn = (record: DrivenRecord): readonly (number | undefined)[] =>
  listAt(record, 'begunAt').map((at) => {
    const time = typeof at === 'string' ? Date.parse(at) : NaN
    return Number.isNaN(time) ? undefined : time
  })

/** With the begin of a share that has not begun before. */
export function withBegin(record: DrivenRecord, share: number, now: number): DrivenRecord {
  const begun = begunIn(record)
  if (begun[share] !== undefined) return record
  const all = Array.from({ length: Math.max(begun.length, share + 1) }, (_, i) =>
    i === share ? now : begun[i]
  )
  return { ...record, begunAt: all.map((at) => (at === undefined ? '' : new Date(at).toISOString())) }
}

/**
 * The record after the end. After a rollback there is no version before: a second one would bring the bad version back.
 * @param served whether its version came to serve; else the old one was put back, and the way back is as it was
 */
export function endedRecord(record: DrivenRecord, served: boolean, at: number): DrivenRecord {
  const { previous, ...rest } = record
  const before = served ? (record.command === 'deploy' ? record.stable : undefined) : previous
  return {
    ...rest,
    ...(before === undefined || before.hash === '' ? {} : { previous: before }),
    phase: served ? 'promoted' : 'rolled-back',
    history: withEntry(record, served, at)
  }
}

/** Whether it has still to be ended. */
export const isOpen = ({ phase }: DrivenRecord): boolean => phase !== 'promoted' && phase !== 'rolled-back'

/**
 * @throws InputError when there is a record that cannot be understood: then nothing may be changed
 */
export function readDrivenRecord(lease: Lease | undefined): DrivenRecord | undefined {
  const written = lease?.metadata.annotations?.[RECORD_ANNOTATION]
  if (lease === undefined || written === undefined) return undefined
  const value = parse(written)
  const damage = wrongIn(value, RECORD)
  if (damage === undefined) return value as DrivenRecord
  const { name, namespace = '' } = lease.metadata
  throw new InputError([
    {
      input: 'workload',
      problem: `the annotation ${RECORD_ANNOTATION} of lease/${name} in namespace ${namespace} cannot be read (${damage === '' ? 'it is no record' : `${damage} is not what it should be`}): it was written by another version of Greenlight or edited by hand. Check that what serves is what should, then remove it`,
      example: sh`kubectl -n ${namespace} annotate lease/${name} ${RECORD_ANNOTATION}-`
    }
  ])
}

const phase = oneOf(
  ...(['running', 'waiting', 'left', 'aborting', 'promoted', 'rolled-back'] satisfies DrivenRecord['phase'][])
)
const version = { slot: text, deployment: name, images: [text, MOST], hash, replicas: count } as const
const wish = { object: isTree, 'target?': isTree } as const

/**
 * Everything that a release goes back by, or that is told of it. What is not here is looked at where it is used:
 * `begunAt`, `failures` and `tested`.
 */
const RECORD: Shape = {
  version: oneOf(1),
  id: text,
  holder: text,
  command,
  'run?': text,
  'actor?': text,
  'sha?': text,
  phase,
  startedAt: time,
  'leftAt?': time,
  before: wish,
  'brought?': wish,
  'noted?': text,
  stable: version,
  canary: version,
  'proved?': flag,
  'previous?': version,
  history: [
    {
      release: text,
      'command?': command,
      'served?': flag,
      at: time,
      images: [text, MOST],
      'version?': { slot: text, deployment: name, hash },
      'run?': text
    },
    MOST
  ]
}
