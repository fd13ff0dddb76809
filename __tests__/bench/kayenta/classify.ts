import { normal, randomOf } from '../random.ts'
import { shiftOf, type Confidence } from './mann-whitney.ts'

/** A metric of the canary beside the same of the baseline, as Kayenta's classifier by Mann and Whitney labels it. */

const { abs } = Math

export type Label = 'Pass' | 'High' | 'Low' | 'Nodata' | 'NodataFailMetric'

export interface Classification {
  readonly label: Label
  readonly isCritical: boolean
  /** The canary's mean as a multiple of the baseline's; NaN where one is 0. */
  readonly deviation: number
}

type Range = readonly [decrease: number, increase: number]

export interface Options {
  readonly tolerance?: number
  readonly confidence?: Confidence
  readonly direction?: 'increase' | 'decrease' | 'either'
  /** What an arm without values comes to. */
  readonly nan?: 'remove' | 'replace'
  readonly isCritical?: boolean
  readonly mustHaveData?: boolean
  readonly measure?: 'meanRatio' | 'cles'
  /** The effect that is allowed, and the one that fails the whole canary. */
  readonly effect?: Range
  readonly critical?: Range
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

function meanRatio(canary: readonly number[], baseline: readonly number[]): number {
  const [own, other] = [mean(canary), mean(baseline)]
  return own === 0 || other === 0 ? NaN : own / other
}

/** The probability that the canary's value is the larger one. */
function largerShare(canary: readonly number[], baseline: readonly number[]): number {
  let larger = 0
  for (const one of canary) for (const other of baseline) larger += one > other ? 1 : one === other ? 0.5 : 0
  return larger / (canary.length * baseline.length)
}

const sorted = (values: readonly number[]): readonly number[] => [...values].sort((one, other) => one - other)

function isSame(one: readonly number[], other: readonly number[]): boolean {
  const [left, right] = [sorted(one), sorted(other)]
  return left.length === right.length && left.every((value, i) => value === right[i])
}

/** Two constants cannot be ranked: so they are blurred. */
function blurred(values: readonly number[], key: string): readonly number[] {
  const random = randomOf('blur', key)
  return values.map((value) => value + 1e-5 * value * normal(random))
}

const isConstant = (values: readonly number[]): boolean => new Set(values).size === 1

const passed = (deviation: number): Classification => ({ label: 'Pass', isCritical: false, deviation })

function compare(
  canary: readonly number[],
  baseline: readonly number[],
  { tolerance = 0.25, confidence = 0.98, direction = 'either', measure = 'meanRatio', ...options }: Options
): Classification {
  const isFlat = isConstant(canary) && isConstant(baseline)
  const [own, other] = isFlat
    ? [blurred(canary, 'canary'), blurred(baseline, 'baseline')]
    : [canary, baseline]
  const { lower, upper, estimate } = shiftOf(own, other, confidence)
  const deviation = meanRatio(own, other)
  const effect = measure === 'cles' ? largerShare(own, other) : deviation
  const standard: Range = [1, 1]
  const [decrease, increase] = options.effect ?? standard
  const [worstDecrease, worstIncrease] = options.critical ?? standard
  const exceeds = (bound: number): boolean => Number.isNaN(effect) || effect >= bound
  const undercuts = (bound: number): boolean => Number.isNaN(effect) || effect <= bound
  const bound = tolerance * abs(estimate)
  if (direction !== 'decrease' && lower > bound && exceeds(increase))
    return { label: 'High', isCritical: options.isCritical === true && exceeds(worstIncrease), deviation }
  if (direction !== 'increase' && upper < -bound && undercuts(decrease))
    return { label: 'Low', isCritical: options.isCritical === true && undercuts(worstDecrease), deviation }
  return passed(deviation)
}

/** @param canary,baseline without NaN */
export function classify(
  canary: readonly number[],
  baseline: readonly number[],
  options: Options = {}
): Classification {
  const { nan = 'remove', isCritical = false, mustHaveData = false } = options
  if (canary.length === 0 || baseline.length === 0) {
    if (nan === 'replace') return passed(1)
    return mustHaveData && !isCritical
      ? { label: 'NodataFailMetric', isCritical: false, deviation: 1 }
      : { label: 'Nodata', isCritical, deviation: 1 }
  }
  if (isSame(canary, baseline) || isConstant([...canary, ...baseline])) return passed(1)
  return compare(canary, baseline, options)
}

/** Of 100. Groups share the points alike; one critical metric that has not passed, or as many without data as with, fails all. */
export function score(groups: readonly (readonly Classification[])[]): number {
  const all = groups.flat()
  if (all.some(({ label, isCritical }) => isCritical && label !== 'Pass')) return 0
  if (all.filter(({ label }) => label === 'Nodata').length >= all.length / 2) return 0
  const points = groups.map((group) => {
    const known = group.filter(({ label }) => label !== 'Nodata')
    if (known.length === 0) return 100
    return (100 * known.filter(({ label }) => label === 'Pass').length) / known.length
  })
  return mean(points)
}
