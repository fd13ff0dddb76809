import type { getOctokit } from '@actions/github'
import type { Clock } from '../../base/clock.ts'
import type { WorkflowRun } from './workflow-run.ts'

/** What the comment needs to know of the workflow run. */
export interface Context extends Omit<WorkflowRun, 'serverUrl'> {
  /** The pull request that the event is about. */
  readonly pullRequest?: number
  /** The commit of the release that the run is about, where that is an earlier run's; written by anybody. */
  readonly released?: string
  /** Message of the pushed commit. */
  readonly headMessage?: string
}

type GitHub = ReturnType<typeof getOctokit>

/** Everything that one attempt to comment works with. */
export interface Session {
  readonly github: GitHub
  readonly context: Context
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** A field of what may be anything; undefined where there is none. */
const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined

/** The parts of the run and its event that matter here. */
export function contextFrom(
  { serverUrl: _, ...run }: WorkflowRun,
  event: Readonly<Record<string, unknown>>
): Context {
  const commented = field(event.issue, 'pull_request') === undefined ? undefined : event.issue
  const pullRequest = field(event.pull_request, 'number') ?? field(commented, 'number')
  const headMessage = field(event.head_commit, 'message')
  return {
    ...run,
    ...(typeof pullRequest === 'number' ? { pullRequest } : {}),
    ...(typeof headMessage === 'string' ? { headMessage } : {})
  }
}

interface PullRequest {
  readonly number: number
  readonly state: string
  readonly merged_at: string | null
  readonly base: { readonly ref: string }
}

/** Merged into the pushed branch, merged elsewhere, still open; one that was turned down does not count. */
function preference({ merged_at: mergedAt, base, state }: PullRequest, branch: string): number {
  if (mergedAt !== null) return base.ref === branch ? 0 : 1
  return state === 'open' ? 2 : Infinity
}

const branchOf = ({ ref }: Context): string => ref.replace(/^refs\/heads\//u, '')

async function pullRequestOfCommit(
  { github, context, signal }: Session,
  commit = context.sha
): Promise<number | undefined> {
  const { owner, repo } = context
  const { data: found } = await github.rest.repos.listPullRequestsAssociatedWithCommit({
    ...{ owner, repo, commit_sha: commit },
    request: { signal }
  })
  const branch = branchOf(context)
  return found
    .filter((pull) => preference(pull, branch) < Infinity)
    .toSorted((one, other) => preference(one, branch) - preference(other, branch))
    .at(0)?.number
}

/** `Merge pull request #12 from …`, or `Title (#12)` after a squash. */
function numberIn(message = ''): number | undefined {
  const title = message.split('\n', 1).join('')
  const number = /^Merge pull request #(\d+) /u.exec(title)?.[1] ?? /\(#(\d+)\)\s*$/u.exec(title)?.[1]
  return number === undefined ? undefined : Number(number)
}

/** Anybody can write a number into a commit message. It counts only if merging that pull request created this commit. */
async function mergedAs({ github, context, signal }: Session, number: number): Promise<number | undefined> {
  const { owner, repo, sha } = context
  const { data: pull } = await github.rest.pulls.get({
    ...{ owner, repo, pull_number: number },
    request: { signal }
  })
  return pull.merged && pull.merge_commit_sha === sha ? number : undefined
}

/** Right after a merge GitHub may not know yet which pull request a commit came from. */
async function pullRequestOfPush(session: Session): Promise<number | undefined> {
  const mentioned = numberIn(session.context.headMessage)
  const pauses = mentioned === undefined ? [0, 1_000] : [0, 1_000, 2_000]
  for (const pause of pauses) {
    if (pause > 0) await session.clock.sleep(pause, session.signal)
    const number = await pullRequestOfCommit(session)
    if (number !== undefined) return number
  }
  return mentioned === undefined ? undefined : mergedAs(session, mentioned)
}

const isCommit = (text: string): boolean => /^[0-9a-f]{40}([0-9a-f]{24})?$/u.test(text)

/** The release may have come from another repository: then there is none here. */
async function pullRequestOfRelease(session: Session, commit: string): Promise<number | undefined> {
  if (!isCommit(commit)) return undefined
  try {
    return await pullRequestOfCommit(session, commit)
  } catch (error) {
    if (error instanceof Error && 'status' in error && (error.status === 404 || error.status === 422))
      return undefined
    throw error
  }
}

/**
 * The pull request of the run: of its event, of the pushed commit, or of the release that a manually started run
 * continues or takes back; undefined when there is none.
 */
export async function findPullRequest(session: Session): Promise<number | undefined> {
  const { owner, pullRequest, eventName, released } = session.context
  if (owner === '') return undefined
  if (pullRequest !== undefined) return pullRequest
  if (eventName === 'push') return pullRequestOfPush(session)
  return released === undefined ? undefined : pullRequestOfRelease(session, released)
}
