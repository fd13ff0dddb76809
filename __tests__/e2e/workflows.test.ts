import { execFileSync, spawn } from 'node:child_process'
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { parse } from 'yaml'
import { readInputs } from '../../src/inputs/inputs.ts'
import { parseManifests } from '../../src/kubernetes/manifests.ts'
import type { KubernetesObject } from '../../src/kubernetes/objects.ts'
import { untilRollout, type Rollout } from '../support/cluster/argo-rollouts.ts'
import {
  BUILDING,
  prepareArgoRollouts,
  startArgoRollouts,
  stopControllers
} from '../support/cluster/controllers.ts'
import { admin } from '../support/cluster/real-cluster.ts'
import { httpRoute, uniqueHost } from '../support/cluster/gateway.ts'
import { startLoad } from '../support/cluster/load.ts'
import { startGitHub, type GitHub } from '../support/report/github.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { ONE_OF_MANY, openLiveScene, openLiveStage } from '../support/cluster/live-scene.ts'
import {
  essence,
  getDeployment,
  getService,
  image,
  service,
  untilAvailable,
  workload
} from '../support/cluster/workload.ts'

/** What takes longer hangs: a release in steps is judged by half minutes, however short the steps are. */
const LONGEST = 900_000
const TOKEN = 'ghs_0123456789abcdefghij'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})
playLiveScenes()

