import type { Clock } from '../../base/clock.ts'
import { messageOf } from '../../base/errors.ts'
import { within } from '../../base/within.ts'
import type { Sticky } from '../comment.ts'
import { findPullRequest, type Context, type Session } from './pull-request.ts'

export { contextFrom, type Context } from './pull-request.ts'

export interface CommentOptions {
  readonly token: string
  readonly context: Context
  readonly clock: Clock
  readonly warn: (text: string) => void
}

/** The longest that the comment may hold up a release. */
const LONGEST = 10_000

const withoutBot = (login: string): string => login.replace(/\[bot\]$/u, '')

/** The user of the token. A workflow's own token can ask only by GraphQL, and some servers do not answer. */
async function whoAmI({ github, signal }: Session): Promise<string | undefined> {
  try {
    const { viewer } = await github.graphql<{ viewer: { login: string } }>('query { viewer { login } }', {
      request: { signal }
    })
    return withoutBot(viewer.login)
  } catch {
    return undefined
  }
}

interface Comment {
  readonly id: number
  readonly body?: string | undefined
  readonly user: { readonly login: string; readonly type: string } | null
}

/** Anybody can copy a marker into a comment of their own. */
const isOurs = ({ user }: Comment, login: string | undefined): boolean =>
  login === undefined ? user?.type === 'Bot' : withoutBot(user?.login ?? '') === login

const firstLine = ({ body = '' }: Comment): string => body.split(/\r?\n/u, 1)[0] ?? ''

/** The comment with our marker, else the newest one whose place we take. */
async function findComment(
  session: Session,
  pull: number,
  { marker, replaces = () => false }: Sticky
): Promise<number | undefined> {
  const { github, context, signal } = session
  const { owner, repo } = context
  const login = await whoAmI(session)
  const pages = github.paginate.iterator(github.rest.issues.listComments, {
    ...{ owner, repo, issue_number: pull, per_page: 100 },
    request: { signal }
  })
  let replaced: number | undefined
  for await (const { data: comments } of pages) {
    const ours = comments.filter((comment) => isOurs(comment, login))
    const found = ours.find((comment) => firstLine(comment) === marker)
    if (found !== undefined) return found.id
    replaced = ours.findLast((comment) => replaces(firstLine(comment)))?.id ?? replaced
  }
  return replaced
}

async function updateOrCreate(session: Session, sticky: Sticky): Promise<void> {
  const pull = await findPullRequest(session)
  if (pull === undefined) return
  const { github, context, signal } = session
  const { owner, repo } = context
  const comment = await findComment(session, pull, sticky)
  const common = { owner, repo, body: sticky.body, request: { signal } }
  if (comment === undefined) await github.rest.issues.createComment({ ...common, issue_number: pull })
  else await github.rest.issues.updateComment({ ...common, comment_id: comment })
}

const late = (): Error => new Error(`GitHub did not answer within ${LONGEST / 1_000} s`)

const lacksRight = (error: unknown): boolean =>
  error instanceof Error && 'status' in error && (error.status === 403 || error.status === 404)

const ADVICE =
  ' — give the job "permissions: pull-requests: write" (beside "contents: read"). Pull requests from forks ' +
  'and from Dependabot get a token that can only read.'

/**
 * The library reads the event file while it is imported, and throws if it cannot. Greenlight has read the event itself
 * by now, so the library gets none.
 */
async function openGitHub(token: string, { apiUrl }: Context): Promise<Session['github']> {
  delete process.env.GITHUB_EVENT_PATH
  const { getOctokit } = await import('@actions/github')
  return getOctokit(token, { baseUrl: apiUrl })
}

/**
 * Puts the report on the pull request, into the one comment that begins with the marker. Nothing to do for a
 * commit that came without a pull request. Never throws and never takes longer than ten seconds: a release does
 * not depend on a comment.
 */
export async function writeComment(
  { token, context, clock, warn }: CommentOptions,
  sticky: Sticky
): Promise<void> {
  try {
    const github = await openGitHub(token, context)
    await within({ milliseconds: LONGEST, clock, late }, (signal) =>
      updateOrCreate({ github, context, clock, signal }, sticky)
    )
  } catch (error) {
    warn(`No comment on the pull request: ${messageOf(error)}${lacksRight(error) ? ADVICE : ''}`)
  }
}
