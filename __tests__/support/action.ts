import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Seconds from SIGINT to SIGTERM when the runner cancels. Traffic has to be back within that time, however busy the
 * machine is.
 */
export const SIGTERM_AFTER = 7.5
/** Seconds after that. */
const SIGKILL_AFTER = 2.5

/** What came of one start of the bundle. */
export interface Ended {
  readonly exitCode: number | null
  readonly log: string
  readonly outputs: Readonly<Record<string, string>>
  readonly summary: string
  readonly state: Readonly<Record<string, string>>
  /** The runner's files as they were left, to be read as the runner does. */
  readonly files: Readonly<Record<'output' | 'state' | 'env', string>>
  /** Milliseconds from the start of the process to its end. */
  readonly milliseconds: number
}

export interface Started {
  readonly child: ChildProcess
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  /** Resolves when the log holds the text. */
  seen(text: string | RegExp): Promise<void>
  readonly ended: Promise<Ended>
  /** As the runner cancels: SIGINT, 7.5 s, SIGTERM, 2.5 s, SIGKILL; then the post step. */
  cancel(): Promise<{ readonly main: Ended; readonly post: Ended }>
  /** As a runner that is lost: SIGKILL, no post step. */
  kill(): Promise<Ended>
}

export interface Invocation {
  readonly inputs: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  /** The file that is started, if not that of everybody else. */
  readonly entry?: string
}

const FILES = {
  GITHUB_OUTPUT: 'output',
  GITHUB_STATE: 'state',
  GITHUB_ENV: 'env',
  GITHUB_STEP_SUMMARY: 'summary'
} as const

let runs = Date.now()

/** Starts dist/index.js as the runner does: inputs and files by environment, nothing else. */
export function startAction(invocation: Invocation): Started {
  runs += 1
  return start(invocation, { GITHUB_RUN_ID: String(runs) })
}

export const runAction = (
  inputs: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {}
): Promise<Ended> => startAction({ inputs, env }).ended

function start(invocation: Invocation, extra: Readonly<Record<string, string>>): Started {
  const folder = mkdtempSync(join(tmpdir(), 'greenlight-'))
  const env = environment(invocation, folder, extra)
  const startedAt = Date.now()
  const child = spawn(
    process.execPath,
    [invocation.entry ?? process.env.GREENLIGHT_ENTRY ?? 'dist/index.js'],
    {
      env,
      stdio: ['ignore', 'pipe', 'pipe']
    }
  )
  let log = ''
  const waiting: { text: string | RegExp; resolve: () => void }[] = []
  const onText = (chunk: Buffer): void => {
    log += chunk.toString()
    for (const { text, resolve } of waiting)
      if (log.search(text instanceof RegExp ? text : escape(text)) >= 0) resolve()
  }
  child.stdout.on('data', onText)
  child.stderr.on('data', onText)
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (exitCode) => {
      resolve({ exitCode, log, ...results(folder), milliseconds: Date.now() - startedAt })
    })
  })
  const startPost = async (main: Ended): Promise<Ended> =>
    start(invocation, {
      ...extra,
      ...Object.fromEntries(Object.entries(main.state).map(([key, value]) => [`STATE_${key}`, value]))
    }).ended
  return {
    child,
    startedAt,
    ended,
    seen: (text) =>
      Promise.race([
        new Promise<void>((resolve) => {
          waiting.push({ text, resolve })
          onText(Buffer.from(''))
        }),
        ended.then(({ log: all }) => {
          if (all.search(text instanceof RegExp ? text : escape(text)) < 0)
            throw new Error(`the log never said ${String(text)}:\n${all}`)
        })
      ]),
    async cancel() {
      child.kill('SIGINT')
      const late = new AbortController()
      void sleep(SIGTERM_AFTER * 1000, undefined, { signal: late.signal })
        .then(() => child.kill('SIGTERM'))
        .then(() => sleep(SIGKILL_AFTER * 1000, undefined, { signal: late.signal }))
        .then(() => child.kill('SIGKILL'))
        .catch(() => undefined)
      const main = await ended
      late.abort()
      return { main, post: await startPost(main) }
    },
    async kill() {
      child.kill('SIGKILL')
      return ended
    }
  }
}

const escape = (text: string): RegExp => new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))

function environment(
  { inputs, env }: Invocation,
  folder: string,
  extra: Readonly<Record<string, string>>
): NodeJS.ProcessEnv {
  for (const file of Object.values(FILES)) writeFileSync(join(folder, file), '')
  return {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    GITHUB_REPOSITORY: 'shop/web',
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_ACTOR: 'octocat',
    GITHUB_SHA: '0123456789abcdef0123456789abcdef01234567',
    GITHUB_REF: 'refs/heads/main',
    GITHUB_EVENT_NAME: 'push',
    ...Object.fromEntries(Object.entries(FILES).map(([name, file]) => [name, join(folder, file)])),
    ...Object.fromEntries(
      Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])
    ),
    ...extra,
    ...env
  }
}

function results(folder: string): Pick<Ended, 'outputs' | 'state' | 'summary' | 'files'> {
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8')
  const files = {
    output: read(FILES.GITHUB_OUTPUT),
    state: read(FILES.GITHUB_STATE),
    env: read(FILES.GITHUB_ENV)
  }
  return {
    outputs: pairs(files.output),
    state: pairs(files.state),
    summary: read(FILES.GITHUB_STEP_SUMMARY),
    files
  }
}

/** `name<<delimiter`, lines, `delimiter`: the format of the runner's files. */
const pairs = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...text.matchAll(/^(.+?)<<(.+)\n([\s\S]*?)\n?\2$/gm)].map(([, name = '', , value = '']) => [name, value])
  )
