import type { Outcome } from '../outcome.ts'
import { checkTable } from './checks.ts'
import { headline } from './headline.ts'
import { fitting, type Limits } from './limits.ts'
import { details, link, paragraphs, section } from './markdown.ts'
import { facts, foreignWrites, nextSteps, reasonBox, warnings, whatRunsNow } from './overview.ts'
import { podEvidence } from './pods.ts'
import { previewOfChanges, previewOfSteps } from './preview.ts'
import { smokeTests, stepTable } from './steps.ts'
import { trafficOverTime } from './traffic.ts'

/** GitHub refuses a comment of more than 65,536 characters. */
const mostBytes = 60_000

const markable = (text: string): string => text.replace(/[^\w.-]/gu, '')

/** Invisible first line by which the comment for a workload is found again. */
export const commentMarker = ({ namespace, workload }: Pick<Outcome, 'namespace' | 'workload'>): string =>
  `<!-- greenlight:${markable(namespace)}/${markable(workload)} -->`

const brief = (limits: Limits): Limits => ({
  ...limits,
  rows: Math.min(limits.rows, 20),
  pods: Math.min(limits.pods, 2),
  events: Math.min(limits.events, 5),
  logLines: Math.min(limits.logLines, 15),
  diffLines: Math.min(limits.diffLines, 200)
})

const withLimits = (outcome: Outcome, limits: Limits): string =>
  paragraphs(
    `${commentMarker(outcome)}\n### ${headline(outcome)}`,
    facts(outcome),
    reasonBox(outcome, limits),
    nextSteps(outcome, limits),
    warnings(outcome, limits),
    previewOfChanges(outcome, limits),
    previewOfSteps(outcome, limits),
    trafficOverTime(outcome, limits),
    details(
      'What runs now, evidence, checks and steps',
      paragraphs(
        whatRunsNow(outcome),
        foreignWrites(outcome, limits),
        podEvidence(outcome, limits),
        section('Checks', checkTable(outcome, limits)),
        smokeTests(outcome, limits),
        section('Steps', stepTable(outcome, limits))
      )
    ),
    link('The full report, with every measurement', outcome.runUrl)
  )

/** The one comment on the pull request: the verdict and its reason, the rest to unfold. */
export const renderComment = (outcome: Outcome): string =>
  `${fitting(mostBytes, (limits) => withLimits(outcome, brief(limits)))}\n`
