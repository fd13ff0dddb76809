import type { Outcome } from '../domain/outcome.ts'
import { checkTables } from './checks.ts'
import { fitting, type Limits } from './limits.ts'
import { details, link, paragraphs, section } from './markdown.ts'
import { foreignWrites, whatRunsNow } from './overview.ts'
import { podEvidence } from './pods.ts'
import { smokeTests, stepTable } from './steps.ts'
import { opening } from './summary.ts'

/** GitHub refuses a comment of more than 65,536 characters. */
const MOST_BYTES = 60_000

/** A comment that is written once and then kept up to date. */
export interface Sticky {
  /** First line of the body, by which the comment is found again. */
  readonly marker: string
  readonly body: string
  /** Whether this comment takes the place of one of ours that begins with another marker. */
  readonly replaces?: (marker: string) => boolean
}

const markable = (text: string): string => text.replace(/[^\w.-]/gu, '')

/**
 * Invisible first line by which the comment for a workload of a cluster is found again. If the cluster is unknown, the
 * release is named instead, so that the runs of two clusters do not overwrite each other's comment.
 */
export function commentMarker(
  { namespace, workload, release }: Pick<Outcome, 'namespace' | 'workload' | 'release'>,
  cluster: string | undefined
): string {
  const place = cluster === undefined ? `#${markable(release)}` : `@${markable(cluster)}`
  return `<!-- greenlight:${markable(namespace)}/${markable(workload)}${place} -->`
}

/** A marker without a cluster: of an earlier version, or of a run that did not get far enough to know it. */
const CLUSTERLESS = /^<!-- greenlight:([\w.-]*)\/([\w.-]*)(?:#([\w.-]*))? -->$/u

/** Whether an older comment is obsolete once this run has ended. */
function isReplaced(marker: string, { namespace, workload, release }: Outcome): boolean {
  const [matched, itsNamespace = '', itsWorkload = '', itsRelease] = CLUSTERLESS.exec(marker) ?? []
  return (
    matched !== undefined &&
    ['', markable(namespace)].includes(itsNamespace) &&
    ['', markable(workload)].includes(itsWorkload) &&
    itsRelease !== markable(release)
  )
}

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
    `### ${opening(outcome, limits)}`,
    details(
      'What runs now, evidence, checks and steps',
      paragraphs(
        whatRunsNow(outcome),
        foreignWrites(outcome, limits),
        podEvidence(outcome, limits),
        section('Checks', checkTables(outcome, limits)),
        smokeTests(outcome, limits),
        section('Steps', stepTable(outcome, limits))
      )
    ),
    link('Full report', outcome.runUrl)
  )

/** The one comment on the pull request: the verdict and its reason, the rest to unfold. */
export const renderComment = (outcome: Outcome, cluster?: string): string =>
  `${commentMarker(outcome, cluster)}\n${fitting(MOST_BYTES, (limits) => withLimits(outcome, brief(limits)))}\n`

/** The comment, and which one it takes the place of. */
export const commentOf = (outcome: Outcome, cluster: string | undefined): Sticky => ({
  marker: commentMarker(outcome, cluster),
  body: renderComment(outcome, cluster),
  replaces: (marker) => isReplaced(marker, outcome)
})
