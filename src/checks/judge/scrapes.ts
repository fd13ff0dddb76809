import type { Counts } from '../../domain/judgement.ts'
import { eachGrowth } from './growth.ts'
import type { KnownPod } from './pods.ts'

/** What a scrape of a pod has brought. */
export interface Scrape extends Counts {
  /** Milliseconds since the epoch. */
  readonly at: number
}

/** What each scrape of a pod has brought since a moment. */
function scrapesOfPod(pod: KnownPod, from: number, now: number): readonly Scrape[] {
  const found = new Map<number, { at: number; requests: number; errors: number }>()
  for (const { failed, samples } of pod.requests)
    eachGrowth(samples, pod.bornAt, (by, at) => {
      if (at <= from || at > now) return
      const scrape = found.get(at) ?? { at, requests: 0, errors: 0 }
      scrape.requests += by
      scrape.errors += failed ? by : 0
      found.set(at, scrape)
    })
  return [...found.values()]
}

/** Those of all pods, ordered by time. */
export const scrapesOf = (pods: readonly KnownPod[], from: number, now: number): readonly Scrape[] =>
  pods.flatMap((pod) => scrapesOfPod(pod, from, now)).sort((one, other) => one.at - other.at)