/** A file that the tests need, built if it is absent. */
const program = (name: string): string =>
  execFileSync('script/cluster', ['path', name], { encoding: 'utf8' }).trim()

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'workflows-'))
  closing.push(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

/** @throws with what actionlint has found */
const lint = (files: readonly string[], cwd = '.'): string =>
  execFileSync(program('actionlint'), ['-no-color', ...files], { cwd, encoding: 'utf8' })

interface Repository {
  readonly folder: string
  readonly sha: string
}

const git = (folder: string, ...args: readonly string[]): string =>
  execFileSync('git', args, { cwd: folder, encoding: 'utf8' }).trim()

/** Those that wait for minutes or measure checks. */
const HURRIED = [
  ...['release.yml', 'canary.yml', 'approval.yml', 'approval-reviewers.yml', 'promote.yml'],
  'rollout-command.yml'
]

/** Steps and bakes of minutes are of seconds here; each of them lasts until the checks have passed all the same. So do pods warm up. */
function hurry(workflow: string): void {
  const text = readFileSync(workflow, 'utf8')
  const hurried = text
    .replaceAll(/% for \d+m$/gm, '% for 2s')
    .replaceAll(/(?<=^ +bake: )\d+m$/gm, '2s')
    .replaceAll(/^( +)checks: .*$/gm, '$&\n$1warm-up: 2s\n$1check-interval: 2s')
  expect(hurried).not.toBe(text)
  writeFileSync(workflow, hurried)
}

/**
 * Answers that take a quarter of a second: what the machine does besides is little beside it, or a busy one would make the new version
 * slower than the old one was before.
 */
const steady = (manifest: string): string =>
  manifest.replaceAll(/^( +)image: greenlight\/workload:1$/gm, `$&\n$1env: [{ name: SLOW_MS, value: '260' }]`)

const WEB = 'examples/kubernetes/web.yaml'

/** The example's workload. */
const webObjects = (): readonly KubernetesObject[] =>
  parseManifests(steady(readFileSync(WEB, 'utf8')), basename(WEB)).manifests.map(({ object }) => object)

/** A user's repository, into which the examples were copied. */
function createRepository(): Repository {
  const folder = temporaryFolder()
  mkdirSync(join(folder, '.github'))
  cpSync('examples/workflows', join(folder, '.github/workflows'), { recursive: true })
  cpSync('examples/kubernetes', join(folder, 'kubernetes'), { recursive: true })
  for (const file of HURRIED) hurry(join(folder, '.github/workflows', file))
  writeFileSync(join(folder, 'kubernetes/web.yaml'), steady(readFileSync(WEB, 'utf8')))
  git(folder, 'init', '--quiet', '--initial-branch', 'main')
  git(folder, 'remote', 'add', 'origin', 'https://github.com/shop/web')
  git(folder, 'add', '.')
  const author = ['-c', 'user.name=Mona', '-c', 'user.email=mona@example.com', '-c', 'commit.gpgSign=false']
  git(folder, ...author, 'commit', '--quiet', '--no-verify', '--message', 'Show prices in euros')
  return { folder, sha: git(folder, 'rev-parse', 'HEAD') }
}

/** What the build of a commit leaves behind: its image, where the nodes find it. */
function buildImage(reference: string, version: string): void {
  const archive = join(temporaryFolder(), 'image.tar')
  const options = ['-name', reference, '-out', archive, '-env', `VERSION=${version}`]
  execFileSync(program('image'), [...options, program('workload')])
  execFileSync('script/cluster', ['load', archive], { stdio: ['ignore', 'ignore', 'inherit'] })
}

/** How the examples name the action. */
const [ACTION = ''] =
  /greenlight-action\/greenlight@v\d+/.exec(readFileSync('examples/workflows/release.yml', 'utf8')) ?? []

interface Workflow {
  readonly event: 'push' | 'pull_request' | 'schedule' | 'workflow_dispatch'
  readonly file: string
  /** What GitHub tells of the event. */
  readonly payload?: object
  /** Only this job, and those that it needs. */
  readonly job?: string
  readonly kubeconfig: string
  readonly github: GitHub
  readonly run: number
  readonly inputs?: Readonly<Record<string, string>>
  /** One of its jobs fails. */
  readonly fails?: boolean
}

/** What users download when they name the action: nothing else of this repository may be needed. */
function publishedAction(): string {
  const folder = temporaryFolder()
  cpSync('action.yml', join(folder, 'action.yml'))
  cpSync('dist', join(folder, 'dist'), { recursive: true })
  return folder
}

/** Those that were run. */
const played = new Set<string>()

/**
 * Runs a workflow as GitHub would, with this version of the action in the place of the published one.
 * @returns the outputs of its steps; of one that several have, the last
 * @throws with the log of a workflow that fails
 */
async function runWorkflow(
  { folder }: Repository,
  { event, file, payload, job, kubeconfig, github, run, inputs = {}, fails = false }: Workflow
): Promise<Readonly<Record<string, string>>> {
  played.add(file)
  const home = temporaryFolder()
  const told = join(home, 'event.json')
  if (payload !== undefined) writeFileSync(told, JSON.stringify(payload))
  const secrets = join(home, 'secrets')
  const named = ['KUBECONFIG', 'KUBECONFIG_EU', 'KUBECONFIG_US'].map((name) => `${name}='${kubeconfig}'\n`)
  writeFileSync(secrets, `${named.join('')}GITHUB_TOKEN=${TOKEN}\n`)
  const child = spawn(
    program('act'),
    [
      event,
      ...['--workflows', `.github/workflows/${file}`],
      ...(payload === undefined ? [] : ['--eventpath', told]),
      ...(job === undefined ? [] : ['--job', job]),
      ...['--platform', 'ubuntu-latest=-self-hosted', '--no-cache-server'],
      ...['--local-repository', `${ACTION}=${publishedAction()}`],
      ...['--secret-file', secrets],
      ...['--env', `GITHUB_API_URL=${github.url}`, '--env', `GITHUB_RUN_ID=${run}`],
      ...Object.entries(inputs).flatMap(([name, value]) => ['--input', `${name}=${value}`])
    ],
    {
      cwd: folder,
      env: { HOME: home, PATH: `${resolve('node_modules/.bin')}:${process.env.PATH ?? ''}` },
      stdio: ['ignore', 'pipe', 'pipe']
    }
  )
  closing.push(() => child.kill())
  let log = ''
  child.stdout.on('data', (chunk: Buffer) => (log += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()))
  const exitCode = await new Promise<number | null>((done) =>
    child.on('close', (code) => {
      done(code)
    })
  )
  if ((exitCode !== 0) !== fails) throw new Error(`${file} ended with ${exitCode ?? 'a signal'}:\n${log}`)
  const outputs = [...log.matchAll(/::set-output:: ([a-z-]+)=(.*)$/gm)]
  return Object.fromEntries(outputs.map(([, name = '', value = '']) => [name, value]))
}

interface Written {
  readonly on: {
    readonly workflow_dispatch?: { readonly inputs?: { readonly command?: { readonly options: string[] } } }
  }
  readonly jobs: Record<string, { steps: { uses?: string; with?: Record<string, string> }[] }>
}

/** A command that whoever starts the workflow chooses. */
const CHOSEN = "${{ inputs.command || 'follow' }}"

/** What the steps of a workflow give to the action; once for each command that can be chosen. */
function inputsIn(file: string): readonly Readonly<Record<string, string>>[] {
  const { on, jobs } = parse(readFileSync(file, 'utf8')) as Written
  const commands = on.workflow_dispatch?.inputs?.command?.options ?? []
  const steps = Object.values(jobs).flatMap(({ steps }) => steps)
  return steps
    .filter(({ uses }) => uses?.startsWith('greenlight-action/greenlight@') === true)
    .flatMap(({ with: inputs = {} }) =>
      inputs.command === CHOSEN ? commands.map((command) => ({ ...inputs, command })) : [inputs]
    )
    .map(readable)
}

/** With what GitHub puts in for its expressions. */
const readable = (inputs: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [
      name,
      name === 'kubeconfig'
        ? '{}'
        : value
            .replaceAll('${{ github.sha }}', '0123456')
            .replaceAll(/\$\{\{ inputs\.(to|image) \}\}/g, '')
            .replaceAll('${{ needs.api.outputs.release }}', '123456-1')
    ])
  )

