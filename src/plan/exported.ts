import type { Fault } from '../base/errors.ts'
import { sh } from '../base/shell.ts'
import { isMark } from '../domain/marks.ts'
import { RECORD_ANNOTATION } from '../domain/record.ts'
import { isSlotService, SLOT_LABEL, slotDeploymentName } from '../domain/slots.ts'
import { LAST_APPLIED } from '../kubernetes/gitops.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import type { KubernetesObject, LabelSelector, Metadata, Service } from '../kubernetes/objects.ts'
import { isOurs } from '../kubernetes/ours.ts'
import { keyOf } from '../kubernetes/ref.ts'
import { isTree, type Tree } from '../kubernetes/tree.ts'
import type { Observed } from '../observe/observed.ts'
import { BEFORE_ANNOTATION, objectsOf, type Backends, withObject } from '../routes/route.ts'
import { isSlotOf } from './live-fields.ts'

/** Manifests as their authors can have meant them, and what was left out of them. */
export interface Authored {
  readonly manifests: readonly Manifest[]
  readonly faults: readonly Fault[]
  readonly warnings: readonly string[]
}

/**
 * Cleans manifests that were written by `kubectl get -o yaml`. They hold fields of releases, of the API server and of
 * kubectl. Applied, these would bring back the record, the claims and the traffic of that moment.
 */
export function asAuthored(manifests: readonly Manifest[], observed: Observed): Authored {
  const read = manifests.map((manifest) => authored(manifest, observed))
  return {
    manifests: read.flatMap(({ manifests }) => manifests),
    faults: read.flatMap(({ faults }) => faults),
    warnings: read.flatMap(({ warnings }) => warnings)
  }
}

function authored({ object, source }: Manifest, observed: Observed): Authored {
  const what = `${source}: ${object.kind} ${object.metadata.name}`
  if (isMadeByRelease(object)) {
    const warning = `${what} is made and kept by releases themselves: it is left out`
    return { manifests: [], faults: [], warnings: [warning] }
  }
  const settled = outsideReleases(object, observed)
  if (settled === 'in-release') return { manifests: [], faults: [inRelease(what, object)], warnings: [] }
  const bare = withoutMarks(asWritten(settled), observed)
  const marks = marksIn(object).filter((mark) => !marksIn(bare).includes(mark))
  const warnings = marks.map(
    (mark) => `${what} has the ${mark}, which only a release may write: it is left out`
  )
  const moved =
    settled === object
      ? []
      : [`${what} was taken in the middle of a release: it is applied as it is outside of one`]
  return { manifests: [{ object: bare, source }], faults: [], warnings: [...warnings, ...moved] }
}

const inRelease = (what: string, { kind, metadata }: KubernetesObject): Fault => ({
  input: 'manifests',
  problem: `${what} was taken in the middle of a release (${BEFORE_ANNOTATION}): applied, it would move traffic`,
  example: `\`${sh`kubectl get ${kind.toLowerCase()} ${metadata.name} -o yaml`}\` when no release is under way, or its file in Git`
})

/** Copies of config, a route's entries for the canary, the Services of the slots. */
function isMadeByRelease(object: KubernetesObject): boolean {
  const { name, labels = {} } = object.metadata
  return isOurs(object) || (object.kind === 'Service' && name.endsWith(`-${labels[SLOT_LABEL] ?? '/'}`))
}

const slotServices = (workload: string): readonly string[] => [
  slotDeploymentName(workload, 'blue'),
  slotDeploymentName(workload, 'green'),
  `${workload}-plain`
]

/** The object without a release's entries; `in-release` if it is no route of the workload and has some. */
function outsideReleases(object: KubernetesObject, observed: Observed): KubernetesObject | 'in-release' {
  const { otherServices, workload, routes } = observed
  const isMarked = annotationsOf(object)[BEFORE_ANNOTATION] !== undefined
  const ours = otherServices.filter(isSlotService).map(({ metadata }) => metadata.name)
  const named = slotServices(workload).filter((name) => ours.includes(name) && names(object, name))
  if (!isMarked && named.length === 0) return object
  let settled: KubernetesObject = object
  let isMember = false
  for (const canary of slotServices(workload)) {
    const backends = backendsWith(canary, observed)
    for (const { route, object: main, others } of routes) {
      const members = objectsOf(route, main, others, backends)
      if (!members.some((member) => keyOf(member) === keyOf(object))) continue
      isMember = true
      const written = route.settle(withObject(members, settled), backends, 'stable')
      settled = written.find((one) => keyOf(one) === keyOf(object)) ?? settled
    }
  }
  return isMarked && !isMember ? 'in-release' : settled
}

