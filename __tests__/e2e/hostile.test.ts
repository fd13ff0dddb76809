import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import type { KubernetesObject, Pod } from '../../src/kubernetes/objects.ts'
import type { Ended } from '../support/action.ts'
import { admin } from '../support/cluster/real-cluster.ts'
import { startGitHub, type GitHub } from '../support/report/github.ts'
import { hostileLine, hostileText } from '../support/report/hostile.ts'
import { allTags, html, linkable, proseOf } from '../support/report/markdown.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { commandsIn, entriesIn } from '../support/report/runner.ts'
import { type LiveScene, manifestFile, ONE_OF_MANY, openLiveScene } from '../support/cluster/live-scene.ts'
import { getPods, image, service, workload } from '../support/cluster/workload.ts'

const TOKEN = 'ghs_0123456789abcdefghij'

const closing: (() => unknown)[] = []
let github: GitHub
beforeEach(async () => {
  github = await startGitHub({ repository: 'shop/web', pullRequest: 12, token: TOKEN })
  closing.push(() => {
    github.close()
  })
})
afterEach(() => {
  for (const close of closing.splice(0)) close()
})
playLiveScenes()

/** What the action means to tell the runner: folds, masks, annotations, and what a library says when debugging. */
const MEANT: ReadonlySet<string> = new Set(['group', 'endgroup', 'add-mask', 'error', 'warning', 'debug'])

const OUTPUTS = [
  ...['result', 'reason', 'release', 'stable-slot', 'weight', 'image', 'previous-image', 'failed-check'],
  ...['duration-seconds', 'restore-seconds', 'json']
]

/** Tags of reports of ours. Others, or others of their attributes, would be somebody else's. */
const OURS = [
  /^<\/?(?:h[23]|p|strong|em|table|thead|tbody|tr|th|td|ul|ol|li|blockquote|pre|code|details|summary|span)>$/u,
  /^<details open>$/u,
  /^<code class="language-(?:text|diff|mermaid)">$/u,
  /^<a href="https:\/\/github\.com\/shop\/web\/actions\/runs\/\d+\/attempts\/1">$/u,
  /^<a href="https:\/\/github\.com\/greenlight-action\/greenlight\/blob\/main\/docs\/troubleshooting\.md#[a-z-]+">$/u,
  /^<\/a>$/u,
  /^<[bh]r \/>$/u
]

/** Nothing of it stands out, or can be followed. */
const STANDING_OUT = /^<(?:strong|em|h\d|a|summary)\b[^>]*>[^<]*(?:pwned|evil)/u

/** A page of Markdown in which nothing is anybody else's but words and code. */
function expectTamePage(markdown: string): void {
  const page = html(markdown)
  expect(allTags(page).filter((tag) => !OURS.some((ours) => ours.test(tag)))).toEqual([])
  expect(linkable.exec(proseOf(page))?.[0]).toBeUndefined()
  expect(page).not.toMatch(STANDING_OUT)
  expect(page.split('<details').length).toBe(page.split('</details>').length)
  expect(markdown).not.toMatch(/(?![\n\t])[\p{Cc}\p{Cf}\u2028\u2029]/u)
}

interface Expected {
  readonly result: string
  /** By which a piece of hostile text is recognised: it must be in the reports, or they would show nothing. */
  readonly signatures: readonly string[]
  readonly errors: number
  readonly warnings?: number
}