/** How often each is among the workflows. */
const COMMANDS = {
  ...{ abort: 2, cleanup: 1, deploy: 8, follow: 1, plan: 1, promote: 3, rollback: 3, status: 1 }
}

const objectsOf = (file: string): readonly KubernetesObject[] =>
  parseManifests(readFileSync(file, 'utf8'), basename(file)).manifests.map(({ object }) => object)

describe('the workflows', () => {
  it('are flawless for actionlint', () => {
    const files = globSync(['examples/workflows/*.yml', '.github/workflows/*.yml'])
    expect(files.length).toBeGreaterThan(2)
    expect(lint(files)).toBe('')
  })

  it('name only inputs and outputs that the action has', () => {
    const folder = temporaryFolder()
    cpSync('action.yml', join(folder, 'action.yml'))
    git(folder, 'init', '--quiet')
    mkdirSync(join(folder, '.github/workflows'), { recursive: true })
    mkdirSync(join(folder, 'dist'))
    writeFileSync(join(folder, 'dist/index.js'), '')
    for (const file of globSync('examples/workflows/*.yml')) {
      const text = readFileSync(file, 'utf8').replaceAll(ACTION, './')
      expect(text).toContain('uses: ./\n')
      writeFileSync(join(folder, '.github/workflows', basename(file)), text)
    }
    expect(lint([], folder)).toBe('')
  })

  it('give only inputs that can be read', () => {
    const given = globSync('examples/workflows/*.yml').flatMap(inputsIn)
    const commands = Object.groupBy(given, ({ command = 'deploy' }) => command)
    expect(
      Object.fromEntries(Object.entries(commands).map(([name, all = []]) => [name, all.length]))
    ).toEqual(COMMANDS)
    for (const inputs of given) expect(readInputs((name) => inputs[name] ?? '')).toBeDefined()
  })
})

const API = '/repos/shop/web'

interface Shop {
  readonly repository: Repository
  /** The image of its last commit. */
  readonly released: string
  readonly github: GitHub
}

/** A user's repository whose last commit is built, and GitHub. */
async function openShop(): Promise<Shop> {
  // Building it takes minutes in which nothing else runs here, so that must be over before users come.
  program('act')
  const repository = createRepository()
  const released = `greenlight/workload:${repository.sha}`
  buildImage(`docker.io/${released}`, 'v2')
  const github = await startGitHub({ repository: 'shop/web', pullRequest: 12, token: TOKEN })
  closing.push(() => {
    github.close()
  })
  return { repository, released, github }
}

