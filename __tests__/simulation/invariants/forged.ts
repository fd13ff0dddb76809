import { readRecord } from '../../../src/domain/read-record.ts'
import { RECORD_ANNOTATION, type Release } from '../../../src/domain/record.ts'
import { refOf } from '../../support/memory/memory-cluster.ts'
import type { Stored } from '../../support/memory/stored.ts'
import type { Stage } from '../stage.ts'
import { holderIn, serviceIn } from '../users.ts'
import { isRun, type Report } from './report.ts'

/** Milliseconds in which a run that hears of it has answered. */
const PROMPTLY = 5000

/** What somebody writes over the record of a run that has the lock, that run writes again, whatever else it waits for. */
export function watchForged({ cluster, clock, api, attribution }: Stage, report: Report): void {
  cluster.subscribe((now, before, writer) => {
    const text = textOf(now)
    if (isRun(writer) || before === undefined || text === undefined || text === textOf(before)) return
    const run = holderIn(cluster)
    if (run === undefined) return
    void clock.sleep(PROMPTLY).then(
      () => {
        const live = cluster.read<Stored>(refOf(now))
        const isExcused = attribution.isHindered(run) || api.goneUntil > clock.now() - PROMPTLY
        if (live === undefined || textOf(live) !== text || holderIn(cluster) !== run || isExcused) return
        report.add(
          'record',
          `${run} leaves what ${writer} has written over its record on ${now.metadata.name}`
        )
      },
      () => undefined
    )
  })
}

/**
 * The record of the release, as runs have written it: what somebody else has put in its place is answered, but a run
 * whose machine slept meanwhile has a write on its way before it can hear of that.
 */
export function recordOfRuns({ cluster }: Stage): () => Release | undefined {
  let own: Release | undefined
  let isForged = false
  cluster.subscribe((now, before, writer) => {
    if (now.kind !== 'Service' || now.metadata.name !== 'web') return
    if (isRun(writer)) {
      own = readRecord(now)
      isForged = false
    } else isForged ||= before !== undefined && textOf(now) !== textOf(before)
  })
  return () => (isForged && own !== undefined ? own : readRecord(serviceIn(cluster)))
}

const textOf = ({ metadata }: Stored): string | undefined => metadata.annotations?.[RECORD_ANNOTATION]
