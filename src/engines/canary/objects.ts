import { isTree, type Tree } from '../../kubernetes/tree.ts'
import type { KubernetesObject } from '../../kubernetes/objects.ts'
import { at, countAt, isTrueAt, listAt, textAt, treeAt } from '../../kubernetes/read.ts'
import type { Ref } from '../../kubernetes/ref.ts'
import { durationIn } from '../durations.ts'
import { shareOf } from '../share.ts'

export const GROUP = 'flagger.app'
export const CANARY = { apiVersion: `${GROUP}/v1beta1`, kind: 'Canary' } as const
export const METRIC_TEMPLATE = { apiVersion: `${GROUP}/v1beta1`, kind: 'MetricTemplate' } as const

export const titleOf = ({ metadata }: KubernetesObject): string => `canary/${metadata.name}`

/** How it is analysed; `canaryAnalysis` is its name of before. Flagger promotes without any where neither is there. */
export function analysisOf(canary: unknown): Tree | undefined {
  const found = at(canary, 'spec', 'analysis') ?? at(canary, 'spec', 'canaryAnalysis')
  return isTree(found) ? found : undefined
}

export const skipsAnalysis = (canary: unknown): boolean =>
  analysisOf(canary) === undefined || isTrueAt(canary, 'spec', 'skipAnalysis')

/** What it releases, of whatever kind. */
export const targetOf = (canary: unknown): { readonly kind: string; readonly name: string } => ({
  kind: textAt(canary, 'spec', 'targetRef', 'kind'),
  name: textAt(canary, 'spec', 'targetRef', 'name')
})

export const isSuspended = (canary: unknown): boolean => isTrueAt(canary, 'spec', 'suspend')

const deployment = ({ metadata: { namespace } }: KubernetesObject, name: string): Ref => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  namespace,
  name
})

/** The Deployment that people write, and that runs a new version while it is looked at. */
export function targetRef(canary: KubernetesObject): Ref | undefined {
  const { kind, name } = targetOf(canary)
  return kind === 'Deployment' && name !== '' ? deployment(canary, name) : undefined
}

/** The Deployment that serves, which Flagger alone writes. */
export function primaryRef(canary: KubernetesObject): Ref | undefined {
  const target = targetRef(canary)
  return target && deployment(canary, `${target.name}-primary`)
}

/** What moves the traffic. Without a name it is what Flagger was started with. */
export const providerOf = (canary: unknown): string => textAt(canary, 'spec', 'provider')

/** The Service that users come by. */
export const apexOf = (canary: unknown): string =>
  textAt(canary, 'spec', 'service', 'name') || targetOf(canary).name

const DEFAULT_INTERVAL = 60_000
const LEAST_INTERVAL = 10_000

/** Milliseconds between two looks of Flagger: what it cannot read is a minute to it, and less than ten seconds is ten. */
export function intervalOf(canary: unknown): number {
  const written = textAt(analysisOf(canary), 'interval')
  // Go reads no number without a unit.
  const read = /^\d+$/.test(written) ? undefined : durationIn(written)
  return Math.max(LEAST_INTERVAL, read ?? DEFAULT_INTERVAL)
}

/** It takes 0 for what is absent, as it does everywhere. */
const positive = (found: number | undefined, fallback: number): number =>
  found === undefined || found <= 0 ? fallback : found

export const thresholdOf = (canary: unknown): number => positive(countAt(analysisOf(canary), 'threshold'), 1)

export const progressDeadlineOf = (canary: unknown): number =>
  positive(countAt(canary, 'spec', 'progressDeadlineSeconds'), 600)

/** Of the requests that match, of all requests by their number, or of none until the end. */
export type Strategy = 'match' | 'weights' | 'blue-green'

const UNCOUNTED = 10

/** How often it looks before it goes on; it makes ten of none where no router can share the requests out. */
export function iterationsOf(canary: unknown): number {
  const iterations = Math.max(0, countAt(analysisOf(canary), 'iterations') ?? 0)
  return iterations === 0 && providerOf(canary) === 'kubernetes' ? UNCOUNTED : iterations
}

export function strategyOf(canary: unknown): Strategy {
  if (iterationsOf(canary) === 0) return 'weights'
  const matches = listAt(analysisOf(canary), 'match').length > 0
  return matches && providerOf(canary) !== 'kubernetes' ? 'match' : 'blue-green'
}

const MOST_STEPS = 100

/** The shares that it goes through, in percent; none where it never gets to the first one. */
export function weightsOf(canary: unknown): readonly number[] {
  if (strategyOf(canary) !== 'weights') return []
  const analysis = analysisOf(canary)
  const step = countAt(analysis, 'stepWeight') ?? 0
  if (step <= 0)
    return listAt(analysis, 'stepWeights')
      .filter((weight): weight is number => typeof weight === 'number')
      .map(shareOf)
  const most = positive(countAt(analysis, 'maxWeight'), 100)
  const count = Math.min(MOST_STEPS, Math.ceil(most / step))
  return Array.from({ length: count }, (_, index) => Math.min(100, step * (index + 1)))
}

/** What Flagger reports. Both specs are hashes, which it alone can reckon. */
export interface CanaryStatus {
  readonly phase: string
  readonly weight: number
  readonly iterations: number
  readonly failedChecks: number
  /** The template that it has taken up last. */
  readonly applied: string
  /** When its phase became this one; RFC 3339. Absent of one without a status. */
  readonly since: string
  readonly message: string
  /** When it last wrote what it has come to; RFC 3339. */
  readonly wroteAt: string
}

export function statusOf(canary: unknown): CanaryStatus {
  const status = treeAt(canary, 'status')
  const promoted = listAt(status, 'conditions').find((one) => at(one, 'type') === 'Promoted')
  return {
    phase: textAt(status, 'phase'),
    weight: shareOf(countAt(status, 'canaryWeight') ?? 0),
    iterations: countAt(status, 'iterations') ?? 0,
    failedChecks: countAt(status, 'failedChecks') ?? 0,
    applied: textAt(status, 'lastAppliedSpec'),
    since: textAt(promoted, 'lastUpdateTime'),
    message: textAt(promoted, 'message'),
    wroteAt: textAt(status, 'lastTransitionTime')
  }
}

/** Routers whose object has the name of the Service that users come by. */
const ROUTED: Readonly<Record<string, string>> = {
  istio: 'virtualservice',
  'gatewayapi:v1': 'httproute',
  'gatewayapi:v1beta1': 'httproute',
  traefik: 'traefikservice',
  contour: 'httpproxy',
  linkerd: 'trafficsplit'
}

/** What users come by. */
export function entrancesOf(canary: KubernetesObject): readonly string[] {
  const provider = providerOf(canary)
  const routed = ROUTED[provider]
  const ingress = textAt(canary, 'spec', 'ingressRef', 'name')
  return [
    ...(routed === undefined ? [] : [`${routed}/${apexOf(canary)}`]),
    ...(ingress === '' ? [] : [`ingress/${ingress}`]),
    `service/${apexOf(canary)}`
  ]
}
