import { judgedSteps, type Judged } from '../../checks/judged-steps.ts'
import { begunIn } from '../../domain/driven-record.ts'
import { courseOf } from '../../plan/driven-course.ts'
import type { Checked } from '../checked.ts'
import type { DrivenRun } from './driven-run.ts'
import { measuredOld } from './measured.ts'

/**
 * A release by a controller as far as its checks are concerned.
 * @param hindered why it cannot wait for a decision; undefined at a gate, where it can
 */
export const checkedDriven = (run: DrivenRun, hindered: string | undefined): Checked => ({
  settings: run.settings,
  ports: run.ports,
  progress: run.progress,
  journal: run.journal,
  judged: () => judged(run),
  firstUsers: () => begunIn(run.progress.record).find((at) => at !== undefined),
  stable: () => measuredOld(run),
  hasStableBeside: () => {
    const { state } = run.progress
    return 'weight' in state && state.weight.now < 100
  },
  cannotWait: () => hindered
})

/** A run that takes it up knows the shares before its own from the record. */
function judged({ engine, progress, settings }: DrivenRun): Judged | undefined {
  const shares = engine.shares(progress.seen.object)
  const begun = begunIn(progress.record)
  const bakeBegun = begun[shares.length]
  return judgedSteps({
    steps: courseOf(shares, settings),
    bake: settings.bake,
    begun: shares.map((_, i) => begun[i]),
    ...(bakeBegun !== undefined && { bakeBegun })
  })
}