/** The example's HTTPRoute, at the gateway and for the host that the tests have. */
function routeAt(host: string): KubernetesObject {
  const [route] = objectsOf('examples/kubernetes/httproute.yaml') as [
    KubernetesObject & { readonly spec: object }
  ]
  const { spec } = httpRoute({ host }) as KubernetesObject & {
    readonly spec: { readonly parentRefs: unknown; readonly hostnames: unknown }
  }
  const { parentRefs, hostnames } = spec
  const there = { ...route, spec: { ...route.spec, parentRefs, hostnames } }
  return there
}

async function getRoute(namespace: string): Promise<unknown> {
  const { apiVersion, kind } = httpRoute({ host: '' })
  const found = await admin.get({ apiVersion, kind, namespace, name: 'web' })
  return found && essence(found)
}

/** On a machine that does much else the old version may have been faster before, and then it cannot be told whether both are alike. */
const RELEASED =
  /^### (✅ \*\*web\*\* was released|⚠️ \*\*web\*\* was released, although it could not be told)/u

describe('the examples, copied as they are', () => {
  it(
    'release a push, report it on its pull request, and roll it back, and no user notices',
    async () => {
      const { repository, released, github } = await openShop()
      const scene = await openLiveScene(webObjects())
      const { namespace } = scene
      const kubeconfig = scene.inputs.kubeconfig ?? ''

      const pushed = { event: 'push', file: 'release.yml', run: 101 } as const
      expect(await runWorkflow(repository, { ...pushed, kubeconfig, github })).toMatchObject({
        result: 'promoted',
        release: '101-1',
        'stable-slot': 'green',
        image: released,
        'previous-image': 'greenlight/workload:1'
      })
      expect((await getService(namespace)).spec.selector).toStrictEqual({
        app: 'web',
        'greenlight.dev/slot': 'green'
      })
      expect(github.requests).toStrictEqual([
        `GET ${API}/commits/${repository.sha}/pulls`,
        'POST /graphql',
        `GET ${API}/issues/12/comments`,
        `POST ${API}/issues/12/comments`
      ])
      const { body = '' } = github.comments[0] ?? {}
      const lines = body.split('\n')
      expect(lines.slice(0, 2)).toStrictEqual([
        expect.stringMatching(new RegExp(`^<!-- greenlight:${namespace}/web@[0-9a-f]{12} -->$`)),
        expect.stringMatching(RELEASED)
      ])
      expect(lines[1]).toContain(`: \`${released}\` serves all traffic`)
      expect(body).toContain('[View run](<https://github.com/shop/web/actions/runs/101/attempts/1>)')
      expect(body).toMatch(
        /^\| ✅ \| `like stable` errors \| 0% failed \| 0% before \|.*\| [\d,]+ beside [\d,]+ \|$/m
      )
      expect(body).toMatch(/^\| ✅ \| `\d: GET \/ at 20\/s for 15s` \|.*\| 300 sent, 0 failed \|$/m)
      // Nobody but the release has touched the route.
      expect(body).not.toContain('Somebody else')

      const asked = { event: 'workflow_dispatch', file: 'rollback.yml', run: 102 } as const
      const inputs = { reason: 'wrong prices' }
      expect(await runWorkflow(repository, { ...asked, kubeconfig, github, inputs })).toMatchObject({
        result: 'rolled-back',
        release: '102-1',
        'stable-slot': 'plain',
        image: 'greenlight/workload:1',
        'previous-image': released
      })
      expect((await getService(namespace)).spec.selector).toStrictEqual({ app: 'web' })
      expect((await getDeployment(namespace, 'web')).spec.replicas).toBe(3)
      expect((await getDeployment(namespace, 'web-green')).spec.replicas).toBe(0)

      const { users, empty } = await scene.end()
      expect(users).toMatchObject({ failed: 0 })
      expect(Object.keys(users.versions).sort()).toEqual(['v1', 'v2'])
      expect(empty).toEqual([])
    },
    LONGEST
  )

  it(
    'wait for approval at half of the requests; abort puts all back, promote goes on, and no user notices',
    async () => {
      const { repository, released, github } = await openShop()
      const host = uniqueHost()
      const objects = [...webObjects(), routeAt(host)]
      const { namespace, inputs, end } = await openLiveScene(objects, host)
      const before = await getRoute(namespace)
      const common = { kubeconfig: inputs.kubeconfig ?? '', github }

      const waiting = { result: 'waiting', weight: '50', image: 'greenlight/workload:1' }
      const pushed = { ...common, event: 'push', file: 'approval.yml', run: 201 } as const
      expect(await runWorkflow(repository, pushed)).toMatchObject(waiting)
      expect(await getRoute(namespace)).not.toEqual(before)

      const asked = { ...common, event: 'workflow_dispatch' } as const
      expect(await runWorkflow(repository, { ...asked, file: 'abort.yml', run: 202 })).toMatchObject({
        result: 'aborted',
        weight: '0'
      })
      expect(await getRoute(namespace)).toEqual(before)

      // Nobody has to approve a job here: it goes through, and the release waits for the job behind it.
      const reviewed = { ...pushed, file: 'approval-reviewers.yml', job: 'approve', run: 203 }
      expect(await runWorkflow(repository, reviewed)).toMatchObject(waiting)

      const yes = { ...asked, file: 'promote.yml', run: 204, inputs: { image: released } }
      const approved = await runWorkflow(repository, yes)
      expect(approved).toMatchObject({ result: 'promoted', release: '203-1', image: released, weight: '100' })
      expect(await getRoute(namespace)).toEqual(before)
      expect(github.comments.map(({ body }) => body.split('\n')[1])).toEqual([
        expect.stringMatching(RELEASED)
      ])

      const { users, empty } = await end()
      expect(users).toMatchObject({ failed: 0 })
      expect(Object.keys(users.versions).sort()).toEqual(['v1', 'v2'])
      expect(empty).toEqual([])
    },
    LONGEST
  )

  it(
    'plan a pull request, release its merge in steps and tidy up what was kept, and no user notices',
    async () => {
      const { repository, released, github } = await openShop()
      const host = uniqueHost()
      const objects = [...webObjects(), routeAt(host)]
      const scene = await openLiveScene(objects, host)
      const { namespace } = scene
      const common = { kubeconfig: scene.inputs.kubeconfig ?? '', github }
      const [before, route] = [await getService(namespace), await getRoute(namespace)]

      const payload = { pull_request: { number: 12, head: { repo: { full_name: 'shop/web' } } } }
      const opened = { ...common, event: 'pull_request', file: 'plan.yml', payload, run: 301 } as const
      expect(await runWorkflow(repository, opened)).toMatchObject({
        result: 'planned',
        image: 'greenlight/workload:1',
        weight: '0'
      })
      expect(await getService(namespace)).toStrictEqual(before)
      expect(github.comments[0]?.body).toContain(`\`${released}\` would be released to **web**`)

      const merged = { ...common, event: 'push', file: 'canary.yml', run: 302 } as const
      expect(await runWorkflow(repository, merged)).toMatchObject({ result: 'promoted', image: released })
      expect(await getRoute(namespace)).toEqual(route)
      expect(github.comments).toHaveLength(1)
      expect(github.comments[0]?.body).toContain('**10% → 30% → 50% → 100%**')

      const kept = { images: image(1), route: 'httproute/web', bake: '0s', previous: 'keep' }
      expect((await scene.run(kept)).outputs).toMatchObject({ result: 'promoted' })
      expect((await getDeployment(namespace, 'web-green')).spec.replicas).toBe(3)
      const nightly = { ...common, event: 'workflow_dispatch', file: 'cleanup.yml', run: 303 } as const
      const { result, reason } = await runWorkflow(repository, nightly)
      expect([result, reason]).toEqual(['promoted', 'deployment/web-green was scaled down'])
      expect((await getDeployment(namespace, 'web-green')).spec.replicas).toBe(0)

      const { users, empty } = await scene.end()
      expect(users).toMatchObject({ failed: 0 })
      expect(empty).toEqual([])
    },
    LONGEST
  )
})