/** Whether the object mentions the name in a field, or in the JSON of an annotation. */
const names = (object: KubernetesObject, name: string): boolean =>
  JSON.stringify({ ...object, metadata: annotationsOf(object) })
    .split(/[^a-z0-9-]+/)
    .includes(name)

function backendsWith(canary: string, { namespace, service, workload }: Observed): Backends {
  const selector = service.spec.selector ?? {}
  const [stable = ''] = slotServices(workload).filter((name) => name !== canary)
  const selectors = { before: selector, stable: selector, canary: selector }
  return { namespace, apex: service.metadata.name, stable, canary, selectors }
}

/** Metadata of the live object that was exported. The API server refuses some of these fields, and would act on others. */
const OF_THE_SERVER: ReadonlySet<string> = new Set([
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'managedFields',
  'selfLink'
])

function asWritten(object: KubernetesObject): KubernetesObject {
  const { status: _, metadata, ...rest } = object as KubernetesObject & { readonly status?: unknown }
  const kept = Object.entries(metadata).filter(([field]) => !OF_THE_SERVER.has(field))
  const written = Object.fromEntries(kept) as unknown as Metadata
  return { ...rest, metadata: without(written, 'annotations', (key) => key === LAST_APPLIED) }
}

function withoutMarks(object: KubernetesObject, observed: Observed): KubernetesObject {
  const { metadata } = object
  const bare = {
    ...object,
    metadata: without(without(metadata, 'annotations', isMark), 'labels', isMark)
  }
  const kept = keptSelector(bare, observed)
  return withoutMarksOfPods(kept, isSlotOf(observed, object))
}

/** Traffic of another workload is moved by the releases of that workload only. */
function keptSelector(object: KubernetesObject, { otherServices }: Observed): KubernetesObject {
  const live = otherServices.find(
    ({ metadata }) => object.kind === 'Service' && metadata.name === object.metadata.name
  )
  const { spec } = object as Service
  if (live?.metadata.annotations?.[RECORD_ANNOTATION] === undefined || !isTree(spec)) return object
  return { ...object, spec: { ...spec, selector: live.spec.selector } } as Service
}

interface Templated extends KubernetesObject {
  readonly spec: Tree & {
    readonly selector?: LabelSelector
    readonly template: Tree & { readonly metadata: Tree }
  }
}

function isTemplated(object: KubernetesObject): object is Templated {
  const { spec } = object as { readonly spec?: unknown }
  return isTree(spec) && isTree(spec.template) && isTree(spec.template.metadata)
}

/** @param isOwn of the workload: the release gives its pods the label of the slot that they run in */
function withoutMarksOfPods(object: KubernetesObject, isOwn: boolean): KubernetesObject {
  if (!isTemplated(object)) return object
  const { selector, template } = object.spec
  const asked = isTree(selector) && isTree(selector.matchLabels) ? selector.matchLabels : {}
  const isFree = (key: string): boolean => isMark(key) && (isOwn || asked[key] === undefined)
  const metadata = without(without(template.metadata, 'annotations', isMark), 'labels', isFree)
  const found = isOwn && isTree(selector) ? { selector: without(selector, 'matchLabels', isMark) } : {}
  const spec = { ...object.spec, ...found, template: { ...template, metadata } }
  return { ...object, spec } as KubernetesObject
}

/** The same without some keys of one of its maps, and without the map when nothing else is in it. */
function without<T extends object>(owner: T, map: keyof T & string, isLeftOut: (key: string) => boolean): T {
  const { [map]: found, ...rest } = owner
  if (!isTree(found) || !Object.keys(found).some(isLeftOut)) return owner
  const kept = Object.entries(found).filter(([key]) => !isLeftOut(key))
  return (kept.length === 0 ? rest : { ...rest, [map]: Object.fromEntries(kept) }) as T
}

const annotationsOf = ({ metadata }: KubernetesObject): Tree =>
  isTree(metadata.annotations) ? metadata.annotations : {}

/** `annotation greenlight.dev/release`, `label greenlight.dev/slot of its pods` */
function marksIn(object: KubernetesObject): readonly string[] {
  const of = (
    owner: { readonly annotations?: unknown; readonly labels?: unknown },
    whose: string
  ): string[] =>
    (['annotations', 'labels'] as const).flatMap((map) =>
      Object.keys(isTree(owner[map]) ? owner[map] : {})
        .filter(isMark)
        .map((key) => `${map.slice(0, -1)} ${key}${whose}`)
    )
  const pods = isTemplated(object) ? of(object.spec.template.metadata, ' of its pods') : []
  return [...of(object.metadata, ''), ...pods]
}
