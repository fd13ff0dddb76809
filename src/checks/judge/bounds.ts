import type { Counts, Crash } from '../../domain/judgement.ts'
import type { Histogram } from './arms.ts'
import { burstiness } from './burstiness.ts'
import { addCounts, NOTHING } from './counts.ts'
import { firstCrash } from './crash.ts'
import { measure, type Measured } from './measured.ts'
import type { Question } from './question.ts'

/** What fixed bounds are told of both versions' samples. */
export interface Beside {
  readonly crash?: Crash
  /** Variance over mean of how many of stable's requests were bad in a block of its past, from 1 on. */
  readonly burstiness: {
    readonly errors: number
    /** Of requests that take longer. @param bound seconds */
    readonly above: (bound: number) => number
  }
}

/** By linear interpolation in the bucket of the bound, as quantiles are found. @param edges in seconds, without +Inf */
export function slower(histogram: Histogram, edges: readonly number[], bound: number): Counts {
  const errors = histogram.reduce((total, count, i) => {
    const [from, to = Infinity] = [edges[i - 1] ?? 0, edges[i]]
    if (bound <= from || to === Infinity) return total + count
    return bound >= to ? total : total + (count * (to - bound)) / (to - from)
  }, 0)
  return { requests: histogram.reduce((total, count) => total + count, 0), errors }
}

function slowerBefore({ durations: { history, edges } }: Measured, bound: number): readonly Counts[] {
  const blocks = Math.max(0, ...history.map((pod) => pod.length))
  return Array.from({ length: blocks }, (_, block) =>
    history.reduce((total, pod) => {
      const histogram = pod[block]
      return histogram === undefined ? total : addCounts(total, slower(histogram, edges, bound))
    }, NOTHING)
  )
}

/** Looks at what a fixed bound cannot see by itself. */
export function lookBeside(question: Question): Beside {
  const measured = measure(question, question.steps[0]?.begun ?? question.now)
  const { history } = measured
  const crash = firstCrash(measured, question.steps)
  return {
    ...(crash !== undefined && { crash }),
    burstiness: {
      errors: burstiness(history),
      above: (bound) => burstiness(slowerBefore(measured, bound))
    }
  }
}
