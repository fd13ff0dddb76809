import type { Outcome, PastVersion, Version } from '../domain/outcome.ts'
import { isUnfinished, splitOf, type Release } from '../domain/record.ts'
import { wantedReplicas } from '../kubernetes/health.ts'
import { observe } from '../observe/observe.ts'
import { inRelease, type Observed } from '../observe/observed.ts'
import { strayAutoscaler } from '../plan/autoscaler.ts'
import { essenceOf, slotLabelsOf } from '../plan/unchanged.ts'
import type { Known } from '../plan/versions.ts'
import { heldUntil, keptRunning } from '../plan/retirement.ts'
import { versionLines } from '../report/history.ts'
import { factsOf } from '../report/traffic-facts.ts'
import { describeSplit } from '../routes/split.ts'
import type { Invocation } from './invocation.ts'
import { lookedAt, underWay } from './outcome-of.ts'
import { readVersions } from './read-versions.ts'
import { lookForRunner, nextIn } from './runner.ts'

/** Tells what serves, what the record says of the last release, and which versions can be gone back to. */
export async function status(invocation: Invocation): Promise<Outcome> {
  const { target, ports, signal } = invocation
  const observed = await observe(target, ports)
  const { record } = observed
  const left = inRelease(observed)?.record
  const runner =
    left === undefined || left.phase === 'waiting' ? undefined : await lookForRunner(observed, ports, signal)
  // A run that ends gives its lock back: it may have ended while its lock was watched.
  if (runner === 'gone' && !isSameState(left, (await observe(target, ports)).record))
    return status(invocation)
  const known = await readVersions(observed, ports.cluster)
  const versions = known.map(({ version }) => asItStands(version, left, runner))
  for (const line of [...factsOf(observed), ...versionLines(versions)]) ports.log.quote(line)
  const warnings = strayAutoscaler(observed)
  for (const warning of warnings) ports.log.warning(warning)
  const previous = previousIn(observed, known)
  const held = heldIn(observed)
  return {
    ...lookedAt(observed, invocation),
    reason:
      record === undefined
        ? 'Greenlight has not released this workload yet'
        : [describeRecord(record, runner), ...tellHeld(held, ports.clock.now())].join('; '),
    versions,
    warnings,
    ...(previous === undefined ? {} : { previous }),
    ...(held === undefined ? {} : { keptUntil: held.until }),
    ...(left === undefined ? {} : { ...underWay(left, observed), next: nextIn(left, runner) }),
    ...(runner === undefined ? {} : { runner })
  }
}

interface Held {
  readonly deployment: string
  /** Milliseconds since the epoch. */
  readonly until: number
}

/** The version that still runs because it was to be kept for a time. */
function heldIn(observed: Observed): Held | undefined {
  const { record } = observed
  if (record === undefined) return undefined
  const held = keptRunning(observed).flatMap(({ deployment }) => {
    const until = heldUntil(record, deployment)
    return until === undefined ? [] : [{ deployment, until }]
  })
  return held[0]
}

function tellHeld(held: Held | undefined, now: number): readonly string[] {
  if (held === undefined) return []
  const until = new Date(held.until).toISOString()
  return [
    now < held.until
      ? `deployment/${held.deployment} is kept until ${until}`
      : `deployment/${held.deployment} was to be kept until ${until}: command: cleanup, or the next release, scales it down`
  ]
}

const isSameState = (one: Release | undefined, other: Release | undefined): boolean =>
  one?.id === other?.id && one?.phase === other?.phase && one?.weight === other?.weight

/** In the middle of a release, the version with all traffic serves, whatever its role. */
function asItStands(version: PastVersion, left: Release | undefined, runner: Outcome['runner']): PastVersion {
  if (left === undefined) return version
  const is = ({ deployment, hash }: Version): boolean =>
    version.deployment === deployment && version.hash === hash
  return {
    ...version,
    ...(left.weight === 100 ? { serves: is(left.canary) } : {}),
    ...(runner === 'gone' && version.phase !== undefined ? { abandoned: true } : {})
  }
}

/**
 * The version to go back to, if its template is still there. While an unfinished release has all traffic on its canary
 * that is stable, else the one that the record keeps. It may have been scaled down, or its Deployment may run another
 * version by now.
 */
function previousIn(observed: Observed, known: readonly Known[]): Version | undefined {
  const { record, slots } = observed
  if (record === undefined) return undefined
  const wayBack = isUnfinished(record) && record.weight === 100 ? record.stable : record.previous
  if (wayBack === undefined) return undefined
  const found = known.find(
    ({ template }) => template?.live.metadata.name === wayBack.deployment && template.hash === wayBack.hash
  )
  if (found?.template === undefined) return undefined
  const { live, slot, essence } = found.template
  const isThere = essenceOf((slots[slot] ?? live).spec.template, slotLabelsOf(observed)) === essence
  const { slot: place, deployment, images, hash } = wayBack
  return { slot: place, deployment, images, hash, replicas: isThere ? wantedReplicas(live) : 0 }
}

function describeRecord(release: Release, runner: Outcome['runner']): string {
  const { id, command, startedAt, run, actor } = release
  const by = actor === undefined ? '' : ` by ${actor}`
  const where = run === undefined ? '' : ` (${run})`
  return `the last ${command}, ${id}${by}${where}, began at ${startedAt} and ${stateOf(release, runner)}`
}

function stateOf(release: Release, runner: Outcome['runner']): string {
  const { phase } = release
  if (!isUnfinished(release)) return `ended: ${phase}`
  const share = `with ${describeSplit(splitOf(release))} on the new version`
  if (runner === 'gone')
    return `was left when it was ${phase}, ${share}: its run is gone, and nobody watches or ends it`
  return runner === 'unknown'
    ? `is ${phase}, ${share}; whether its run lives cannot be told, these credentials may not get leases`
    : `is ${phase}, ${share}`
}
