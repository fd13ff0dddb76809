import { execFileSync, spawn } from 'node:child_process'
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { afterEach, describe, expect, it } from '@jest/globals'

import { parseManifests } from '../../src/kubernetes/manifests.ts'
import type { KubernetesObject } from '../../src/kubernetes/objects.ts'
import { startGitHub } from '../support/github.ts'
import type { GitHub } from '../support/github.ts'
import { openScene, playScenes } from '../support/scene.ts'
import { getDeployment, getService } from '../support/workload.ts'

const LONGEST = 300_000
const TOKEN = 'ghs_0123456789abcdefghij'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})
playScenes()

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

/** A user's repository, into which the examples were copied. */
function createRepository(): Repository {
  const folder = temporaryFolder()
  mkdirSync(join(folder, '.github'))
  cpSync('examples/workflows', join(folder, '.github/workflows'), { recursive: true })
  cpSync('examples/kubernetes', join(folder, 'kubernetes'), { recursive: true })
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

interface Workflow {
  readonly event: 'push' | 'workflow_dispatch'
  readonly file: string
  readonly kubeconfig: string
  readonly github: GitHub
  readonly run: number
  readonly inputs?: Readonly<Record<string, string>>
}

interface Ran {
  readonly exitCode: number | null
  readonly log: string
  /** Of the job's steps, the later ones over the earlier. */
  readonly outputs: Readonly<Record<string, string>>
}

/** Runs a workflow as GitHub would, with this version of the action in the place of the published one. */
async function runWorkflow({ folder }: Repository, workflow: Workflow): Promise<Ran> {
  const home = temporaryFolder()
  const secrets = join(home, 'secrets')
  writeFileSync(secrets, `KUBECONFIG='${workflow.kubeconfig}'\nGITHUB_TOKEN=${TOKEN}\n`)
  const pairs = (name: string, values: Readonly<Record<string, string>> = {}): string[] =>
    Object.entries(values).flatMap(([key, value]) => [name, `${key}=${value}`])
  const child = spawn(
    program('act'),
    [
      workflow.event,
      ...['--workflows', `.github/workflows/${workflow.file}`],
      ...['--platform', 'ubuntu-latest=-self-hosted', '--no-cache-server'],
      ...['--local-repository', `greenlight-action/greenlight@v1=${resolve('.')}`],
      ...['--secret-file', secrets],
      ...pairs('--env', { GITHUB_API_URL: workflow.github.url, GITHUB_RUN_ID: String(workflow.run) }),
      ...pairs('--input', workflow.inputs)
    ],
    {
      cwd: folder,
      env: { HOME: home, PATH: `${resolve('node_modules/.bin')}:${process.env.PATH ?? ''}` },
      stdio: ['ignore', 'pipe', 'pipe']
    }
  )
  closing.push(() => child.kill('SIGKILL'))
  let log = ''
  child.stdout.on('data', (chunk: Buffer) => (log += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()))
  const exitCode = await new Promise<number | null>((done) =>
    child.on('close', (code) => {
      done(code)
    })
  )
  const outputs = [...log.matchAll(/::set-output:: ([a-z-]+)=(.*)$/gm)]
  return {
    exitCode,
    log,
    outputs: Object.fromEntries(outputs.map(([, name = '', value = '']) => [name, value]))
  }
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
      const text = readFileSync(file, 'utf8').replace('greenlight-action/greenlight@v1', './')
      expect(text).toContain('uses: ./\n')
      writeFileSync(join(folder, '.github/workflows', basename(file)), text)
    }
    expect(lint([], folder)).toBe('')
  })
})

describe('the examples, copied as they are', () => {
  it(
    'release a push, report it on the pull request, and roll it back, and no user notices',
    async () => {
      const repository = createRepository()
      buildImage(`docker.io/greenlight/workload:${repository.sha}`, 'v2')
      const scene = await openScene(objectsOf('examples/kubernetes/web.yaml'))
      const { namespace } = scene
      const github = await startGitHub({ repository: 'shop/web', pullRequest: 12, token: TOKEN })
      closing.push(() => {
        github.close()
      })
      const kubeconfig = scene.inputs.kubeconfig ?? ''

      const released = await runWorkflow(repository, {
        ...{ event: 'push', file: 'release.yml', kubeconfig, github, run: 101 }
      })
      console.log(released.log, JSON.stringify(github.comments), github.requests)
      expect(released).toMatchObject({
        exitCode: 0,
        outputs: { result: 'promoted', release: '101-1', 'stable-slot': 'green', weight: '100' }
      })
      expect((await getService(namespace)).spec.selector).toMatchObject({ 'greenlight.dev/slot': 'green' })

      const rolledBack = await runWorkflow(repository, {
        ...{ event: 'workflow_dispatch', file: 'rollback.yml', kubeconfig, github, run: 102 },
        inputs: { reason: 'prices are wrong' }
      })
      console.log(rolledBack.log, github.requests)
      expect(rolledBack).toMatchObject({ exitCode: 0 })
      expect((await getDeployment(namespace, 'web')).spec.replicas).toBe(3)

      const { users, empty } = await scene.end()
      console.log(users)
      expect(users).toMatchObject({ failed: 0 })
      expect(empty).toEqual([])
    },
    LONGEST
  )
})
