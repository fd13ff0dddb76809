import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { admin } from '../support/cluster/real-cluster.ts'
import { startGitHub, type GitHub } from '../support/report/github.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { ONE_OF_MANY, openLiveScene } from '../support/cluster/live-scene.ts'
import { image } from '../support/cluster/workload.ts'

/** What a secret in smoke tests leaves behind on a real cluster, where pods log the requests that they get. */

const SECRET = 'K3y-for-smoke-tests'
const TOKEN = 'ghs_0123456789abcdefghij'

let github: GitHub
beforeEach(async () => {
  github = await startGitHub({ repository: 'shop/web', pullRequest: 12, token: TOKEN })
})
afterEach(() => {
  github.close()
})
playLiveScenes()

const KINDS = [
  ['apps/v1', 'Deployment'],
  ['v1', 'Service'],
  ['coordination.k8s.io/v1', 'Lease']
] as const

const lines = [
  `GET /health?key=${SECRET} -> 200`,
  `POST /echo {"password":"${SECRET}"} -> 200 contains "${SECRET}"`,
  `run: curl -fsS -H "X-Api-Key: ${SECRET}" $GREENLIGHT_URL/health`,
  'run: echo the environment is; env | sort; echo $OF_STEP'
]

/** Names of variables that a command has found; their values span lines in places. */
const namesIn = (log: string): readonly string[] =>
  [...log.matchAll(/^│ ([A-Z][A-Z0-9_]*)=/gm)].map(([, name = '']) => name)

it.each([
  ['promoted', lines],
  ['rolled-back', [...lines, `POST /echo?key=${SECRET} {"password":"${SECRET}"} -> 201`]],
  ['rolled-back', [...lines, `run: echo ${SECRET}; exit 3`]]
])('is in no report and no object of a release that is %s', async (result, tests) => {
  const scene = await openLiveScene(undefined, undefined, ONE_OF_MANY)
  const inputs = {
    images: image(2),
    bake: '1s',
    'smoke-tests': tests.join('\n'),
    comment: 'auto',
    'github-token': TOKEN
  }
  const ended = await scene.run(inputs, {
    GITHUB_API_URL: github.url,
    OF_STEP: 'env-of-the-step',
    ACTIONS_RUNTIME_TOKEN: SECRET,
    ACTIONS_RESULTS_URL: SECRET,
    ACTIONS_ID_TOKEN_REQUEST_URL: 'https://token.example.com'
  })
  expect(ended.outputs).toMatchObject({ result })
  const comment = github.comments[0]?.body ?? ''
  expect(comment).toContain('2: POST /echo')
  expect(comment).toContain('command 3')
  const objects = await Promise.all(
    KINDS.map(([apiVersion, kind]) => admin.list({ apiVersion, kind, namespace: scene.namespace }))
  )
  const channels = { comment, summary: ended.summary, ...ended.outputs, objects: JSON.stringify(objects) }
  const leaks = Object.entries(channels).filter(([, text]) => text.includes(SECRET))
  expect(leaks.map(([name]) => name)).toEqual([])

  const found = namesIn(ended.log)
  expect(found).toEqual(
    expect.arrayContaining(['OF_STEP', 'GITHUB_SHA', 'ACTIONS_ID_TOKEN_REQUEST_URL', 'GREENLIGHT_URL'])
  )
  expect(
    found.filter((name) => /^(INPUT|STATE|ACTIONS_R)|^GITHUB_(STATE|OUTPUT|ENV|STEP_SUMMARY)$/.test(name))
  ).toEqual([])
  expect(ended.log).toContain('env-of-the-step')
})

it('a report that cannot be written leaves a promoted release green', async () => {
  const scene = await openLiveScene(undefined, undefined, ONE_OF_MANY)
  const ended = await scene.run(
    { images: image(2), bake: '1s', comment: 'auto', 'github-token': TOKEN },
    {
      GITHUB_OUTPUT: '/dev/full',
      GITHUB_STEP_SUMMARY: '/nowhere/summary',
      GITHUB_API_URL: 'http://127.0.0.1:1'
    }
  )
  expect(ended.exitCode).toBe(0)
  expect(ended.state).toMatchObject({ settled: 'true' })
  const [verdict, ...warnings] = ended.log.split('\n').filter((line) => /was released|::warning::/.test(line))
  expect(verdict).toMatch(/^web was released: .* serves all traffic/)
  expect(warnings).toEqual([
    expect.stringContaining('the outputs could not be written: ENOSPC'),
    expect.stringContaining('the output json could not be written: ENOSPC'),
    expect.stringContaining('the job summary could not be written'),
    expect.stringContaining('No comment on the pull request')
  ])
})
