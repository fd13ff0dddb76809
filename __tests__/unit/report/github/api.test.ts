import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Clock } from '../../../../src/base/clock.ts'
import { contextFrom, writeComment, type Context } from '../../../../src/report/github/api.ts'
import { workflowRun } from '../../../../src/report/github/workflow-run.ts'

const marker = '<!-- greenlight:shop/web -->'
const body = `${marker}\n### released`

interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: unknown
}

/** A stand-in for GitHub: answers what it was told to, and keeps a record of what it was asked. */
let answers: Record<string, Answer | (() => Answer) | 'silence'>
let requests: { readonly line: string; readonly body: string }[]
let server: Server
let apiUrl: string

async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const line = `${request.method ?? ''} ${request.url ?? ''}`
  requests.push({ line, body: await text(request) })
  const told = answers[line] ?? { status: 404, json: { message: 'Not Found' } }
  if (told === 'silence') return
  const { status = 200, headers = {}, json = {} } = typeof told === 'function' ? told() : told
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(json))
}

beforeEach(async () => {
  answers = { 'POST /graphql': { json: { data: { viewer: { login: 'github-actions[bot]' } } } } }
  requests = []
  server = createServer((request, response) => void respond(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(() => {
  server.closeAllConnections()
  server.close()
})

/** Short pauses pass at once; the long one, after which the work is given up, passes when the test says so. */
function stoppedClock(): Clock & { readonly pauses: number[]; timeIsUp: () => void } {
  const pauses: number[] = []
  const long = Promise.withResolvers<undefined>()
  return {
    pauses,
    timeIsUp: () => {
      long.resolve(undefined)
    },
    now: () => 0,
    sleep: async (ms, signal) => {
      if (ms < 10_000) {
        pauses.push(ms)
        return
      }
      signal?.addEventListener('abort', () => {
        long.resolve(undefined)
      })
      await long.promise
      signal?.throwIfAborted()
    }
  }
}

const sha = 'c0ffee0000000000000000000000000000000000'
const push = (): Context => ({
  apiUrl,
  owner: 'acme',
  repo: 'shop',
  eventName: 'push',
  sha,
  ref: 'refs/heads/main'
})
const onPullRequest = (): Context => ({
  ...push(),
  eventName: 'pull_request',
  ref: 'refs/pull/7/merge',
  pullRequest: 7
})

const pullsOfCommit = `GET /repos/acme/shop/commits/${sha}/pulls`
const commentsOf = (number: number): string => `GET /repos/acme/shop/issues/${number}/comments?per_page=100`
const creates = (number: number): string => `POST /repos/acme/shop/issues/${number}/comments`

const comment = (id: number, login: string, type: string, content = body): object => ({
  id,
  body: content,
  user: { login, type }
})

const pull = (number: number, base: string, state: 'merged' | 'open' | 'closed'): object => ({
  number,
  state: state === 'merged' ? 'closed' : state,
  merged_at: state === 'merged' ? '2026-11-03T14:00:00Z' : null,
  base: { ref: base }
})

async function write(context: Context, clock: Clock = stoppedClock()): Promise<readonly string[]> {
  const warnings: string[] = []
  const warn = (warning: string): number => warnings.push(warning)
  await writeComment({ token: 'a-token', context, clock, warn }, { marker, body })
  return warnings
}

const asked = (): readonly string[] => requests.map(({ line }) => line)

describe('for the pull request of the event', () => {
  test('creates a comment where there is none of ours', async () => {
    answers[commentsOf(7)] = { json: [comment(1, 'octocat', 'User', 'hello')] }
    answers[creates(7)] = { status: 201 }
    expect(await write(onPullRequest())).toEqual([])
    expect(asked()).toEqual(['POST /graphql', commentsOf(7), creates(7)])
    expect(JSON.parse(requests.at(-1)?.body ?? '')).toEqual({ body })
  })

  test('updates the comment it wrote before, on whatever page it is', async () => {
    const next = `${commentsOf(7).slice('GET '.length)}&page=2`
    answers[commentsOf(7)] = { json: [], headers: { link: `<${apiUrl}${next}>; rel="next"` } }
    answers[`GET ${next}`] = { json: [comment(42, 'github-actions[bot]', 'Bot')] }
    answers['PATCH /repos/acme/shop/issues/comments/42'] = {}
    expect(await write(onPullRequest())).toEqual([])
    expect(asked().at(-1)).toBe('PATCH /repos/acme/shop/issues/comments/42')
    expect(JSON.parse(requests.at(-1)?.body ?? '')).toEqual({ body })
  })

  test('takes the place of the newest one that has nothing more to say', async () => {
    const old = (id: number, login: string, type: string): object =>
      comment(id, login, type, '<!-- old -->\n❌')
    const bot = ['github-actions[bot]', 'Bot'] as const
    answers[commentsOf(7)] = { json: [old(1, ...bot), old(2, ...bot), old(3, 'mallory', 'User')] }
    answers['PATCH /repos/acme/shop/issues/comments/2'] = {}
    const replaces = (marker: string): boolean => marker === '<!-- old -->'
    const clock = stoppedClock()
    const warn = (): void => undefined
    await writeComment(
      { token: 'a-token', context: onPullRequest(), clock, warn },
      { marker, body, replaces }
    )
    expect(asked().at(-1)).toBe('PATCH /repos/acme/shop/issues/comments/2')
  })

  test('leaves alone what somebody else began with our marker', async () => {
    answers[commentsOf(7)] = { json: [comment(1, 'mallory', 'User'), comment(2, 'other[bot]', 'Bot')] }
    answers[creates(7)] = { status: 201 }
    expect(await write(onPullRequest())).toEqual([])
    expect(asked().at(-1)).toBe(creates(7))
  })

  test('takes a bot for itself where the server does not say who it is', async () => {
    answers['POST /graphql'] = { status: 404 }
    answers[commentsOf(7)] = { json: [comment(1, 'mallory', 'User'), comment(2, 'deployer[bot]', 'Bot')] }
    answers['PATCH /repos/acme/shop/issues/comments/2'] = {}
    expect(await write(onPullRequest())).toEqual([])
    expect(asked().at(-1)).toBe('PATCH /repos/acme/shop/issues/comments/2')
  })
})

describe('for a push', () => {
  const commentsOn = async (number: number, context: Context, clock?: Clock): Promise<void> => {
    answers[commentsOf(number)] = { json: [] }
    answers[creates(number)] = { status: 201 }
    expect(await write(context, clock)).toEqual([])
    expect(asked().at(-1)).toBe(creates(number))
  }

  test('prefers the pull request that was merged into the pushed branch', async () => {
    answers[pullsOfCommit] = {
      json: [
        pull(1, 'main', 'open'),
        pull(2, 'next', 'merged'),
        pull(3, 'main', 'merged'),
        pull(4, 'main', 'closed')
      ]
    }
    await commentsOn(3, push())
  })

  test('takes an open one else, but never one that was turned down', async () => {
    answers[pullsOfCommit] = { json: [pull(4, 'main', 'closed'), pull(1, 'main', 'open')] }
    await commentsOn(1, push())
  })

  test('asks again, because right after a merge GitHub may not know yet', async () => {
    const clock = stoppedClock()
    const later = [{ json: [] }, { json: [] }, { json: [pull(5, 'main', 'merged')] }]
    answers[pullsOfCommit] = () => later.shift() ?? {}
    await commentsOn(5, { ...push(), headMessage: 'Faster checkout (#5)\n\nMore (#6)' }, clock)
    expect(clock.pauses).toEqual([1_000, 2_000])
  })

  test.each(['Faster checkout (#5)', 'Merge pull request #5 from acme/faster'])(
    'believes the commit message %j when merging that pull request brought the commit',
    async (headMessage) => {
      answers[pullsOfCommit] = { json: [] }
      answers['GET /repos/acme/shop/pulls/5'] = { json: { merged: true, merge_commit_sha: sha } }
      await commentsOn(5, { ...push(), headMessage })
    }
  )

  test('does not believe a commit message that names another pull request', async () => {
    answers[pullsOfCommit] = { json: [] }
    answers['GET /repos/acme/shop/pulls/5'] = { json: { merged: true, merge_commit_sha: 'another' } }
    expect(await write({ ...push(), headMessage: 'Nothing to see (#5)' })).toEqual([])
    expect(asked().at(-1)).toBe('GET /repos/acme/shop/pulls/5')
  })

  test('has nothing to do when the commit came without a pull request', async () => {
    answers[pullsOfCommit] = { json: [] }
    expect(await write(push())).toEqual([])
    expect(asked()).toEqual([pullsOfCommit, pullsOfCommit])
  })
})

describe('for a run that somebody has started', () => {
  const released = 'ba5eba11000000000000000000000000000000aa'
  const pullsOfReleased = `GET /repos/acme/shop/commits/${released}/pulls`
  const dispatched = (): Context => ({ ...push(), eventName: 'workflow_dispatch', released })

  test('comments where the release came from that it is about', async () => {
    answers[pullsOfReleased] = { json: [pull(3, 'main', 'merged'), pull(4, 'main', 'closed')] }
    answers[commentsOf(3)] = { json: [comment(42, 'github-actions[bot]', 'Bot')] }
    answers['PATCH /repos/acme/shop/issues/comments/42'] = {}
    expect(await write(dispatched())).toEqual([])
    expect(asked()[0]).toBe(pullsOfReleased)
    expect(asked().at(-1)).toBe('PATCH /repos/acme/shop/issues/comments/42')
  })

  test.each([404, 422])('has nothing to do where this repository has no such commit: %d', async (status) => {
    answers[pullsOfReleased] = { status, json: { message: 'No commit found for SHA' } }
    expect(await write(dispatched())).toEqual([])
    expect(asked()).toEqual([pullsOfReleased])
  })

  test('asks for no commit that is none', async () => {
    expect(await write({ ...dispatched(), released: '../../pulls/1' })).toEqual([])
    expect(asked()).toEqual([])
  })

  test('goes by the pull request of its event, where there is one', async () => {
    answers[commentsOf(7)] = { json: [] }
    answers[creates(7)] = { status: 201 }
    expect(await write({ ...onPullRequest(), released })).toEqual([])
    expect(asked().at(-1)).toBe(creates(7))
  })
})

test('has nothing to do for other events', async () => {
  expect(await write({ ...push(), eventName: 'schedule' })).toEqual([])
  expect(asked()).toEqual([])
})

describe('a comment that cannot be written only warns', () => {
  test.each([403, 404])('status %d names the permission', async (status) => {
    answers[commentsOf(7)] = { json: [] }
    answers[creates(7)] = { status, json: { message: 'Resource not accessible by integration' } }
    expect(await write(onPullRequest())).toEqual([
      expect.stringMatching(/Resource not accessible.*permissions: pull-requests: write.*forks.*Dependabot/u)
    ])
  })

  test('any other error', async () => {
    answers[commentsOf(7)] = { status: 500, json: { message: 'Server Error' } }
    expect(await write(onPullRequest())).toEqual(['No comment on the pull request: Server Error'])
  })

  test('no server', async () => {
    await new Promise((resolve) => server.close(resolve))
    expect(await write(onPullRequest())).toEqual([
      expect.stringMatching(/^No comment .*: (?:connect ECONNREFUSED|fetch failed)/u)
    ])
  })

  test('no token', async () => {
    const warnings: string[] = []
    const warn = (warning: string): number => warnings.push(warning)
    await writeComment({ token: '', context: push(), clock: stoppedClock(), warn }, { marker, body })
    expect(warnings).toHaveLength(1)
  })

  test('a server that does not answer', async () => {
    const clock = stoppedClock()
    answers[commentsOf(7)] = 'silence'
    const written = write(onPullRequest(), clock)
    while (!asked().includes(commentsOf(7))) await new Promise(setImmediate)
    clock.timeIsUp()
    expect(await written).toEqual(['No comment on the pull request: GitHub did not answer within 10 s'])
  })
})

describe('the context', () => {
  const variables = {
    ...{ GITHUB_API_URL: 'https://ghe.example/api/v3', GITHUB_SERVER_URL: 'https://ghe.example' },
    ...{ GITHUB_REPOSITORY: 'acme/shop', GITHUB_SHA: sha, GITHUB_REF: 'refs/heads/main' }
  }
  const of = (GITHUB_EVENT_NAME: string, event: Readonly<Record<string, unknown>>): Context =>
    contextFrom(workflowRun({ ...variables, GITHUB_EVENT_NAME }), event)

  test('of a push', () => {
    expect(of('push', { head_commit: { message: 'Faster (#5)' } })).toEqual({
      ...{ apiUrl: 'https://ghe.example/api/v3', owner: 'acme', repo: 'shop', eventName: 'push', sha },
      ...{ ref: 'refs/heads/main', headMessage: 'Faster (#5)' }
    })
    expect(of('push', { head_commit: null }).headMessage).toBeUndefined()
  })

  test('outside of a repository, where there is nothing to comment on', async () => {
    const nowhere = { GITHUB_API_URL: apiUrl, GITHUB_EVENT_NAME: 'push' }
    const context = contextFrom(workflowRun(nowhere), {})
    expect(context).toMatchObject({ owner: '', repo: '' })
    expect(await write(context)).toEqual([])
    expect(asked()).toEqual([])
  })

  test.each([
    ['pull_request', { pull_request: { number: 7 } }, 7],
    ['issue_comment', { issue: { number: 8, pull_request: {} } }, 8],
    ['issue_comment', { issue: { number: 9 } }, undefined],
    ['pull_request', { pull_request: { number: '7' } }, undefined],
    ['workflow_dispatch', {}, undefined]
  ])('of %s', (eventName, payload, expected) => {
    expect(of(eventName, payload).pullRequest).toBe(expected)
  })
})