/** The runner finds only commands and outputs of ours, and a reader of the reports only words of others. */
function expectTame(ended: Ended, { result, signatures, errors, warnings = 0 }: Expected): void {
  const { log, files, summary } = ended
  expect(ended.outputs).toMatchObject({ result })
  const commands = commandsIn(log)
  const named = (name: string) => commands.filter((command) => command.name === name)
  expect(commands.filter(({ name }) => !MEANT.has(name))).toEqual([])
  expect(named('group')).toHaveLength(named('endgroup').length)
  expect(named('error').map(({ message }) => message)).toHaveLength(errors)
  expect(named('warning').map(({ message }) => message)).toHaveLength(warnings)
  expect(named('add-mask').filter(({ message }) => message !== TOKEN && !message.startsWith('eyJ'))).toEqual(
    []
  )

  expect(entriesIn(files.output).map(([name]) => name)).toEqual(OUTPUTS)
  for (const [name, value] of entriesIn(files.output))
    if (name !== 'json') expect(value).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u)
  expect(files.env).toBe('')
  expect(new Set(['main', 'begun', 'settled', ...entriesIn(files.state).map(([name]) => name)]).size).toBe(3)

  const comment = github.comments.at(-1)?.body ?? ''
  const pages = [summary, ...github.comments.map(({ body }) => body)]
  for (const page of pages) expectTamePage(page)
  for (const signature of signatures) expect(`${log}${summary}${comment}`).toContain(signature)
}

/** What a workflow run knows from whoever pushed: names of people and branches, and messages of commits. */
function pushed(): Record<string, string> {
  const event = join(mkdtempSync(join(tmpdir(), 'event-')), 'event.json')
  const message = `Merge pull request #999 from evil\n\n${hostileText('commit')}`
  writeFileSync(event, JSON.stringify({ ref: 'refs/heads/main', head_commit: { message } }))
  return {
    GITHUB_API_URL: github.url,
    GITHUB_EVENT_PATH: event,
    GITHUB_ACTOR: hostileLine('signed-by-the-actor'),
    GITHUB_REF: 'refs/heads/main"><img/src=x>`](x)'
  }
}

const reported = { comment: 'auto', 'github-token': TOKEN }

const play = (scene: LiveScene, inputs: Record<string, string>): Promise<Ended> =>
  scene.run({ ...reported, ...inputs }, pushed())

/** Somebody who may write Events tells one on each of the canary's pods. */
async function tellEvents(namespace: string, message: string): Promise<void> {
  let pods: readonly Pod[] = []
  while (pods.length === 0) {
    pods = await getPods(namespace, 'greenlight.dev/slot=green')
    await sleep(100)
  }
  for (const { metadata } of pods) {
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `hostile-${metadata.name}`, namespace },
      involvedObject: {
        apiVersion: 'v1',
        kind: 'Pod',
        namespace,
        name: metadata.name,
        uid: metadata.uid ?? ''
      },
      type: 'Warning',
      reason: '::error::pwned\n##[add-mask]serves',
      message: message.slice(0, 1000),
      firstTimestamp: new Date().toISOString(),
      lastTimestamp: new Date().toISOString()
    } satisfies KubernetesObject & Record<string, unknown>
    await admin.create(event)
  }
}

function withContainer(fields: object): Record<string, unknown> {
  const [container] = workload({ image: image(2) }).spec.template.spec.containers
  return { containers: [{ ...container, ...fields }] }
}

it('last words of a pod, and events on it, are quoted and do nothing', async () => {
  const scene = await openLiveScene(undefined, undefined, ONE_OF_MANY)
  const env = [
    { name: 'PRE_LOG', value: hostileText('signed-by-the-log') },
    { name: 'CRASH', value: hostileLine('signed-by-the-crash') }
  ]
  const template = withContainer({ env, terminationMessagePolicy: 'FallbackToLogsOnError' })
  const [ended] = await Promise.all([
    play(scene, { manifests: manifestFile([workload({ image: image(2), template })]) }),
    tellEvents(scene.namespace, hostileLine('signed-by-the-event'))
  ])
  expectTame(ended, {
    result: 'rolled-back',
    signatures: ['signed-by-the-log', 'signed-by-the-crash', 'signed-by-the-event'],
    errors: 2
  })
  expect(github.comments).toHaveLength(1)
  expect(github.requests.filter((request) => request.includes('999'))).toEqual([])
  expect((await scene.end()).users).toMatchObject({ failed: 0, failures: [] })
})

