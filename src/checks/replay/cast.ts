import { knownPod, type KnownPod, type PodSamples, type Sample } from '../judge/pods.ts'

/** Who plays the new version: some of stable's pods, each from a moment on. */

/** Since when each pod plays it, in milliseconds since the epoch. */
export type Cast = ReadonlyMap<string, number>

/** A pod of the past, and between which of its samples it is known. */
export interface PastPod extends KnownPod {
  readonly oldest: number
}

const seriesOf = ({ requests, buckets }: PodSamples) => [...requests, ...buckets]

const oldestOf = (pod: PodSamples): number =>
  seriesOf(pod).reduce((least, { samples }) => Math.min(least, samples[0]?.at ?? Infinity), Infinity)

export const pastPod = (pod: PodSamples): PastPod => ({ ...knownPod(pod), oldest: oldestOf(pod) })

export const isThere = ({ oldest, newest }: PastPod, at: number): boolean => oldest <= at && at < newest

/** Each release begins with another pod. */
function rotated<T>(items: readonly T[], by: number): readonly T[] {
  const first = items.length === 0 ? 0 : by % items.length
  return [...items.slice(first), ...items.slice(0, first)]
}

/** What of so many pods plays the new version for a share of the users, from 0 to 1. */
export const playersFor = (share: number, pods: number): number =>
  share >= 1 ? pods : Math.max(1, Math.min(Math.round(share * pods), pods - 1))

export interface Scene {
  readonly at: number
  readonly share: number
  /** Number of the release. */
  readonly turn: number
}

/** Adds to the cast who is needed for the next step; those that came up after the last one among them, where all play. */
export function withMore(cast: Cast, pods: readonly PastPod[], { at, share, turn }: Scene): Cast {
  if (share >= 1) return new Map(pods.map(({ name }) => [name, cast.get(name) ?? at]))
  const there = pods.filter((pod) => isThere(pod, at)).map(({ name }) => name)
  const wanted = playersFor(share, there.length) - there.filter((name) => cast.has(name)).length
  const others = rotated(there.toSorted(), turn).filter((name) => !cast.has(name))
  return new Map([...cast, ...others.slice(0, Math.max(wanted, 0)).map((name) => [name, at] as const)])
}

/** Samples until a moment, and from the last one before another on, from which increases are counted. */
function between(samples: readonly Sample[], after: number, until: number): readonly Sample[] {
  const first = Math.max(
    samples.findLastIndex(({ at }) => at <= after),
    0
  )
  return samples.slice(first, samples.findLastIndex(({ at }) => at <= until) + 1)
}

/** A pod as it is known of between two moments: milliseconds since the epoch. */
export function clipped(pod: PodSamples, after: number, until: number, ready: boolean): PodSamples {
  const clip = <S extends { readonly samples: readonly Sample[] }>(series: readonly S[]): readonly S[] =>
    series
      .map((one) => ({ ...one, samples: between(one.samples, after, until) }))
      .filter(({ samples }) => samples.length > 0)
  const { createdAt, name } = pod
  return {
    name,
    // What was there before did not begin at 0 then.
    ...(createdAt !== undefined && createdAt > after && { createdAt }),
    ready,
    requests: clip(pod.requests),
    buckets: clip(pod.buckets)
  }
}

/** What would be known at a moment of a release of which nothing but the cast is new. */
export function performed(
  pods: readonly PastPod[],
  cast: Cast,
  { from, now }: { readonly from: number; readonly now: number }
): { readonly stable: readonly PodSamples[]; readonly canary: readonly PodSamples[] } {
  const known = pods.filter(({ oldest }) => oldest <= now)
  return {
    stable: known.map((pod) => {
      const until = cast.get(pod.name) ?? now
      return clipped(pod, from, Math.min(until, now), until >= now && isThere(pod, now))
    }),
    canary: known.flatMap((pod) => {
      const since = cast.get(pod.name)
      return since === undefined ? [] : [clipped(pod, since, now, isThere(pod, now))]
    })
  }
}
