import type { Probe } from '../../kubernetes/probes.ts'
import { eachGrowth } from '../judge/growth.ts'
import { knownPod, type PodSamples } from '../judge/pods.ts'
import type { HistogramSample, Sample, Series } from './metrics.ts'
import { cumulated } from './native-histogram.ts'
import { isAtRoot, rootProbes } from './probe-requests.ts'
import type { Names } from './recipes.ts'
import { edgeOf, named, type Counting } from './traffic.ts'

/** Who reports: a pod, or an instance of a router, with its series. */
export interface Reporter extends Pick<PodSamples, 'name' | 'createdAt' | 'ready'> {
  readonly series: readonly Series[]
  /** When it was scraped, whether it had anything to report or not: milliseconds since the epoch, a list a target. */
  readonly scrapes: readonly (readonly number[])[]
}

/** How its series are read. */
export interface Reading extends Pick<Counting, 'hasFailed' | 'probedPath'> {
  readonly names: Names
  /** Of native histograms, in the metric's unit. */
  readonly edges: readonly number[]
  readonly probes: readonly Probe[] | undefined
}

type Buckets = PodSamples['buckets']

const classicBuckets = (series: readonly Series[], { base, unit }: NonNullable<Names['latency']>): Buckets =>
  named(series, `${base}_bucket`).map((one) => ({ edge: edgeOf(one) * unit, samples: one.samples }))

/** A native histogram at each edge. */
function nativeBuckets(samples: readonly HistogramSample[], edges: readonly number[], unit: number): Buckets {
  const counts = samples.map((sample) => [...cumulated(sample, edges), sample.count])
  return [...edges, Infinity].map((edge, i) => ({
    edge: edge * unit,
    samples: samples.map(({ at }, of) => ({ at, value: counts[of]?.[i] ?? 0 }))
  }))
}

function bucketsOf(series: readonly Series[], { latency, native }: Names, edges: readonly number[]): Buckets {
  if (latency?.hasBuckets) return classicBuckets(series, latency)
  if (native === undefined) return []
  return named(series, native.base).flatMap(({ histograms = [] }) =>
    nativeBuckets(histograms, edges, native.unit)
  )
}

/** What several counters of a pod have counted since its first sample, at each time at which one of them grew. */
function grownTogether(counters: readonly Series[], pod: PodSamples): readonly Sample[] {
  const { bornAt } = knownPod(pod)
  const grown = new Map<number, number>()
  for (const { samples } of counters)
    eachGrowth(samples, bornAt, (by, at) => grown.set(at, (grown.get(at) ?? 0) + by))
  return [...grown].map(([at, value]) => ({ at, value })).sort((one, other) => one.at - other.at)
}

const firstOf = (lists: readonly (readonly Sample[])[]): number =>
  lists.reduce((first, samples) => Math.min(first, samples[0]?.at ?? Infinity), Infinity)

/** One counter for all requests for `/` that did not fail, without as many as the kubelet may have sent since the pod was first known. */
function withoutProbes(
  atRoot: readonly Series[],
  pod: PodSamples,
  probes: readonly Probe[] | undefined
): PodSamples['requests'] {
  const isNew = knownPod(pod).bornAt(-Infinity)
  const first = firstOf([...pod.requests, ...pod.buckets].map(({ samples }) => samples))
  const begun = isNew ? (pod.createdAt ?? first) : first
  let [total, users] = [0, 0]
  const grown = grownTogether(atRoot, pod)
  const start = (grown[0]?.at ?? first) > first ? [{ at: first, value: 0 }] : []
  const samples = [...start, ...grown].map(({ at, value }) => {
    total += value
    users = Math.max(users, total - rootProbes(probes, at - begun))
    return { at, value: users }
  })
  return [{ failed: false, samples }]
}

/** Of each target a counter that stays at 0: it says that the pod was scraped, so that no news are good news. */
const heartbeats = (scrapes: Reporter['scrapes']): PodSamples['requests'] =>
  scrapes
    .filter((times) => times.length > 0)
    .map((times) => ({ failed: false, samples: times.map((at) => ({ at, value: 0 })) }))

/** A reporter as the judge wants it: users' requests only. */
export function podSamples({ series, scrapes, ...who }: Reporter, reading: Reading): PodSamples {
  const { names, hasFailed, probedPath, edges, probes } = reading
  const users = series.filter(({ labels }) => probedPath(labels) === undefined)
  const all = named(users, names.requests).map((one) => ({ ...one, failed: hasFailed(one.labels) }))
  const counted = (some: typeof all): PodSamples['requests'] =>
    some.map(({ failed, samples }) => ({ failed, samples }))
  const alive = heartbeats(scrapes)
  const pod: PodSamples = {
    ...who,
    requests: [...counted(all), ...alive],
    buckets: bucketsOf(users, names, edges)
  }
  const atRoot = all.filter(({ labels, failed }) => isAtRoot(labels) && !failed)
  if (atRoot.length === 0 || rootProbes(probes, 0) === 0) return pod
  const others = all.filter((one) => !atRoot.includes(one))
  return { ...pod, requests: [...counted(others), ...withoutProbes(atRoot, pod, probes), ...alive] }
}
