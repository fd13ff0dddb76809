import { INCIDENT_FACTORS, MOST_ERRORS } from './constants.ts'
import type { Counts } from '../../domain/judgement.ts'
import { DISPERSIONS, logNb1, logSumExp, type Dispersion } from './counts.ts'

const { exp, log, log10, max, min } = Math

/** Errors a request, each twice the one before. */
const CANDIDATES = Array.from({ length: 15 }, (_, i) => 1e-5 * 2 ** i)

/** A rate below that would take one error for a regression. */
const FLOOR = 2e-5

/** Prior: about one error in a thousand requests, give or take a factor of ten. */
const logPrior = (rate: number): number => -0.5 * log10(rate / 1e-3) ** 2

/** A block is ordinary (99 %), or an incident of one of the sizes. */
function logLikelihood({ requests, errors }: Counts, rate: number, dispersion: Dispersion): number {
  const ordinary = log(0.99) + logNb1(errors, requests * rate, dispersion)
  const incidents = INCIDENT_FACTORS.map((factor) =>
    logNb1(errors, requests * min(rate * factor, MOST_ERRORS), dispersion)
  )
  return logSumExp([ordinary, log(0.01 / INCIDENT_FACTORS.length) + logSumExp(incidents)])
}

/**
 * How often a request to the stable version fails when nothing is wrong: what outages there were is set aside. The posterior
 * mean of the logarithm of the rate on a coarse grid. Without history it is what the prior says.
 */
export function baseRate(history: readonly Counts[]): number {
  const known = history.filter(({ requests }) => requests > 0)
  const weights = CANDIDATES.map((rate) =>
    logSumExp(
      DISPERSIONS.map((dispersion) =>
        known.reduce(
          (sum, counts) => sum + logLikelihood(counts, rate, dispersion),
          log(dispersion.prior) + logPrior(rate)
        )
      )
    )
  )
  const all = logSumExp(weights)
  const mean = CANDIDATES.reduce((sum, rate, i) => sum + exp((weights[i] ?? 0) - all) * log(rate), 0)
  return max(exp(mean), FLOOR)
}
