import type { context as actionsContext, getOctokit } from '@actions/github'
import type { Clock } from '../clock.ts'

/** What the comment needs to know of the workflow run. */
export interface Context {
  /** `https://api.github.com`, or that of an enterprise server. */
  readonly apiUrl: string
  /** Empty outside of a repository. */
  readonly owner: string
  readonly repo: string
  readonly eventName: string
  readonly sha: string
  /** e.g. `refs/heads/main` */
  readonly ref: string
  /** The pull request that the event is about. */
  readonly pullRequest?: number
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

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

type RunContext = Pick<typeof actionsContext, 'apiUrl' | 'repo' | 'eventName' | 'sha' | 'ref' | 'payload'>

/** Reading `repo` throws where the run belongs to none. */
const repositoryOf = (run: RunContext): RunContext['repo'] => {
  try {
    return run.repo
  } catch {
    return { owner: '', repo: '' }
  }
}

/** The parts of `github.context` that matter here. */
export const contextFrom = (run: RunContext): Context => {
  const { apiUrl, eventName, sha, ref, payload } = run
  const commented = payload.issue?.pull_request === undefined ? undefined : payload.issue.number
  const pullRequest = payload.pull_request?.number ?? commented
  const head: unknown = payload.head_commit
  const headMessage =
    typeof head === 'object' && head !== null && 'message' in head ? text(head.message) : undefined
  return {
    ...{ apiUrl, ...repositoryOf(run), eventName, sha, ref },
    ...(pullRequest === undefined ? {} : { pullRequest }),
    ...(headMessage === undefined ? {} : { headMessage })
  }
}

interface PullRequest {
  readonly number: number
  readonly state: string
  readonly merged_at: string | null
  readonly base: { readonly ref: string }
}

/** Merged into the pushed branch, merged elsewhere, still open; one that was turned down does not count. */
const preference = ({ merged_at: mergedAt, base, state }: PullRequest, branch: string): number => {
  if (mergedAt !== null) return base.ref === branch ? 0 : 1
  return state === 'open' ? 2 : Infinity
}

const branchOf = ({ ref }: Context): string => ref.replace(/^refs\/heads\//u, '')

const pullRequestOfCommit = async ({ github, context, signal }: Session): Promise<number | undefined> => {
  const { owner, repo, sha } = context
  const { data: found } = await github.rest.repos.listPullRequestsAssociatedWithCommit({
    ...{ owner, repo, commit_sha: sha },
    request: { signal }
  })
  const branch = branchOf(context)
  return found
    .filter((pull) => preference(pull, branch) < Infinity)
    .toSorted((one, other) => preference(one, branch) - preference(other, branch))
    .at(0)?.number
}

/** `Merge pull request #12 from …`, or `Title (#12)` after a squash. */
const numberIn = (message = ''): number | undefined => {
  const title = message.split('\n', 1).join('')
  const number = /^Merge pull request #(\d+) /u.exec(title)?.[1] ?? /\(#(\d+)\)\s*$/u.exec(title)?.[1]
  return number === undefined ? undefined : Number(number)
}

/** Anybody can write a number into a commit message: it counts only if merging it brought this commit. */
const mergedAs = async (
  { github, context, signal }: Session,
  number: number
): Promise<number | undefined> => {
  const { owner, repo, sha } = context
  const { data: pull } = await github.rest.pulls.get({
    ...{ owner, repo, pull_number: number },
    request: { signal }
  })
  return pull.merged && pull.merge_commit_sha === sha ? number : undefined
}

/** Right after a merge GitHub may not know yet which pull request a commit came from. */
const pullRequestOfPush = async (session: Session): Promise<number | undefined> => {
  const mentioned = numberIn(session.context.headMessage)
  const pauses = mentioned === undefined ? [0, 1_000] : [0, 1_000, 2_000]
  for (const pause of pauses) {
    if (pause > 0) await session.clock.sleep(pause, session.signal)
    const number = await pullRequestOfCommit(session)
    if (number !== undefined) return number
  }
  return mentioned === undefined ? undefined : mergedAs(session, mentioned)
}

/** The pull request that the run is about, or that brought the pushed commit; undefined when there is none. */
export const findPullRequest = async (session: Session): Promise<number | undefined> => {
  const { owner, pullRequest, eventName } = session.context
  if (owner === '') return undefined
  if (pullRequest !== undefined) return pullRequest
  return eventName === 'push' ? pullRequestOfPush(session) : undefined
}