/** A service as the examples have it, under another name. */
const serviceNamed = (name: string): readonly KubernetesObject[] =>
  JSON.parse(
    JSON.stringify([workload({ replicas: 1 }), service()]).replaceAll('"web"', `"${name}"`)
  ) as KubernetesObject[]

describe('the examples for several services and clusters, copied as they are', () => {
  it(
    'take the first service back when the second one fails, and release to one cluster after the other',
    async () => {
      const { repository, released, github } = await openShop()
      // There is no web yet, so that its release fails.
      const { namespace, inputs } = await openLiveStage(serviceNamed('api'))
      const common = { kubeconfig: inputs.kubeconfig ?? '', github, event: 'push' } as const
      const services = { ...common, file: 'several-services.yml', run: 501, fails: true } as const
      expect(await runWorkflow(repository, services)).toMatchObject({
        result: 'rolled-back',
        release: '501-1',
        image: image(1)
      })
      expect((await getService(namespace, 'api')).spec.selector).toStrictEqual({ app: 'api' })

      for (const object of serviceNamed('web'))
        await admin.create({ ...object, metadata: { ...object.metadata, namespace } })
      await untilAvailable(namespace, 'web')
      // Both secrets are of one cluster here: the second job finds what the first one has released.
      const clusters = { ...common, file: 'several-clusters.yml', run: 502 } as const
      expect(await runWorkflow(repository, clusters)).toMatchObject({ result: 'unchanged', image: released })
    },
    LONGEST
  )
})

