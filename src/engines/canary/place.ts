import type { Deployment } from '../../kubernetes/objects.ts'
import { countAt } from '../../kubernetes/read.ts'
import type { Place, Seen, Weight } from '../engine.ts'
import { iterationsOf, providerOf, statusOf, strategyOf, weightsOf, type CanaryStatus } from './objects.ts'

/** How many requests match the conditions of an A/B test is not known; that some do is. */
const SOME = 1

const same = (now: number): Weight => ({ now, wanted: now })

/** How far a release has come while it is analysed, or waits. */
export function placeOf({ object }: Seen): Place {
  const status = statusOf(object)
  if (strategyOf(object) === 'weights') return sharedPlace(weightsOf(object), status)
  const of = iterationsOf(object)
  // At the gate before the promotion the count goes to and fro.
  const isOver = status.phase === 'WaitingPromotion'
  const step = isOver ? of : Math.min(Math.max(1, status.iterations), of)
  // One more than there are: a router sends all requests to the new version, just before it is promoted.
  const isSwitched = status.iterations > of && providerOf(object) !== 'kubernetes'
  if (strategyOf(object) === 'blue-green') return { weight: same(isSwitched ? 100 : 0), step, of }
  return { weight: same(status.iterations > 0 || isOver ? SOME : 0), step, of }
}

function sharedPlace(weights: readonly number[], { phase, weight }: CanaryStatus): Place {
  // At the gate before the promotion it reports 0, and leaves the routes as they are.
  const now = phase === 'WaitingPromotion' ? (weights.at(-1) ?? weight) : weight
  const passed = weights.findLastIndex((one) => one <= now) + 1
  if (weights.length === 0) return { weight: same(now) }
  return { weight: same(now), step: Math.max(1, passed), of: weights.length }
}

/** The pods that serve are being replaced: they bring the new version besides the share that it has by itself. */
export function promotedPlace({ object, serving }: Seen): Place {
  const { phase, weight } = statusOf(object)
  if (phase === 'Finalising') return { weight: { now: 100, wanted: 100 } }
  const { replicas, updated } = countsOf(serving as Deployment | undefined)
  const renewed = replicas === 0 ? 0 : Math.min(1, updated / replicas)
  return { weight: { now: Math.floor(weight + (100 - weight) * renewed), wanted: 100 } }
}

function countsOf(deployment: Deployment | undefined): { replicas: number; updated: number } {
  const { generation = 0 } = deployment?.metadata ?? {}
  const isSeen = (countAt(deployment, 'status', 'observedGeneration') ?? 0) >= generation
  return {
    replicas: countAt(deployment, 'status', 'replicas') ?? 0,
    updated: isSeen ? (countAt(deployment, 'status', 'updatedReplicas') ?? 0) : 0
  }
}
