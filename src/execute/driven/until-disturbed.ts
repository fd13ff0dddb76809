import { requireOurs } from './disturbed.ts'
import type { DrivenRun } from './driven-run.ts'
import { untilState } from './until-state.ts'

/** Never resolves. @throws ReleaseFailed once the release cannot go on */
export const untilDisturbed = (run: DrivenRun, signal: AbortSignal): Promise<never> =>
  untilState<never>(
    run,
    (state) => {
      requireOurs(run, state)
      return undefined
    },
    signal
  )
