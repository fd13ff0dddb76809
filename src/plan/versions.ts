import type { Fault } from '../base/errors.ts'
import type { HistoryEntry } from '../domain/history.ts'
import type { PastVersion } from '../domain/outcome.ts'
import { isUnfinished } from '../domain/record.ts'
import type { SlotName } from '../domain/slots.ts'
import { quote } from '../inputs/parsed.ts'
import { isCalled } from '../inputs/version-name.ts'
import type { Deployment, ReplicaSet } from '../kubernetes/objects.ts'
import { templateHash } from '../kubernetes/workload.ts'
import type { Observed } from '../observe/observed.ts'
import { essenceOf, slotLabelsOf } from './unchanged.ts'

const REVISION = 'deployment.kubernetes.io/revision'

/** A version, and what is left of it. */
export interface Known {
  readonly version: PastVersion
  readonly template?: Template
}

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

/** The one version that is called by this name; or why there is none to go back to. */
export function chooseVersion(
  name: string,
  known: readonly Known[],
  observed: Observed
): Required<Known> | Fault {
  const called = known.filter(({ version }) => isVersion(version, name))
  const usable = called.filter(
    (one): one is Required<Known> =>
      one.template !== undefined && one.version.served !== false && !isUnproved(one.version)
  )
  const [first] = usable
  if (first === undefined) return unusable(name, called, known, observed)
  if (usable.some(({ template }) => template.essence !== first.template.essence))
    return ambiguous(name, usable)
  // In a slot of its own it has pods, or had: nothing has to be copied.
  return usable.find(({ template }) => template.live !== observed.stable.deployment) ?? first
}

/** The release of this version can still fail. */
const isUnproved = ({ phase }: PastVersion): boolean => phase !== undefined && phase !== 'promoting'

const isVersion = ({ release, revision, images }: PastVersion, name: string): boolean =>
  release === name || String(revision) === name || images.some((image) => isCalled(image, name))

const MOST_LISTED = 10

/** `5-1 (shop/web:2, web-green revision 3)` */
function print({ release, images, deployment, revision, serves }: PastVersion): string {
  const facts = [
    ...images,
    ...(revision === undefined ? [] : [`${deployment ?? ''} revision ${revision}`]),
    ...(serves ? ['serves now'] : [])
  ].join(', ')
  return release === undefined ? facts : `${release} (${facts})`
}

const list = (known: readonly Known[]): string =>
  known
    .slice(0, MOST_LISTED)
    .map(({ version }) => print(version))
    .join('; ') + (known.length > MOST_LISTED ? `; and ${known.length - MOST_LISTED} more` : '')

const ambiguous = (name: string, usable: readonly Known[]): Fault => ({
  input: 'to',
  problem: `${quote(name)} means several versions: ${list(usable)}`,
  example: usable.find(({ version }) => version.release !== undefined)?.version.release ?? 'a whole image'
})

function unusable(
  name: string,
  called: readonly Known[],
  known: readonly Known[],
  observed: Observed
): Fault {
  const failed = called.find(({ version }) => version.served === false)?.version
  if (failed !== undefined) return neverServed(failed)
  const open = called.find(({ version }) => isUnproved(version))?.version
  if (open !== undefined) return notPromotedYet(open)
  const [gone] = called
  if (gone !== undefined) return templateGone(gone.version, observed)
  const there = known.filter(
    ({ version }) => version.kept && version.served !== false && !isUnproved(version)
  )
  return {
    input: 'to',
    problem:
      `${quote(name)} is no release, revision or image of deployment/${observed.workload} in namespace ${observed.namespace}; ` +
      (there.length === 0 ? 'there is none to go back to' : `there are ${list(there)}`),
    ...(there[0]?.version.release === undefined ? {} : { example: there[0].version.release })
  }
}

const neverServed = ({ release = '', command, images, run }: PastVersion): Fault => ({
  input: 'to',
  problem:
    `${release} (${images.join(', ')}) was never promoted: ` +
    `the ${command ?? 'release'} failed and its version was rolled back${run === undefined ? '' : ` (${run})`}`,
  example: `command: deploy, which tests it, with images: ${images[0] ?? 'shop/web:2'}`
})

const notPromotedYet = ({ release = '', images, phase }: PastVersion): Fault => ({
  input: 'to',
  problem:
    `${release} (${images.join(', ')}) has not been promoted yet: its release ` +
    (phase === 'waiting' ? 'waits for approval' : 'is under way'),
  example:
    phase === 'waiting'
      ? 'command: promote goes on with it'
      : 'command: abort undoes it, should its run be gone'
})

function templateGone(
  { release = '', images, deployment, hash = '' }: PastVersion,
  observed: Observed
): Fault {
  const { namespace, stable } = observed
  const where =
    deployment === undefined || hash === ''
      ? 'the record does not say where its template is'
      : `its template was that of replicaset/${deployment}-${hash} in namespace ${namespace}, which is gone`
  return {
    input: 'to',
    problem: `${release} (${images.join(', ')}) cannot be brought back: ${where}`,
    example: `command: deploy with images: ${images[0] ?? 'shop/web:2'}; revisionHistoryLimit in deployment/${deployment ?? stable.deployment.metadata.name} says how many templates are kept`
  }
}
