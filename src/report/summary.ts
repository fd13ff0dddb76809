import type { Outcome } from '../domain/outcome.ts'
import { checks } from './checks.ts'
import { drivenReport } from './driven.ts'
import { forecastReport } from './forecast.ts'
import { headline } from './headline.ts'
import { versionTable } from './history.ts'
import { fitting, type Limits } from './limits.ts'
import { paragraphs } from './markdown.ts'
import { facts, foreignWrites, nextSteps, reasonBox, warnings, whatRunsNow } from './overview.ts'
import { podEvidence } from './pods.ts'
import { previewOfChanges, previewOfSteps } from './preview.ts'
import { replayReport } from './replay.ts'
import { smokeTests, timeline } from './steps.ts'
import { trafficOverTime } from './traffic.ts'

const MOST_BYTES = 60_000

/** What every report says first: verdict, reason, next steps, warnings, the plan and the traffic. */
export const opening = (outcome: Outcome, limits: Limits): string =>
  paragraphs(
    headline(outcome),
    facts(outcome),
    reasonBox(outcome, limits),
    nextSteps(outcome, limits),
    warnings(outcome, limits),
    previewOfChanges(outcome, limits),
    previewOfSteps(outcome, limits),
    outcome.plan === undefined ? '' : forecastReport(outcome, limits),
    replayReport(outcome, limits),
    trafficOverTime(outcome, limits)
  )

const withLimits = (outcome: Outcome, limits: Limits): string =>
  paragraphs(
    `## ${opening(outcome, limits)}`,
    foreignWrites(outcome, limits),
    drivenReport(outcome, limits),
    podEvidence(outcome, limits),
    whatRunsNow(outcome),
    versionTable(outcome, limits),
    outcome.plan === undefined ? forecastReport(outcome, limits) : '',
    checks(outcome, limits),
    smokeTests(outcome, limits),
    timeline(outcome, limits)
  )

/** The job summary: verdict, reason and next step first, then the evidence. Always below 60 kB of Markdown. */
export const renderSummary = (outcome: Outcome): string =>
  `${fitting(MOST_BYTES, (limits) => withLimits(outcome, limits))}\n`
