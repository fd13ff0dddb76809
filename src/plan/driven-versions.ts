import type { Fault } from '../base/errors.ts'
import { isOpen, type DrivenRecord } from '../domain/driven-record.ts'
import type { HistoryEntry } from '../domain/history.ts'
import type { PastVersion } from '../domain/outcome.ts'
import type { EngineState, EngineVersion } from '../engines/engine.ts'
import type { PodTemplate } from '../kubernetes/objects.ts'
import type { Driven } from '../observe/driven.ts'
import { chooseVersion, listVersions, type Choice } from './choose-version.ts'

/** The template of a version that a controller has kept. */
export interface KeptTemplate {
  readonly hash: string
  /** The controller makes another hash of every template. */
  readonly essence: string
  readonly template: PodTemplate
}

type Known = Choice<KeptTemplate>

/**
 * All versions there are to go back to, newest first: those on record, and the templates that its controller keeps of
 * releases that others have made.
 */
export function knownDriven(driven: Driven, record: DrivenRecord | undefined): readonly Known[] {
  const { engine, seen } = driven
  const kept = engine.versions(seen)
  const history = record?.history ?? []
  const served = new Set(history.flatMap(({ served, version }) => (served ? [version?.hash] : [])))
  const recorded = history.map((entry) => [entry, kept.find((one) => isOf(entry, one, served))] as const)
  const released = new Set(recorded.map(([, one]) => one))
  const known = [
    ...recorded.map(([entry, one]) => knownBy(driven, one, entry)),
    ...kept
      .map((one) => ({ one, phase: underWay(driven, one, record) }))
      // One that failed before may be released again.
      .filter(({ one, phase }) => !released.has(one) || phase.phase !== undefined)
      .map(({ one, phase }) => {
        const { version, ...rest } = knownBy(driven, one)
        return { ...rest, version: { ...version, ...phase } }
      })
  ]
  return known.toSorted((one, other) => Date.parse(other.version.at) - Date.parse(one.version.at))
}

/** A release that ended before its controller had told a template has no hash on record. */
function isOf(
  { version, images }: HistoryEntry,
  one: EngineVersion,
  served: ReadonlySet<string | undefined>
): boolean {
  if (version !== undefined && version.hash !== '') return version.hash === one.hash
  return !served.has(one.hash) && images.join() === one.images.join()
}

function knownBy({ state, workload }: Driven, one: EngineVersion | undefined, entry?: HistoryEntry): Known {
  const { version: place, ...facts } = entry ?? {}
  if (one === undefined)
    return { version: { at: '', images: [], ...facts, ...place, kept: false, serves: false } }
  const { hash, images, revision, at, template } = one
  const version: PastVersion = {
    ...{ at, images, ...facts, deployment: workload, hash },
    ...(revision === undefined ? {} : { revision }),
    kept: template !== undefined,
    serves: hash === state.stable
  }
  return { version, ...(template === undefined ? {} : { template: { hash, essence: hash, template } }) }
}

/** The release that is not finished: the history has no entry of it yet. */
function underWay(
  { state }: Driven,
  { hash }: EngineVersion,
  record: DrivenRecord | undefined
): Partial<PastVersion> {
  if (record !== undefined && isOpen(record) && hash === record.canary.hash) {
    const { id, command, phase, run, startedAt } = record
    const ours = { release: id, command, at: startedAt, ...(run === undefined ? {} : { run }) }
    return phase === 'promoted' || phase === 'rolled-back' ? {} : { ...ours, phase }
  }
  return hash === state.wished && hash !== state.stable ? phaseOf(state) : {}
}

function phaseOf({ at }: EngineState): Partial<PastVersion> {
  if (at === 'moving') return { phase: 'running' }
  return at === 'gate' ? { phase: 'waiting' } : {}
}

/** The version that `to` names, or the one before the one that serves; else why there is none to go back to. */
export function versionToReturnTo(
  driven: Driven,
  record: DrivenRecord | undefined,
  to: string | undefined
): Required<Known> | Fault {
  const known = knownDriven(driven, record)
  if (to === undefined) return versionBefore(driven, record, known)
  const { namespace, engine, workload } = driven
  const title = `${engine.kind}/${workload}`
  const found = chooseVersion(to, known, { title, namespace, keeper: () => title })
  return 'problem' in found ? found : found[0]
}

/** What served before the last release that was promoted, as long as that is what serves. */
function versionBefore(
  { engine, namespace, state, workload }: Driven,
  record: DrivenRecord | undefined,
  known: readonly Known[]
): Required<Known> | Fault {
  const title = `${engine.kind}/${workload} in namespace ${namespace}`
  const last = record?.history.find(({ served }) => served === true)
  const before = record?.previous
  if (record === undefined || last === undefined)
    return nothing(`${title} has no previous version on record: Greenlight has not released it yet`, known)
  if (last.version?.hash !== state.stable)
    return nothing(
      `what serves was not brought by Greenlight, which has promoted ${last.release} (${last.images.join(', ')}) last: it is not on record what served before`,
      known
    )
  if (before === undefined)
    return nothing(
      `${title} has no previous version on record (the last thing that was promoted: ${last.command ?? 'release'} ${last.release} of ${last.images.join(', ')})`,
      known
    )
  const found = known.find((one): one is Required<Known> => one.template?.hash === before.hash)
  if (found !== undefined) return found
  return nothing(
    `the previous version (${before.images.join(', ')}) ran as replicaset/${workload}-${before.hash} in namespace ${namespace}, which is gone`,
    known
  )
}

function nothing(problem: string, known: readonly Known[]): Fault {
  const others = known.filter(({ version }) => !version.serves)
  const listed = listVersions(others)
  return {
    input: 'command',
    problem: `nothing to roll back to: ${problem}${listed === '' ? '' : `; \`to\` can name ${listed}`}`,
    example:
      listed === ''
        ? 'command: deploy with the image that should serve'
        : `to: ${nameOf(others)}, if that is the one`
  }
}

function nameOf(known: readonly Known[]): string {
  const usable = known.find(({ version }) => listVersions([{ version }]) !== '')?.version
  return usable?.release ?? String(usable?.revision ?? usable?.images[0] ?? '')
}
