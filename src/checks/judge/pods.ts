/** A counter's value at a time: one sample of a series, whatever store it is from. */
export interface Sample {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** May be NaN or infinite. */
  readonly value: number
}

/** The counters of a pod, or of a router's instance, for users' requests: probes and scrapes are left out before. */
export interface PodSamples {
  readonly name: string
  /** Milliseconds since the epoch; undefined when it is gone, and nobody knows any more. */
  readonly createdAt?: number
  /** Its samples are waited for. */
  readonly ready: boolean
  /** Series of requests; `failed` says whether what the series counts are errors. */
  readonly requests: readonly { readonly failed: boolean; readonly samples: readonly Sample[] }[]
  /** Series of a histogram's cumulative buckets: the edge in seconds, Infinity for the last. */
  readonly buckets: readonly { readonly edge: number; readonly samples: readonly Sample[] }[]
}

/** A pod is first scraped within these milliseconds; so long Prometheus takes a sample for current, too. */
const FIRST_SCRAPE = 300_000

/** A pod with what its samples as a whole say. */
export interface KnownPod extends PodSamples {
  /** Milliseconds since the epoch of its last sample; -Infinity without any. */
  readonly newest: number
  /**
   * Whether a series stood at 0 before its first sample, given the time of that. One that appears in a pod which was scraped before
   * did, as the counter did not exist then. So did the first ones of a pod that is as new. In an older pod that has only just been
   * found, the first value is older traffic.
   */
  readonly bornAt: (firstSample: number) => boolean
}

export function knownPod(pod: PodSamples): KnownPod {
  let [oldest, newest] = [Infinity, -Infinity]
  for (const { samples } of [...pod.requests, ...pod.buckets])
    for (const { at } of samples) {
      if (at < oldest && at > -Infinity) oldest = at
      if (at > newest && at < Infinity) newest = at
    }
  const isNew = pod.createdAt !== undefined && oldest - pod.createdAt <= FIRST_SCRAPE
  return { ...pod, newest, bornAt: (firstSample) => isNew || firstSample > oldest }
}

/** The edges that all of a pod's histograms have: one that some lack would count too little. */
function ownEdges({ buckets }: PodSamples): readonly number[] {
  const byEdge = Map.groupBy(buckets, ({ edge }) => edge)
  const histograms = byEdge.get(Infinity)?.length ?? 0
  return [...byEdge].filter(([, series]) => series.length === histograms).map(([edge]) => edge)
}

/** No request is over in less, in seconds: an edge below that splits nothing, and its logarithm may be none. */
const LEAST_EDGE = 1e-9

/** The edges that all pods have which have any, in seconds and in order, without +Inf. */
export function commonEdges(pods: readonly PodSamples[]): readonly number[] {
  const [first = [], ...others] = pods.filter(({ buckets }) => buckets.length > 0).map(ownEdges)
  return first
    .filter((edge) => edge >= LEAST_EDGE && edge < Infinity && others.every((edges) => edges.includes(edge)))
    .sort((one, other) => one - other)
}
