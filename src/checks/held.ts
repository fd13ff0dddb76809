import type { Check } from '../inputs/check.ts'
import { asWritten } from '../inputs/figure.ts'
import { badOf, isCredible, isWorse } from './credible.ts'
import type { Reading } from './judge.ts'

/**
 * What keeps a reading of a bound from being judged although there is a value: the new version has just begun to warm up, its
 * requests are too few to tell, or stable breaks the bound as well. It has neither failed nor passed then.
 */
export type Held = 'warm-up' | 'few' | 'shared'

/** Caches are cold: whatever is found is shown. A value that is missing may yet come, unless it cannot. */
export const whileWarmingUp = (reading: Reading): Reading =>
  reading.verdict === 'no-data'
    ? { ...reading, early: true }
    : { ...reading, verdict: 'held', held: 'warm-up', why: 'warming up' }

/** A value on the wrong side fails only where the counts can tell. @param burstiness of stable's own bad requests */
export function unlessFew(reading: Reading, burstiness: number): Reading {
  const bad = reading.verdict === 'fail' ? badOf(reading) : undefined
  if (bad === undefined || isCredible(bad, burstiness)) return reading
  return { ...reading, verdict: 'held', held: 'few', why: 'too few requests to tell' }
}

/** The bounds that a trouble of both versions breaks. What a query of the user's counts, nobody knows. */
export const mayBeShared = ({ metric }: Pick<Check, 'metric'>): boolean =>
  ['success-rate', 'error-rate', 'latency', 'mean-latency'].includes(metric.kind)

/**
 * A bound that stable breaks as well in the same time is no fault of the new version, unless that is worse by more than luck.
 * @param stable the same check of stable; undefined where there is none beside
 */
export function unlessShared(reading: Reading, stable: Reading | undefined, burstiness: number): Reading {
  const { check, verdict } = reading
  if (verdict !== 'fail' || stable?.verdict !== 'fail' || stable.value === undefined) return reading
  const [own, others] = [badOf(reading), badOf(stable)]
  if (own !== undefined && others !== undefined && isWorse(own, others, burstiness)) return reading
  const why = `stable breaks it as well: ${asWritten(check, stable.value)}`
  return { ...reading, verdict: 'held', held: 'shared', why }
}
