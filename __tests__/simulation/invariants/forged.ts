import { RECORD_ANNOTATION } from '../../../src/domain/record.ts'
import { refOf } from '../../support/memory-cluster.ts'
import type { Stored } from '../../support/memory-objects.ts'
import type { Stage } from '../stage.ts'
import { holderIn } from '../users.ts'
import { isRun, type Report } from './report.ts'

/** Milliseconds in which a run that hears of it has answered. */
const PROMPTLY = 5000

/** What somebody writes over the record of a run that has the lock, that run writes again, whatever else it waits for. */
export function watchForged({ cluster, clock, api, blame }: Stage, report: Report): void {
  cluster.subscribe((now, before, writer) => {
    const text = textOf(now)
    if (isRun(writer) || before === undefined || text === undefined || text === textOf(before)) return
    const run = holderIn(cluster)
    if (run === undefined) return
    void clock.sleep(PROMPTLY).then(
      () => {
        const live = cluster.read<Stored>(refOf(now))
        const isExcused = blame.isHindered(run) || api.goneUntil > clock.now() - PROMPTLY
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

const textOf = ({ metadata }: Stored): string | undefined => metadata.annotations?.[RECORD_ANNOTATION]
