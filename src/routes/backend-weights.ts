import type { PortRef } from '../kubernetes/ports.ts'
import type { OwnServices, Split } from './route.ts'

/** An entry in a list of backends that share the traffic by weight; no weight is a weight of 1. */
export interface Weighted {
  readonly name: string
  readonly port?: PortRef
  readonly weight?: number
}

/** What the release knows the entries of a list by. */
export interface Sides<T> {
  readonly isApex: (entry: T) => boolean
  readonly isCanary: (entry: T) => boolean
  readonly canary: string
}

/** The port by which one of these Services stands in a list. */
export const portAmong = (entries: readonly Weighted[], { apex, stable }: OwnServices): PortRef | undefined =>
  entries.find(({ name }) => [apex, stable].includes(name))?.port

/** The weight of both versions together, and the canary's part of it. */
export interface Share {
  readonly whole: number
  readonly canary: number
  /** Whether only these two versions get requests of the list. */
  readonly alone: boolean
}

export const weightOf = ({ weight = 1 }: Weighted): number => weight

const sum = (entries: readonly Weighted[]): number =>
  entries.reduce((total, entry) => total + weightOf(entry), 0)

const isAlone = <T extends Weighted>(entries: readonly T[], { isApex, isCanary }: Sides<T>): boolean =>
  entries.filter(isApex).length === 1 &&
  entries.every((entry) => isApex(entry) || isCanary(entry) || weightOf(entry) === 0)

/** Adds an entry for the canary after each entry of the apex, and takes its weight from that entry. */
export const divide = <T extends Weighted>(entries: readonly T[], sides: Sides<T>, percent: number): T[] =>
  entries.flatMap((entry) => {
    if (!sides.isApex(entry)) return [entry]
    const whole = divisible(entry, isAlone(entries, sides))
    const canary = Math.round((whole * percent) / 100)
    return [
      { ...entry, weight: whole - canary },
      { ...entry, name: sides.canary, weight: canary }
    ]
  })

/** Without other entries the weight of an entry is arbitrary, so 100 is used: fine enough for every percentage. */
const divisible = (entry: Weighted, alone: boolean): number =>
  alone && weightOf(entry) > 0 ? 100 : weightOf(entry)

/**
 * Removes the canary's entries and restores the apex's weights from `before` (null: the entry had none). If `before`
 * does not fit, an apex without other entries gets no weight, any other the sum of both versions' weights.
 */
export function unite<T extends Weighted>(
  entries: readonly T[],
  sides: Sides<T>,
  before: readonly (number | null)[] | undefined
): readonly T[] {
  if (!entries.some(sides.isCanary)) return entries
  const own = entries.filter(sides.isApex)
  const known = before?.length === own.length ? before : undefined
  const alone = isAlone(entries, sides)
  return entries.flatMap((entry, at) => {
    if (sides.isCanary(entry)) return []
    if (!sides.isApex(entry)) return [entry]
    if (known !== undefined) return [withWeight(entry, known[own.indexOf(entry)])]
    const next = entries[at + 1]
    const together = sum([entry, ...(next !== undefined && sides.isCanary(next) ? [next] : [])])
    return [withWeight(entry, alone && together > 0 ? null : together)]
  })
}

function withWeight<T extends Weighted>(entry: T, weight: number | null | undefined): T {
  const { weight: _, ...rest } = entry
  return (typeof weight === 'number' ? { ...entry, weight } : rest) as T
}

export const shareOf = <T extends Weighted>(entries: readonly T[], sides: Sides<T>): Share => ({
  whole: sum(entries.filter((entry) => sides.isApex(entry) || sides.isCanary(entry))),
  canary: sum(entries.filter(sides.isCanary)),
  alone: isAlone(entries, sides)
})

/**
 * The canary's share in percent; undefined when it differs between the lists. Coarse weights may differ by what
 * rounding explains.
 */
export function commonShare(shares: readonly Share[]): number | undefined {
  const used = shares.filter(({ whole }) => whole > 0)
  const finest = used.reduce<Share | undefined>((best, share) => {
    if (best === undefined || (share.alone && !best.alone)) return share
    return share.alone === best.alone && share.whole > best.whole ? share : best
  }, undefined)
  if (finest === undefined) return undefined
  const percent = (finest.canary * 100) / finest.whole
  const agrees = ({ whole, canary, alone }: Share): boolean =>
    alone
      ? (canary * 100) / whole === percent
      : Math.abs(canary - (whole * percent) / 100) <= 0.5 + whole / (2 * finest.whole)
  return used.every(agrees) ? percent : undefined
}

const FACTORS = [2, 5, 10, 20, 50, 100, 1000]

/** What all weights of a list have to be multiplied by so that these shares can be taken of the apex's; undefined when that is fine. */
export function missingFineness<T extends Weighted>(
  entries: readonly T[],
  sides: Sides<T>,
  percents: readonly number[]
): { readonly percent: number; readonly weight: number; readonly factor: number } | undefined {
  if (isAlone(entries, sides)) return undefined
  const coarse = entries
    .filter(sides.isApex)
    .map(weightOf)
    .flatMap((weight) =>
      percents.filter((percent) => isTooCoarse(weight, percent)).map((percent) => ({ weight, percent }))
    )
  const [first] = coarse
  const factor = FACTORS.find((by) =>
    coarse.every(({ weight, percent }) => !isTooCoarse(weight * by, percent))
  )
  return first && { ...first, factor: factor ?? 10_000 }
}

/** Why the steps cannot take their shares of the apex's weight, as the end of a sentence; undefined when they can. */
export function tooCoarse<T extends Weighted>(
  entries: readonly T[],
  sides: Sides<T>,
  splits: readonly Split[],
  { apex, all }: { readonly apex: string; readonly all: string }
): string | undefined {
  const percents = splits.map(({ weight }) => weight)
  const missing = missingFineness(entries, sides, percents)
  return (
    missing &&
    `gives ${apex} a weight of ${missing.weight} beside others, which is too coarse to take ${missing.percent}% of it: multiply all weights ${all} by ${missing.factor}`
  )
}

/** The weights of the apex's entries list by list, null for none; lists without such an entry are left out. */
export const apexWeights = <T extends Weighted>(
  lists: readonly (readonly T[])[],
  { isApex }: Sides<T>
): readonly (readonly (number | null)[])[] =>
  lists
    .map((entries) => entries.filter(isApex))
    .filter((own) => own.length > 0)
    .map((own) => own.map(({ weight = null }) => weight))

/** Whether rounding would change the share by more than a tenth, or leave stable no weight. */
function isTooCoarse(weight: number, percent: number): boolean {
  if (weight === 0 || percent <= 0 || percent >= 100) return false
  const canary = Math.round((weight * percent) / 100)
  if (canary === weight) return true
  return Math.abs((canary * 100) / weight - percent) > percent / 10
}
