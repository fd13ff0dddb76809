import type {
  ForeignWrite,
  Measurement,
  PastVersion,
  PodEvidence,
  Preview,
  Shift,
  SmokeResult,
  TimelineEntry,
  Version
} from '../domain/outcome.ts'
import { printCheck } from '../inputs/check.ts'
import { nameSmokeTest } from '../inputs/smoke-test.ts'
import type { Limits } from './limits.ts'
import { clean, truncate } from './text.ts'

/** What the JSON has of each part of an outcome. */

/** A smoke test goes to every pod; the names of the first ones tell enough. */
const MOST_PODS = 30

export const isoTime = (at: number): string => new Date(at).toISOString()

export const text = (original: string, { characters }: Limits): string =>
  truncate(clean(original), characters)

export const texts = (originals: readonly string[], count: number, limits: Limits): readonly string[] =>
  originals.slice(0, count).map((original) => text(original, limits))

const tail = (originals: readonly string[], count: number, limits: Limits): readonly string[] =>
  texts(originals.slice(Math.max(0, originals.length - count)), count, limits)

export const versionOf = (version: Version | undefined, limits: Limits): Version | undefined =>
  version && { ...version, images: texts(version.images, limits.rows, limits) }

export function pastVersionOf(version: PastVersion, limits: Limits): object {
  const {
    release,
    at,
    command,
    served,
    phase,
    abandoned,
    slot,
    deployment,
    hash,
    revision,
    kept,
    serves,
    run
  } = version
  const told = (original: string | undefined): string | undefined => original && text(original, limits)
  return {
    ...{ release: told(release), at: text(at, limits), command, served, phase, abandoned },
    images: texts(version.images, limits.rows, limits),
    ...{ slot: told(slot), deployment: told(deployment), hash: told(hash), revision, kept, serves },
    runUrl: told(run)
  }
}

export const previewOf = ({ steps, changes }: Preview, limits: Limits): object => ({
  steps: texts(steps, limits.rows, limits),
  changes: changes.slice(0, limits.rows).map(({ object, state, diff, why }) => ({
    object: text(object, limits),
    state,
    why: why && text(why, limits),
    diff: texts(diff, Math.floor(limits.diffLines / Math.min(changes.length, limits.rows)), limits)
  }))
})

export const stepOf = (
  { title, startedAt, milliseconds, status, detail }: TimelineEntry,
  limits: Limits
): object => ({
  title: text(title, limits),
  startedAt: isoTime(startedAt),
  milliseconds,
  status,
  detail: detail && text(detail, limits)
})

export const smokeTestOf = (
  { test, number, passed, pods, milliseconds, detail }: SmokeResult,
  limits: Limits
): object => ({
  test: text(nameSmokeTest(test, number), limits),
  passed,
  pods: texts(pods, Math.min(limits.rows, MOST_PODS), limits),
  milliseconds,
  detail: text(detail, limits)
})

export const measurementOf = (
  { check, at, value, requests, verdict, why, step }: Measurement,
  limits: Limits
): object => ({
  check: text(printCheck(check), limits),
  at: isoTime(at),
  value,
  requests,
  verdict,
  why: why && text(why, limits),
  step: text(step, limits)
})

export const evidenceOf = (
  { pod, reason, message, events, log }: PodEvidence,
  limits: Limits
): PodEvidence => ({
  pod: text(pod, limits),
  reason: text(reason, limits),
  message: text(message, limits),
  events: tail(events, limits.events, limits),
  log: tail(log, limits.logLines, limits)
})

export const foreignWriteOf = (write: ForeignWrite, limits: Limits): object => ({
  object: text(write.object, limits),
  manager: text(write.manager, limits),
  at: isoTime(write.at),
  change: text(write.change, limits),
  restoredAfter: write.restoredAfter
})

export const shiftOf = (
  { at, split: { weight, header, mirror }, gradual, achieved, observed }: Shift,
  limits: Limits
): object => ({
  at: isoTime(at),
  weight,
  gradual,
  header: header && text(header.name, limits),
  mirror,
  achieved: achieved && Number(achieved.toFixed(2)),
  observed: observed && { ...observed, share: Number(observed.share.toFixed(2)) }
})
