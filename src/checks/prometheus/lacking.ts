import type { Fault } from '../../base/errors.ts'
import { checkLineName, isComparison, type CheckLine } from '../../inputs/check-line.ts'
import { coarseness, tooCoarse, unseen } from './histogram.ts'
import type { Latency, Names } from './recipes.ts'
import type { Lacks } from './source-queries.ts'

/** What of the metrics that a line stands on is not there; undefined when nothing is missing. */
export function lackFor(line: CheckLine, names: Names, lacks: Lacks): string | undefined {
  const { requests, status, latency, native } = names
  const withoutStatus = status === undefined ? lacks.status(requests) : undefined
  const withoutBuckets = latency?.hasBuckets ? undefined : lacks.buckets
  switch (isComparison(line) ? line.kind : line.metric.kind) {
    case 'success-rate':
    case 'error-rate':
      return withoutStatus
    case 'latency':
      return isComparison(line) && native !== undefined ? undefined : withoutBuckets
    case 'like-stable':
      return withoutStatus ?? (native === undefined ? withoutBuckets : undefined)
    case 'mean-latency':
      return latency === undefined ? lacks.durations : undefined
    default:
      return undefined
  }
}

const WITHOUT_STATUS =
  'Count requests with their HTTP status in a label, or name a router in front of the pods in metrics ' +
  '(docs/compared-with-stable.md); or write a bound as a query of metrics that there are'

const WITHOUT_DURATIONS =
  'Compare errors alone, give the service a histogram of durations by one of these names, or name a router in front of the pods ' +
  'in metrics (docs/compared-with-stable.md)'

/**
 * Lines that name stable, which has users and yet nothing of what is to be compared: whatever the new version has, the release would
 * end for that after users were moved.
 */
export const incomparable = (lines: readonly CheckLine[], names: Names, lacks: Lacks): readonly Fault[] =>
  lines.filter(isComparison).flatMap((line) => {
    const lacking = lackFor(line, names, lacks)
    if (lacking === undefined) return []
    const [next, example] =
      lacking === lacks.buckets
        ? [WITHOUT_DURATIONS, 'error-rate <= stable + 0.1%']
        : [WITHOUT_STATUS, 'failures: sum(rate(failures_total{pod=~"$pods"}[1m])) < 1']
    const problem = `${checkLineName(line)} cannot be judged: ${lacking}, so there is nothing to compare with. ${next}`
    return { input: 'checks', problem, example }
  })

/** Lines that the histogram can never answer. */
export const hopeless = (lines: readonly CheckLine[], { latency }: Names): readonly Fault[] =>
  lines.flatMap((line) => (isComparison(line) && latency !== undefined ? unseen(line, latency) : []))

/** Why the histogram cannot show what a line asks of it. */
export function coarse(line: CheckLine, latency: Latency): readonly string[] {
  if (isComparison(line)) return tooCoarse(line, latency)
  return line.metric.kind === 'latency' ? coarseness(line, latency) : []
}
