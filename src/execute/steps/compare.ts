import type { ComparedSamples } from '../../checks/compared-samples.ts'
import type { Compared } from '../../checks/compared-standing.ts'
import type { Judged } from '../../checks/judged-steps.ts'
import { lookBeside, type Beside } from '../../checks/judge/bounds.ts'
import { judgeRelease } from '../../checks/judge/index.ts'
import type { Question } from '../../checks/judge/question.ts'
import type { MeasuredVersion } from '../../checks/measured-version.ts'
import type { NoData } from '../../checks/metric-value.ts'
import type { Sampler } from '../../checks/sampler.ts'
import { isBound, isComparison } from '../../inputs/check-line.ts'
import type { StableCheck } from '../../inputs/stable-check.ts'
import type { Checked } from '../checked.ts'

/** The lines of `checks` that name stable. */
export const comparisonsOf = ({ settings }: Pick<Checked, 'settings'>): readonly StableCheck[] =>
  settings.checks.filter(isComparison)

/** Bounds of requests that failed or took long, which are told how many bad ones stable has at once. */
const countsRequests = ({ settings }: Pick<Checked, 'settings'>): boolean =>
  settings.checks
    .filter(isBound)
    .some(({ metric }) => ['success-rate', 'error-rate', 'latency'].includes(metric.kind))

/** By the clock of the metrics store. */
function questionOf(
  checks: readonly StableCheck[],
  { steps, crashOnly }: Judged,
  warmUp: number,
  { stable, canary, now, ahead, router }: ComparedSamples
): Question {
  return {
    checks: crashOnly ? [] : checks,
    steps: steps.map(({ begun, ...step }) => ({
      ...step,
      ...(begun !== undefined && { begun: begun + ahead })
    })),
    warmUp,
    now,
    stable,
    canary,
    ...(router && { router })
  }
}

/** All that is known of both versions until now; undefined where no check needs it. */
export async function lookAtBoth(
  release: Checked,
  sampler: Sampler,
  canary: MeasuredVersion,
  signal: AbortSignal
): Promise<Question | NoData | undefined> {
  const checks = comparisonsOf(release)
  const judged = release.judged()
  if ((checks.length === 0 && !countsRequests(release)) || judged === undefined) return undefined
  const stable = await release.stable()
  const samples = await sampler.compare({ stable, canary }, judged.steps[0]?.begun, signal)
  return 'why' in samples ? samples : questionOf(checks, judged, release.settings.warmUp, samples)
}

/** Judges the release by that; undefined where no line names stable. */
export function compare(release: Checked, seen: Question | NoData | undefined): Compared | undefined {
  if (seen === undefined || comparisonsOf(release).length === 0) return undefined
  return 'why' in seen ? seen : { judgement: judgeRelease(seen) }
}

/** What is known of both versions for the bounds: nothing is as if there were no stable version. */
export const besideOf = (release: Checked, seen: Question | NoData | undefined): Beside | undefined =>
  seen === undefined || 'why' in seen || !countsRequests(release) ? undefined : lookBeside(seen)
