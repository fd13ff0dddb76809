import { expect, it } from '@jest/globals'
import type { Outcome } from '../../src/domain/outcome.ts'
import { delicateIn } from '../../src/inputs/secrets.ts'
import { renderComment } from '../../src/report/comment.ts'
import { outcomeJson, verdictOutputs } from '../../src/report/outputs.ts'
import { redacted } from '../../src/report/redact.ts'
import { renderSummary } from '../../src/report/summary.ts'
import { httpRoute, openGateway } from '../support/memory/gateway-controller.ts'
import { inputsOf, openScene, service, workload, type Scene } from './scene.ts'

/** A secret in every input that can hold one: what of it is told besides the log, which the runner masks? */

const SECRET = 'K3y-for-smoke-tests'
const ENCODED = Buffer.from(SECRET).toString('base64').replace(/=+$/, '')

const passing = [
  `GET /health?key=${SECRET} -> 200`,
  `POST /login {"password":"${SECRET}"} -> 200`,
  `GET /search?q=a&token=${SECRET}#${SECRET} at 10/s for 1s -> 200`
]

const inputs = (...more: readonly string[]) => ({
  'smoke-tests': [...passing, ...more].join('\n'),
  strategy: 'canary',
  route: 'httproute/web',
  steps: `header x-canary: ${SECRET} for 2s\nheader authorization: ${SECRET} until approved\n10% for 2s\n100%`,
  bake: '2s',
  prometheus: 'https://prometheus.example.com',
  'prometheus-headers': `Authorization: Bearer ${SECRET}`,
  probe: `https://shop.example.com/?key=${SECRET} by x-version with Cookie: ${SECRET}`
})

/** Every channel but the log, and the record that the Service has, with where the secret is in it. */
function leaksIn(outcome: Outcome, given: Readonly<Record<string, string>>): readonly string[] {
  const shown = redacted(outcome, delicateIn(inputsOf(given), {}))
  // Neither does it take the last net: what is told is made of words of ours.
  const channels = {
    comment: renderComment(outcome),
    summary: renderSummary(outcome),
    ...verdictOutputs(outcome),
    json: outcomeJson(outcome)
  }
  const netted = {
    comment: renderComment(shown),
    summary: renderSummary(shown),
    ...verdictOutputs(shown),
    json: outcomeJson(shown)
  }
  return [...Object.entries(channels), ...Object.entries(netted)]
    .filter(([, text]) => text.includes(SECRET) || text.includes(ENCODED))
    .map(([name]) => name)
}

async function open(): Promise<Scene> {
  const scene = await openScene([workload(), service(), httpRoute()])
  openGateway(scene.cluster)
  return scene
}

/** What is left in the cluster by kind and name. */
const objectsWith = ({ cluster }: Scene): readonly string[] =>
  cluster
    .everything()
    .filter((object) => JSON.stringify(object).includes(SECRET))
    .map(({ kind, metadata }) => `${kind} ${metadata.name}`)

it('nothing of it is in the reports of a release that waits, goes on and is promoted, nor in the cluster after it', async () => {
  const scene = await open()
  const given = inputs()
  const waiting = await scene.run({ inputs: given }).deploy()
  expect(waiting).toMatchObject({ result: 'waiting' })
  expect(leaksIn(waiting, given)).toEqual([])
  // The route cannot tell testers apart without it, nor can the run that goes on: whoever may read routes sees it.
  expect(objectsWith(scene)).toEqual(['Service web', 'HTTPRoute web'])
  const status = await scene.run({ inputs: given }).status()
  expect(leaksIn(status, given)).toEqual([])
  const promoted = await scene.run({ inputs: given }).promote()
  expect(promoted).toMatchObject({ result: 'promoted' })
  expect(leaksIn(promoted, given)).toEqual([])
  expect(objectsWith(scene)).toEqual([])
})

it.each([
  ['a status', `GET /health?key=${SECRET} -> 418`, 'smoke test failed: 4: GET /health: '],
  ['a text that is missing', `GET /?key=${SECRET} -> 200 contains "${SECRET}"`, '4: GET /: '],
  ['a body', `POST /login {"password":"${SECRET}"} -> 201`, '4: POST /login: '],
  [
    'a host',
    `GET http://127.0.0.1:1/${SECRET.slice(0, 2)}?key=${SECRET} -> 200`,
    'no answer: connection refused'
  ],
  ['a load', `GET /health?key=${SECRET} at 10/s for 1s -> 418`, '4: GET /health at 10/s for 1s: '],
  [
    'a command',
    `run: echo ${SECRET}; echo ${ENCODED} >&2; exit 3`,
    'smoke test failed: command 4: the command could not be started'
  ]
])('nothing of it is in the reports of a release that %s takes back', async (_, line, reason) => {
  const scene = await open()
  const given = inputs(line)
  const outcome = await scene.run({ inputs: given }).deploy()
  expect(outcome).toMatchObject({ result: 'rolled-back', reason: expect.stringContaining(reason) })
  expect(leaksIn(outcome, given)).toEqual([])
  expect(objectsWith(scene)).toEqual([])
})

it('nothing of it is in a plan', async () => {
  const given = inputs()
  const scene = await open()
  const plan = await scene.run({ inputs: given }).plan()
  expect(plan).toMatchObject({ result: 'planned' })
  expect(leaksIn(plan, given)).toEqual([])
})

it('what a pod logs of it is taken out', () => {
  const given = inputs()
  const secrets = delicateIn(inputsOf(given), {})
  const log = [
    `GET /health?key=${SECRET} 200`,
    `Authorization: Basic ${ENCODED}`,
    'GET /health?key=other 200'
  ]
  const evidence = [{ pod: 'web-1', reason: 'Error', message: '', events: [], log }]
  const shown = redacted({ evidence } as unknown as Outcome, secrets)
  expect(shown.evidence[0]?.log).toEqual([
    'GET /health?key=*** 200',
    'Authorization: Basic ***',
    'GET /health?key=other 200'
  ])
})

it('a variable that a command names is taken out too, a word that stands everywhere is not', () => {
  const given = { 'smoke-tests': 'GET /?page=home -> 200\nrun: curl -u $LOGIN ${PASSWORD} $GITHUB_SHA' }
  const variables = { LOGIN: 'me:s3cret', PASSWORD: 'sw0rdfish!', GITHUB_SHA: 'c0ffeec0ffee' }
  expect(delicateIn(inputsOf(given), variables)).toEqual(['me:s3cret', 'sw0rdfish!'])
})
