import { isDeepStrictEqual } from 'node:util'
import { CHANGE_CAUSE } from '../../../src/domain/change-cause.ts'
import { RECORD_ANNOTATION } from '../../../src/domain/record.ts'
import type { HorizontalPodAutoscaler } from '../../../src/kubernetes/limits.ts'
import type { KubernetesObject } from '../../../src/kubernetes/objects.ts'
import { FENCE_ANNOTATION } from '../../../src/lock/fence.ts'
import { BEFORE_ANNOTATION } from '../../../src/routes/route.ts'
import type { Backend, HttpRoute } from '../../support/memory/gateway-controller.ts'
import type { Stored } from '../../support/memory/stored.ts'
import { autoscalerRef } from '../../support/memory/shop.ts'
import type { Stage } from '../stage.ts'
import { deploymentIn, isEntrance, mirrorsOf, serviceIn, SLOTS } from '../users.ts'
import { isRun, type Report } from './report.ts'

/** A run changes its own fields and nothing else. */
export function watchForeign(stage: Stage, report: Report): void {
  const { cluster } = stage
  cluster.subscribe((now, before, writer) => {
    if (!isRun(writer) || now.kind === 'Lease') return
    const title = `${now.kind.toLowerCase()}/${now.metadata.name}`
    if (before === undefined) {
      if (!isOursToMake(now)) report.add('foreign', `${writer} made ${title}`)
      return
    }
    if (now.metadata.deletionTimestamp !== undefined) report.add('foreign', `${writer} deleted ${title}`)
    for (const fault of faultsIn(now, before, stage)) report.add('foreign', `${writer}, ${title}: ${fault}`)
  })
}

const isOursToMake = ({ kind, metadata }: Stored): boolean =>
  (kind === 'Deployment' || kind === 'Service') && /^web-(blue|green|plain)$/.test(metadata.name)

function faultsIn(now: Stored, before: Stored, stage: Stage): readonly string[] {
  const lost = [
    ...lostKeys('label', before.metadata.labels, now.metadata.labels, sourcesOf(now, stage)),
    ...lostKeys('annotation', before.metadata.annotations, now.metadata.annotations, [])
  ]
  const same = isDeepStrictEqual(theirs(now), theirs(before)) ? [] : ['changed more than is ours to change']
  return [...lost, ...same, ...(now.kind === 'Deployment' ? sizeFaults(now, before, stage) : [])]
}

const OURS: ReadonlySet<string> = new Set([RECORD_ANNOTATION, BEFORE_ANNOTATION, FENCE_ANNOTATION])

type Entries = Readonly<Record<string, string>>

/** What an earlier release has said of its version, which the next one in the same Deployment replaces. */
const isCauseOfOurs = (key: string, value = ''): boolean =>
  key === CHANGE_CAUSE && value.startsWith('greenlight ')

/**
 * A version is brought with the labels that its Deployment has in the other slot, its Service with those of the one that
 * users name: those win, as a manifest's would.
 */
function sourcesOf(object: Stored, { cluster }: Stage): readonly Entries[] {
  const { kind, metadata } = object
  const labelsOf = (other: KubernetesObject | undefined): Entries => other?.metadata.labels ?? {}
  if (kind === 'Service') return isOursToMake(object) ? [labelsOf(serviceIn(cluster))] : []
  if (kind !== 'Deployment') return []
  return SLOTS.filter((name) => name !== metadata.name).map((name) => labelsOf(deploymentIn(cluster, name)))
}

function lostKeys(
  what: string,
  before: Entries = {},
  now: Entries = {},
  sources: readonly Entries[]
): string[] {
  return Object.keys(before)
    .filter((key) => !OURS.has(key) && !isCauseOfOurs(key, before[key]) && now[key] !== before[key])
    .filter((key) => !sources.some((source) => source[key] === now[key]) || now[key] === undefined)
    .map((key) => `the ${what} ${key} was ${before[key] ?? ''} and is ${now[key] ?? 'gone'}`)
}

type Tree = Readonly<Record<string, unknown>>

/** Of the spec what other people's is. */
function theirs(object: Stored): unknown {
  const { kind } = object
  const spec = (object.spec ?? {}) as Tree
  if (kind === 'Service') return isEntrance(object) ? { ...spec, selector: '' } : isOursToMake(object) || spec
  if (kind === 'HorizontalPodAutoscaler')
    return { ...spec, scaleTargetRef: { ...(spec.scaleTargetRef as Tree), name: '' } }
  if (kind === 'HTTPRoute') return { ...spec, rules: rulesOfOthers(object as HttpRoute) }
  // What runs in it, and how often, is what a release is about; by what it is found never changes.
  if (kind === 'Deployment') return spec.selector
  return spec
}

const isCanary = ({ name }: Backend): boolean => /^web-(blue|green|plain)$/.test(name)

/** The rules of a route without what a release puts into them; the weight of its own entry is as the team wrote it. */
export const rulesOfOthers = (route: HttpRoute): unknown =>
  route.spec.rules
    .filter(({ backendRefs }) => backendRefs.length === 0 || !backendRefs.every(isCanary))
    .map(({ filters = [], backendRefs, ...rule }) => ({
      ...rule,
      filters: mirrorsOf(route).length === 0 ? filters : [],
      backendRefs: backendRefs
        .filter((backend) => !isCanary(backend))
        .map((backend) => (backend.name === 'web' ? { ...backend, weight: undefined } : backend))
    }))

/** What an autoscaler scales is only ever made bigger by a run, and only so that stable can take users back. */
function sizeFaults(now: Stored, before: Stored, { cluster }: Stage): readonly string[] {
  const target = cluster.read<HorizontalPodAutoscaler>(autoscalerRef)?.spec.scaleTargetRef.name
  const size = ({ spec }: Stored): number => Number((spec as Tree).replicas ?? 1)
  return target === now.metadata.name && size(now) < size(before)
    ? [`${size(before)} replicas belong to the autoscaler and are ${size(now)}`]
    : []
}