const isHealthy = ({ status }: Rollout): boolean =>
  status?.phase === 'Healthy' && status.stableRS === status.currentPodHash

describe('the examples for Argo Rollouts, copied as they are', () => {
  beforeAll(prepareArgoRollouts, BUILDING)
  afterAll(stopControllers)

  it(
    'bring a push to the gate of the Rollout, look after it by the clock, say yes and take it back, and no user notices',
    async () => {
      const { repository, released, github } = await openShop()
      const { namespace, url, inputs } = await openLiveStage([
        ...objectsOf('examples/kubernetes/rollout-services.yaml'),
        ...objectsOf('examples/kubernetes/rollout.yaml')
      ])
      await startArgoRollouts(namespace)
      await untilRollout(namespace, 'is Healthy', isHealthy)
      const users = await startLoad(url, ONE_OF_MANY)
      closing.push(() => users.stop())
      const common = { kubeconfig: inputs.kubeconfig ?? '', github }
      const waiting = { result: 'waiting', weight: '0', image: 'greenlight/workload:1' }

      const pushed = { ...common, event: 'push', file: 'rollout.yml', run: 401 } as const
      expect(await runWorkflow(repository, pushed)).toMatchObject({ ...waiting, release: '401-1' })

      const command = { ...common, file: 'rollout-command.yml' } as const
      const relay = { ...command, event: 'schedule', run: 402 } as const
      expect(await runWorkflow(repository, relay)).toMatchObject(waiting)

      const asked = { ...command, event: 'workflow_dispatch' } as const
      const yes = { ...asked, run: 403, inputs: { command: 'promote' } }
      expect(await runWorkflow(repository, yes)).toMatchObject({ result: 'promoted', image: released })
      expect(github.comments.map(({ body }) => body.split('\n')[1])).toEqual([
        expect.stringMatching(/^### ✅ \*\*web\*\* was released/u)
      ])

      const back = { ...asked, run: 404, inputs: { command: 'rollback', reason: 'wrong prices' } }
      expect(await runWorkflow(repository, back)).toMatchObject({
        result: 'rolled-back',
        image: 'greenlight/workload:1',
        'previous-image': released
      })

      const { failures, versions } = await users.stop()
      expect(failures).toEqual([])
      expect(Object.keys(versions).sort()).toEqual(['v1', 'v2'])
    },
    LONGEST
  )
})

describe('the workflows that were played', () => {
  it('are all that there are', () => {
    expect([...played].sort()).toEqual(globSync('*.yml', { cwd: 'examples/workflows' }).sort())
  })
})