it('answers to smoke tests are quoted and do nothing', async () => {
  const scene = await openLiveScene(undefined, undefined, ONE_OF_MANY)
  // What stands in a header, as the version does, cannot hold terminal sequences.
  const version = hostileLine('signed-by-the-answer').replaceAll(/\p{Cc}\[?/gu, '\n')
  const template = withContainer({ env: [{ name: 'VERSION', value: version }] })
  const manifests = manifestFile([workload({ image: image(2), template })])
  const answered = await play(scene, { manifests, 'smoke-tests': 'GET / -> 200 contains "v2"' })
  expectTame(answered, { result: 'rolled-back', signatures: ['signed-by-the-answer'], errors: 2 })

  // Byte by byte what the pod says: it is given all of it, and says it again.
  const said = join(mkdtempSync(join(tmpdir(), 'said-')), 'text')
  writeFileSync(said, `${hostileText('signed-by-the-pod')}\n\u0000::error::pwned\u0000\n`)
  const print = 'process.stdin.toArray().then((all) => process.stdout.write(JSON.parse(all.join("")).body))'
  const line = `run: curl -sf --data-binary @${said} "$GREENLIGHT_URL/echo" | ${process.execPath} -e '${print}' && exit 1`
  const printed = await play(scene, { images: image(3), 'smoke-tests': line })
  expectTame(printed, { result: 'rolled-back', signatures: ['signed-by-the-pod'], errors: 2 })
  expect((await scene.end()).users).toMatchObject({ failed: 0, failures: [] })
})

/** A registry that refuses everybody, in words and addresses of its own. */
async function startHostileRegistry(): Promise<string> {
  const text = hostileLine('signed-by-the-registry')
  const server = createServer((_, response) => {
    const realm = `http://127.0.0.1:9/](javascript:alert(1))::error::pwned<img/src=x>@octocat`
    response.writeHead(401, {
      'content-type': 'application/json',
      'www-authenticate': `Bearer realm="${realm}",service="##[add-mask]serves"`
    })
    response.end(JSON.stringify({ errors: [{ code: 'UNAUTHORIZED', message: text, detail: text }] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

it('images, and what a registry says, are quoted and do nothing', async () => {
  const scene = await openLiveScene(undefined, undefined, ONE_OF_MANY)
  const registry = await startHostileRegistry()
  const ended = await play(scene, { images: `web=${registry}/shop/www.evil.example/gh-1:__pwned__-100` })
  expectTame(ended, {
    result: 'rolled-back',
    signatures: ['__pwned__-100', 'javascript:alert'],
    errors: 2
  })
  expect((await scene.end()).users).toMatchObject({ failed: 0, failures: [] })
})

/** A Prometheus that was taken over. */
async function startHostilePrometheus(): Promise<{ readonly url: string; say(answer: object): void }> {
  let said: object = {}
  const server = createServer((_, response) => {
    response.writeHead('error' in said ? 400 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(said))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    say(answer) {
      said = answer
    }
  }
}

it('errors and labels of metrics are quoted and do nothing', async () => {
  const scene = await openLiveScene(undefined, undefined, ONE_OF_MANY)
  const prometheus = await startHostilePrometheus()
  const inputs = {
    images: image(2),
    prometheus: prometheus.url,
    checks: 'load: up{pod=~"$pods"} < 100',
    'warm-up': '0s'
  }
  prometheus.say({
    status: 'error',
    errorType: 'bad_data',
    error: hostileText('signed-by-the-error').slice(-600)
  })
  const refused = await play(scene, inputs)
  expectTame(refused, { result: 'failed', signatures: ['result=promoted result<<EOF'], errors: 1 })

  const label = hostileLine('signed-by-the-label')
  const series = ['a', 'b'].map((name) => ({
    metric: { [label]: name, pod: label },
    value: [Date.now() / 1000, '1']
  }))
  prometheus.say({ status: 'success', data: { resultType: 'vector', result: series } })
  expectTame(await play(scene, inputs), { result: 'failed', signatures: ['2 series'], errors: 1 })
  expect((await scene.end()).users).toMatchObject({ failed: 0, failures: [] })
})

it('manifests of a pull request, their names, and what others have written beside them, do nothing in a plan', async () => {
  const scene = await openLiveScene(
    [workload({ env: { NOTE: hostileText('signed-by-the-one-before') } }), service()],
    undefined,
    ONE_OF_MANY
  )
  const wanted = workload({ image: image(2), env: { NOTE: hostileText('signed-by-the-author') } })
  const { metadata } = wanted.spec.template as { metadata: { annotations?: Record<string, string> } }
  metadata.annotations = { ...metadata.annotations, 'shop.example/note': hostileLine('signed-in-a-note') }
  const planned = await play(scene, { command: 'plan', manifests: manifestFile([wanted]) })
  expectTame(planned, {
    result: 'planned',
    signatures: ['signed-by-the-author', 'signed-by-the-one-before', 'signed-in-a-note'],
    errors: 0
  })

  const folder = mkdtempSync(join(tmpdir(), 'manifests-'))
  const name = hostileLine('signed-by-the-file').replaceAll('/', '').slice(0, 200)
  writeFileSync(join(folder, `${name}.yaml`), 'a: [\n')
  writeFileSync(
    join(folder, 'web.yaml'),
    'kind: "::error::pwned\\n##[add-mask]serves"\napiVersion: v1\n? { "##[add-mask]serves": 1 }\n: x\n'
  )
  const broken = await play(scene, { command: 'plan', manifests: folder })
  expectTame(broken, { result: 'failed', signatures: ['::error::pwned'], errors: 1 })
})

/** Somebody who may write Leases keeps the lock. */
async function renewAs(holder: string, renewals: number, namespace: string): Promise<void> {
  const name = 'greenlight-service-web'
  const renewTime = new Date(renewals * 1000).toISOString().replace('Z', '000Z')
  const lease = {
    ...{ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' },
    metadata: { name, namespace, annotations: { 'greenlight.dev/run': holder } },
    spec: { holderIdentity: holder, leaseDurationSeconds: 15, renewTime }
  } satisfies KubernetesObject & Record<string, unknown>
  await admin.apply(lease)
}

it('records and locks that somebody else has written do nothing', async () => {
  const scene = await openLiveScene(undefined, undefined, ONE_OF_MANY)
  const { namespace } = scene
  const released = await play(scene, { images: image(2), bake: '0s' })
  expectTame(released, { result: 'promoted', signatures: [], errors: 0 })

  const ref = { apiVersion: 'v1', kind: 'Service', namespace, name: 'web' }
  const route = await admin.get(ref)
  const record = JSON.parse(route?.metadata.annotations?.['greenlight.dev/release'] ?? '') as Record<
    string,
    unknown
  >
  const text = hostileLine('signed-by-the-record')
  const forged = {
    ...record,
    ...{ id: text, run: `https://github.com/shop/web](javascript:alert(1))${text}`, actor: text, sha: text },
    previous: { ...(record.previous as object), images: [text] },
    history: [
      { release: text, command: 'deploy', served: true, at: record.startedAt, images: [text], run: text }
    ]
  }
  const write = (value: object) =>
    admin.patch(ref, [
      { op: 'replace', path: '/metadata/annotations/greenlight.dev~1release', value: JSON.stringify(value) }
    ])
  await write({ ...forged, phase: text, [text]: text })
  const unreadable = await play(scene, { command: 'status' })
  expectTame(unreadable, { result: 'failed', signatures: ['cannot be read (phase '], errors: 1 })
  await write(forged)
  const told = await play(scene, { command: 'status' })
  expectTame(told, { result: 'unchanged', signatures: ['signed-by-the-record'], errors: 0 })

  const rival = hostileLine('signed-by-the-rival')
  let renewals = 0
  const renewing = setInterval(() => {
    renewals += 1
    void renewAs(rival, renewals, namespace)
  }, 500)
  closing.push(() => {
    clearInterval(renewing)
  })
  await sleep(1000)
  const locked = await play(scene, { images: image(3) })
  clearInterval(renewing)
  expectTame(locked, { result: 'failed', signatures: ['signed-by-the-rival'], errors: 1 })
  expect((await scene.end()).users).toMatchObject({ failed: 0, failures: [] })
})
