import type {
  ForeignWrite,
  Measurement,
  Outcome,
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
import { fitting, keep, LADDER, spread, type Limits } from './limits.ts'
import { clean, truncate } from './text.ts'

/** The whole outcome as JSON for other steps and programs: times as ISO 8601, checks as written, smoke tests by number, method and path. */

const MOST_BYTES = 100_000

/** More than any ordinary release has to tell, but still a bounded amount of work. */
const generous: Limits = {
  samples: 2_000,
  charts: 0,
  rows: 200,
  pods: 20,
  events: 50,
  logLines: 200,
  diffLines: 1_000,
  characters: 2_000
}

const thinned: Limits = {
  ...generous,
  samples: 300,
  rows: 100,
  logLines: 50,
  diffLines: 300,
  characters: 1_000
}

/** A smoke test goes to every pod; the names of the first ones tell enough. */
const MOST_PODS = 30

const isoTime = (at: number): string => new Date(at).toISOString()

const text = (original: string, { characters }: Limits): string => truncate(clean(original), characters)

const texts = (originals: readonly string[], count: number, limits: Limits): readonly string[] =>
  originals.slice(0, count).map((original) => text(original, limits))

const tail = (originals: readonly string[], count: number, limits: Limits): readonly string[] =>
  texts(originals.slice(Math.max(0, originals.length - count)), count, limits)

const versionOf = (version: Version | undefined, limits: Limits): Version | undefined =>
  version && { ...version, images: texts(version.images, limits.rows, limits) }

function pastVersionOf(version: PastVersion, limits: Limits): object {
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

const previewOf = ({ steps, changes }: Preview, limits: Limits): object => ({
  steps: texts(steps, limits.rows, limits),
  changes: changes.slice(0, limits.rows).map(({ object, state, diff, why }) => ({
    object: text(object, limits),
    state,
    why: why && text(why, limits),
    diff: texts(diff, Math.floor(limits.diffLines / Math.min(changes.length, limits.rows)), limits)
  }))
})

const stepOf = (
  { title, startedAt, milliseconds, status, detail }: TimelineEntry,
  limits: Limits
): object => ({
  title: text(title, limits),
  startedAt: isoTime(startedAt),
  milliseconds,
  status,
  detail: detail && text(detail, limits)
})

const smokeTestOf = (
  { test, number, passed, pods, milliseconds, detail }: SmokeResult,
  limits: Limits
): object => ({
  test: text(nameSmokeTest(test, number), limits),
  passed,
  pods: texts(pods, Math.min(limits.rows, MOST_PODS), limits),
  milliseconds,
  detail: text(detail, limits)
})

const measurementOf = (
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

const evidenceOf = ({ pod, reason, message, events, log }: PodEvidence, limits: Limits): PodEvidence => ({
  pod: text(pod, limits),
  reason: text(reason, limits),
  message: text(message, limits),
  events: tail(events, limits.events, limits),
  log: tail(log, limits.logLines, limits)
})

const foreignWriteOf = (write: ForeignWrite, limits: Limits): object => ({
  object: text(write.object, limits),
  manager: text(write.manager, limits),
  at: isoTime(write.at),
  change: text(write.change, limits),
  restoredAfter: write.restoredAfter
})

const shiftOf = (
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

const verdictOf = (outcome: Outcome, limits: Limits): object => ({
  command: outcome.command,
  result: outcome.result,
  reason: text(outcome.reason, limits),
  release: outcome.release,
  runUrl: outcome.runUrl,
  namespace: outcome.namespace,
  workload: outcome.workload,
  route: outcome.route,
  serving: versionOf(outcome.serving, limits),
  ready: outcome.ready,
  runner: outcome.runner,
  canary: versionOf(outcome.canary, limits),
  previous: versionOf(outcome.previous, limits),
  weight: outcome.serving === undefined ? undefined : outcome.weight,
  shareOf: outcome.shareOf,
  shifts: spread(outcome.shifts, limits.rows).map((shift) => shiftOf(shift, limits)),
  failedCheck: outcome.failedCheck && text(outcome.failedCheck, limits),
  startedAt: isoTime(outcome.startedAt),
  finishedAt: isoTime(outcome.finishedAt),
  durationSeconds: (outcome.finishedAt - outcome.startedAt) / 1_000,
  restoreSeconds: outcome.restoreSeconds,
  unexposed: outcome.unexposed,
  returning: outcome.returning,
  gapSeconds: outcome.gapSeconds
})

function withLimits(outcome: Outcome, limits: Limits): string {
  const { timeline, smokeTests, measurements, evidence, foreignWrites, warnings, next } = outcome
  const { rows, samples, pods } = limits
  const kept = keep(measurements, samples, ({ verdict }) => verdict !== 'pass')
  return JSON.stringify({
    ...verdictOf(outcome, limits),
    timeline: keep(timeline, rows, ({ status }) => status === 'failed').map((step) => stepOf(step, limits)),
    smokeTests: keep(smokeTests, rows, ({ passed }) => !passed).map((result) => smokeTestOf(result, limits)),
    measurements: kept.map((measurement) => measurementOf(measurement, limits)),
    measurementsLeftOut: measurements.length - kept.length,
    evidence: evidence.slice(0, pods).map((pod) => evidenceOf(pod, limits)),
    plan: outcome.plan && previewOf(outcome.plan, limits),
    versions: outcome.versions?.slice(0, rows).map((version) => pastVersionOf(version, limits)),
    foreignWrites: foreignWrites.slice(0, rows).map((write) => foreignWriteOf(write, limits)),
    warnings: texts(warnings, rows, limits),
    next: texts(next, rows, limits)
  })
}

/** Always below 100 kB; measurements that passed are thinned first. */
export const outcomeJson = (outcome: Outcome): string =>
  fitting(MOST_BYTES, (limits) => withLimits(outcome, limits), [generous, thinned, ...LADDER])
