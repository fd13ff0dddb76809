import { mayBeShared, unlessFew, unlessShared, whileWarmingUp } from '../../checks/held.ts'
import { judge, type Reading } from '../../checks/judge.ts'
import type { Beside } from '../../checks/judge/bounds.ts'
import type { MeasuredStep, Sampler } from '../../checks/sampler.ts'
import { windowAt, type Window } from '../../checks/warm-up.ts'
import type { Crash } from '../../domain/judgement.ts'
import type { Check } from '../../inputs/check.ts'
import { isBound } from '../../inputs/check-line.ts'
import type { Checked } from '../checked.ts'

/** What the bounds are read over now. */
export function windowOf(release: Checked, step: MeasuredStep, underUsers: boolean): Window {
  const began = underUsers ? release.firstUsers() : undefined
  const warmUpEnds = began === undefined ? undefined : began + release.settings.warmUp
  return windowAt(release.ports.clock.now(), step, warmUpEnds)
}

/** How many bad requests stable has at once, of those that this check counts. */
function burstinessFor({ metric, bound }: Check, beside: Beside | undefined): number {
  if (beside === undefined) return 1
  return metric.kind === 'latency' ? beside.burstiness.above(bound) : beside.burstiness.errors
}

/**
 * The readings as they count: not in the warm-up, nor where the requests are too few to tell, nor where stable breaks the same
 * bound in the same time.
 * @param readings by the bounds alone
 * @param beside what is known of both versions
 */
export async function weighBounds(
  release: Checked,
  { sampler, window }: { readonly sampler: Sampler; readonly window: Window },
  found: { readonly readings: readonly Reading[]; readonly beside: Beside | undefined },
  signal: AbortSignal
): Promise<readonly Reading[]> {
  if (window.isWarmingUp) return found.readings.map(whileWarmingUp)
  const burstiness = (check: Check): number => burstinessFor(check, found.beside)
  const readings = found.readings.map((reading) =>
    reading.verdict === 'fail' ? unlessFew(reading, burstiness(reading.check)) : reading
  )
  const isAsked = readings.some(({ verdict, check }) => verdict === 'fail' && mayBeShared(check))
  if (!isAsked || sampler.beside === undefined || !release.hasStableBeside()) return readings
  const stable = await sampler.beside.measure(window.step, await release.stable(), signal)
  return readings.map((reading) => {
    const same = stable.find(({ check }) => check === reading.check)
    return unlessShared(reading, same, burstiness(reading.check))
  })
}

/** The first bound that a crash breaks. One that allows for so many errors does not mind. */
export const brokenBy = ({ settings }: Checked, { canary }: Crash): Check | undefined =>
  settings.checks.filter(isBound).find((check) => {
    const share = canary.errors / canary.requests
    const value = { 'error-rate': share, 'success-rate': 1 - share }[check.metric.kind as string]
    return (
      value !== undefined && judge(check, { value }, { at: 0, step: '', young: false }).verdict === 'fail'
    )
  })
