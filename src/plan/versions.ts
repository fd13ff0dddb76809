import type { HistoryEntry } from '../domain/history.ts'
import type { PastVersion } from '../domain/outcome.ts'
import { isUnfinished } from '../domain/record.ts'
import type { SlotName } from '../domain/slots.ts'
import type { Deployment, ReplicaSet } from '../kubernetes/objects.ts'
import { templateHash } from '../kubernetes/workload.ts'
import type { Observed } from '../observe/observed.ts'
import type { Choice } from './choose-version.ts'
import { essenceOf, slotLabelsOf } from './unchanged.ts'

const REVISION = 'deployment.kubernetes.io/revision'

/** A version, and what is left of it. */
export type Known = Choice<Template>

/** A ReplicaSet of one of the workload's Deployments. */
interface Template {
  readonly replicaSet: ReplicaSet
  readonly live: Deployment
  readonly slot: SlotName
  readonly hash: string
  /** The same for the same template in whatever slot. */
  readonly essence: string
}

/** All versions there are to go back to, newest first: those on record, and the templates that nobody has released. */
export function knownVersions(observed: Observed, replicaSets: readonly ReplicaSet[]): readonly Known[] {
  const templates = templatesOf(observed, replicaSets)
  const served = new Set(observed.record?.history.flatMap((entry) => (entry.served ? [nameOf(entry)] : [])))
  const recorded = (observed.record?.history ?? []).map(
    (entry) => [entry, templates.find((template) => isOf(entry, template, served))] as const
  )
  const released = new Set(recorded.map(([, template]) => template))
  const known = [
    ...recorded.map(([entry, template]) => knownBy(observed, template, entry)),
    ...templates.filter((template) => !released.has(template)).map((one) => knownBy(observed, one))
  ]
  return known.sort((one, other) => Date.parse(other.version.at) - Date.parse(one.version.at))
}

const nameOf = ({ version }: HistoryEntry): string => `${version?.deployment ?? ''}-${version?.hash ?? ''}`

function templatesOf(observed: Observed, replicaSets: readonly ReplicaSet[]): readonly Template[] {
  const marks = slotLabelsOf(observed)
  return replicaSets.flatMap((replicaSet) => {
    const hash = templateHash(replicaSet)
    const found = Object.entries(observed.slots).find(
      ([, { metadata }]) => `${metadata.name}-${hash}` === replicaSet.metadata.name
    )
    if (found === undefined) return []
    const [slot, live] = found as [SlotName, Deployment]
    return [{ replicaSet, live, slot, hash, essence: essenceOf(replicaSet.spec.template, marks) }]
  })
}

/** A release that failed before its pods were ready has no template hash on record. */
function isOf(entry: HistoryEntry, { replicaSet, live }: Template, served: ReadonlySet<string>): boolean {
  const { version, images } = entry
  if (version?.deployment !== live.metadata.name) return false
  if (version.hash !== '') return nameOf(entry) === replicaSet.metadata.name
  return sameImages(images, imagesOf(replicaSet)) && !served.has(replicaSet.metadata.name)
}

const imagesOf = ({ spec }: ReplicaSet): readonly string[] =>
  spec.template.spec.containers.map(({ image }) => image ?? '')

const sameImages = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((image, at) => image === other[at])

function knownBy(observed: Observed, template: Template | undefined, entry?: HistoryEntry): Known {
  const { version: place, ...facts } = entry ?? {}
  if (template === undefined)
    return { version: { at: '', images: [], ...facts, ...place, kept: false, serves: false } }
  const { replicaSet, live, slot, hash, essence } = template
  const { annotations = {}, creationTimestamp = '' } = replicaSet.metadata
  const revision = Number(annotations[REVISION])
  const version: PastVersion = {
    at: creationTimestamp,
    images: imagesOf(replicaSet),
    ...(entry === undefined ? underWay(observed, template) : facts),
    slot,
    deployment: live.metadata.name,
    hash,
    ...(revision > 0 ? { revision } : {}),
    kept: true,
    serves: essence === servingEssence(observed)
  }
  return { version, template }
}

/** The release that is not finished: the history has no entry of it yet. */
function underWay({ record }: Observed, { live, hash }: Template): Partial<PastVersion> {
  if (record === undefined || !isUnfinished(record)) return {}
  const { id, command, run, phase, canary } = record
  if (hash !== canary.hash || live.metadata.name !== canary.deployment) return {}
  const where = run === undefined ? {} : { run }
  return phase === 'promoted' || phase === 'rolled-back' ? {} : { release: id, command, phase, ...where }
}

const servingEssence = (observed: Observed): string =>
  essenceOf(observed.stable.deployment.spec.template, slotLabelsOf(observed))
