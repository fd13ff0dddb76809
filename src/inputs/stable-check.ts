import { printShifted } from './decimal.ts'

/** What must hold of the new version beside the stable one, in the same minutes: one line of `checks` that names stable. */
export type StableCheck =
  /** The recommended one: errors and latency, each by the smallest difference that matters. */
  | { readonly kind: 'like-stable' }
  /** `plus` a share of all requests (0.005 is 0.5 %), or `times` as many. */
  | { readonly kind: 'error-rate'; readonly plus: number }
  | { readonly kind: 'error-rate'; readonly times: number }
  /** `minus` a share of all requests. */
  | { readonly kind: 'success-rate'; readonly minus: number }
  /** Anywhere in the distribution, or at a quantile in 0..1: p95 is 0.95. */
  | { readonly kind: 'latency'; readonly times: number; readonly quantile?: number }

const inPercent = (share: number): string => `${printShifted(share, 2)}%`

const difference = (sign: '+' | '-', share: number): string =>
  share === 0 ? 'stable' : `stable ${sign} ${inPercent(share)}`

/** The line that reads back as this check. */
export function printStableCheck(check: StableCheck): string {
  switch (check.kind) {
    case 'like-stable':
      return 'like stable'
    case 'error-rate':
      return `error-rate <= ${'plus' in check ? difference('+', check.plus) : `stable * ${check.times}`}`
    case 'success-rate':
      return `success-rate >= ${difference('-', check.minus)}`
    case 'latency': {
      const quantile = check.quantile === undefined ? '' : `p${printShifted(check.quantile, 2)} `
      return `${quantile}latency <= stable * ${check.times}`
    }
  }
}
