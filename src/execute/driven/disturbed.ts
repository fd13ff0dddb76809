import { ReleaseFailed } from '../../base/errors.ts'
import type { EngineState } from '../../engines/engine.ts'
import { objectTitle, type DrivenRun } from './driven-run.ts'

/** Somebody wants something else, or nothing at all: this release is over, and nothing of it may be put back over that. */
export class Superseded extends ReleaseFailed {}

export const deleted = (run: DrivenRun): Superseded =>
  new Superseded(`somebody deleted ${objectTitle(run)} in namespace ${run.namespace}`)

/** The controller has ended it by itself. */
export class EndedByController extends ReleaseFailed {}

/**
 * Why a release cannot go on from this state.
 * @throws ReleaseFailed
 */
export function requireOurs(run: DrivenRun, state: EngineState): undefined {
  const { canary, stable } = run.progress.record
  if (state.at === 'unseen' || canary.hash === '') return undefined
  requireUnreplaced(run, state)
  if (state.wished !== canary.hash)
    throw new ReleaseFailed(
      `somebody has brought ${stable.images.join(', ') || 'the version of before'} back to ${objectTitle(run)} meanwhile`
    )
  if (state.at !== 'failed') return undefined
  if (state.asked === true)
    throw new ReleaseFailed(`somebody has aborted the release of ${objectTitle(run)} by hand`)
  throw new EndedByController(`${run.engine.title}: ${state.why}`)
}

/** @throws Superseded when what is wished for is neither the version of this release nor the one before */
export function requireUnreplaced(run: DrivenRun, state: EngineState): undefined {
  const { canary, stable } = run.progress.record
  if (state.at === 'unseen' || canary.hash === '') return undefined
  if (state.wished === canary.hash || state.wished === stable.hash) return undefined
  throw new Superseded(
    `somebody has brought another version to ${objectTitle(run)} meanwhile: template ${state.wished} in place of ${canary.hash}`
  )
}
