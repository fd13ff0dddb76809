import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface Comment {
  readonly id: number
  readonly body: string
  readonly user: { readonly login: string; readonly type: string }
}

export interface GitHub {
  /** For `GITHUB_API_URL`. */
  readonly url: string
  /** What was asked, e.g. `GET /repos/shop/web/pulls/12`, in order. */
  readonly requests: readonly string[]
  /** The comments on the pull request, as they are now. */
  readonly comments: readonly Comment[]
  close(): void
}

export interface GitHubOptions {
  /** `owner/name` */
  readonly repository: string
  /** Every commit came with this pull request, which was merged into main. */
  readonly pullRequest: number
  /** What a workflow has to send. */
  readonly token: string
}

type Answer = readonly [status: number, json: unknown]

const NOT_FOUND: Answer = [404, { message: 'Not Found' }]
const BOT = { login: 'github-actions[bot]', type: 'Bot' }

/** A stand-in for the GitHub API, with one pull request that keeps its comments. */
export async function startGitHub({ repository, pullRequest, token }: GitHubOptions): Promise<GitHub> {
  const requests: string[] = []
  const comments: Comment[] = []
  const merged = {
    number: pullRequest,
    state: 'closed',
    merged_at: '2026-01-01T00:00:00Z',
    base: { ref: 'main' }
  }
  const create = (body: string): Answer => {
    const comment = { id: comments.length + 1, body, user: BOT }
    comments.push(comment)
    return [201, comment]
  }
  const update = (id: number, body: string): Answer => {
    const at = comments.findIndex((comment) => comment.id === id)
    if (at < 0) return NOT_FOUND
    comments[at] = { id, body, user: BOT }
    return [200, comments[at]]
  }
  const answer = (request: string, body: string): Answer => {
    const own = request.replace(`/repos/${repository}`, '')
    if (request === 'POST /graphql') return [200, { data: { viewer: { login: BOT.login } } }]
    if (/^GET \/commits\/[0-9a-f]{40}\/pulls$/.test(own)) return [200, [merged]]
    if (own === `GET /issues/${pullRequest}/comments`) return [200, comments]
    if (own === `POST /issues/${pullRequest}/comments`) return create(bodyOf(body))
    const [, id] = /^PATCH \/issues\/comments\/(\d+)$/.exec(own) ?? []
    return id === undefined ? NOT_FOUND : update(Number(id), bodyOf(body))
  }
  const server = createServer((incoming, response) => {
    void text(incoming).then((body) => {
      const request = `${incoming.method ?? ''} ${(incoming.url ?? '').replace(/\?.*$/, '')}`
      requests.push(request)
      const known = incoming.headers.authorization === `token ${token}`
      const [status, json] = known ? answer(request, body) : [401, { message: 'Bad credentials' }]
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    comments,
    close() {
      server.closeAllConnections()
      server.close()
    }
  }
}

const bodyOf = (json: string): string => (JSON.parse(json) as { body: string }).body
