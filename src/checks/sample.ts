import type { Clock } from '../base/clock.ts'
import type { Check } from '../inputs/check.ts'
import { judge, type Reading } from './judge.ts'
import type { NoData } from './metric-value.ts'
import type { Sampler } from './sampler.ts'
import type { Source } from './source.ts'

/** A check that nobody measures must not pass. */
const NOTHING: NoData = { why: 'nothing measures it', final: true }

/** The part of the sampler that asks of each bound the source that measures it. */
export const sample = (
  checks: readonly Check[],
  sources: readonly Source[],
  clock: Clock
): Omit<Sampler, 'compare' | 'past'> => ({
  async preflight(stable, signal, need) {
    const reports = await Promise.all(sources.map((source) => source.preflight(stable, signal, need)))
    return {
      faults: reports.flatMap(({ faults }) => faults),
      warnings: reports.flatMap(({ warnings }) => warnings)
    }
  },
  async measure({ name, startedAt }, version, signal) {
    const now = clock.now()
    const age = now - startedAt
    const base = { at: now, step: name }
    const read = async (source: Source): Promise<readonly (readonly [Check, Reading])[]> => {
      const values = await source.measure({ version, since: startedAt, now }, signal)
      const youth = source.youth()
      const circumstances = { ...base, young: age < youth, youth }
      return source.checks.map((check, at) => [check, judge(check, values[at] ?? NOTHING, circumstances)])
    }
    const readings = new Map((await Promise.all(sources.map(read))).flat())
    return checks.map((check) => readings.get(check) ?? judge(check, NOTHING, { ...base, young: false }))
  }
})
