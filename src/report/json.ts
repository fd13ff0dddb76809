import type { Outcome } from '../domain/outcome.ts'
import { drivenJson } from './driven.ts'
import { forecastJson } from './forecast.ts'
import {
  evidenceOf,
  foreignWriteOf,
  isoTime,
  measurementOf,
  pastVersionOf,
  previewOf,
  shiftOf,
  smokeTestOf,
  stepOf,
  text,
  texts,
  versionOf
} from './json-entries.ts'
import { judgementJson } from './judgement-json.ts'
import { fitting, keep, LADDER, spread, type Limits } from './limits.ts'
import { replayJson } from './replay.ts'

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
  keptUntil: outcome.keptUntil === undefined ? undefined : isoTime(outcome.keptUntil),
  weight: outcome.serving === undefined ? undefined : outcome.weight,
  shareOf: outcome.shareOf,
  shifts: spread(outcome.shifts, limits.rows).map((shift) => shiftOf(shift, limits)),
  failedCheck: outcome.failedCheck && text(outcome.failedCheck, limits),
  failedJob: outcome.failedJob,
  jobs: outcome.jobs,
  startedAt: isoTime(outcome.startedAt),
  finishedAt: isoTime(outcome.finishedAt),
  durationSeconds: (outcome.finishedAt - outcome.startedAt) / 1_000,
  restoreSeconds: outcome.restoreSeconds,
  first: outcome.first,
  unexposed: outcome.unexposed,
  returning: outcome.returning,
  gapSeconds: outcome.gapSeconds,
  left: outcome.left
})

function withLimits(outcome: Outcome, limits: Limits): string {
  const { timeline, smokeTests, measurements, evidence, foreignWrites, warnings, next } = outcome
  const { rows, samples, pods } = limits
  const kept = keep(measurements, samples, ({ verdict }) => verdict !== 'pass')
  return JSON.stringify({
    ...verdictOf(outcome, limits),
    timeline: keep(timeline, rows, ({ status }) => status === 'failed' || status === 'undecided').map(
      (step) => stepOf(step, limits)
    ),
    smokeTests: keep(smokeTests, rows, ({ passed }) => !passed).map((result) => smokeTestOf(result, limits)),
    measurements: kept.map((measurement) => measurementOf(measurement, limits)),
    measurementsLeftOut: measurements.length - kept.length,
    judgement: outcome.judgement && judgementJson(outcome.judgement, limits),
    undecided: outcome.undecided,
    evidence: evidence.slice(0, pods).map((pod) => evidenceOf(pod, limits)),
    plan: outcome.plan && previewOf(outcome.plan, limits),
    forecast: outcome.forecast && forecastJson(outcome.forecast, limits),
    replay: outcome.replay && replayJson(outcome.replay, limits),
    driven: outcome.driven && drivenJson(outcome.driven, limits),
    versions: outcome.versions?.slice(0, rows).map((version) => pastVersionOf(version, limits)),
    foreignWrites: foreignWrites.slice(0, rows).map((write) => foreignWriteOf(write, limits)),
    warnings: texts(warnings, rows, limits),
    next: texts(next, rows, limits)
  })
}

/** Always below 100 kB; measurements that passed are thinned first. */
export const outcomeJson = (outcome: Outcome): string =>
  fitting(MOST_BYTES, (limits) => withLimits(outcome, limits), [generous, thinned, ...LADDER])
