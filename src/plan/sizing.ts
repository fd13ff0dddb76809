import { wantedReplicas } from '../kubernetes/health.ts'
import type { Deployment } from '../kubernetes/objects.ts'
import { rolloutOf } from '../kubernetes/rollout.ts'
import type { Route, Split } from '../routes/route.ts'

/**
 * How many pods the canary needs beside so many of stable, at least 1.
 *
 * Where a router shares requests out they need the same part of stable's pods: n·w/100. Where pods share connections
 * out by their number they must be that part of all pods: n·w/(100−w).
 */
export function podsFor({ weight, mirror = 0 }: Split, stable: number, shareOf: Route['shareOf']): number {
  const load = Math.max(weight, mirror)
  const parts = shareOf === 'requests' || load === 100 ? 100 : 100 - load
  return Math.max(1, Math.ceil((stable * load) / parts))
}

/** Percent of the connections that so many pods of the canary get beside those of stable. */
export const shareByPods = (canary: number, stable: number): number => (100 * canary) / (canary + stable)

/**
 * How many extra pods the Deployment's controller must start. Where some pods may be missing for a while, it can make
 * room by itself.
 */
export function surgeOf(deployment: Deployment): number {
  const { maxSurge = '25%', maxUnavailable = '25%' } = (rolloutOf(deployment).strategy?.rollingUpdate ??
    {}) as Readonly<Partial<Record<'maxSurge' | 'maxUnavailable', number | string>>>
  const part = (value: number | string): number =>
    typeof value === 'number' ? value : ((Number.parseInt(value, 10) || 0) * wantedReplicas(deployment)) / 100
  return Math.floor(part(maxUnavailable)) > 0 ? 0 : Math.ceil(part(maxSurge))
}
