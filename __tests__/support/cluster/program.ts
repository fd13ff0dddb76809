import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

/** A program that runs beside the tests. */
export interface Program {
  /** What it has said so far. */
  readonly log: () => string
  /** Holds it where it is, as if its machine had stopped, until `resume`. */
  readonly pause: () => void
  readonly resume: () => void
  /** Ends it at once. */
  stop(): Promise<void>
}

export interface Start {
  /** One of those of `script/cluster path`. */
  readonly name: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** What it says when it is at work. */
  readonly ready: string
}

/** Milliseconds; a busy machine takes its time. */
const LONGEST = 60_000

/** What `script/cluster` prints. It builds what is absent, which may take minutes. */
export async function scriptCluster(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('script/cluster', [...args])
  return stdout.trim()
}

/** Starts a program, and waits until it is ready. */
export async function startProgram({ name, args, env = {}, ready }: Start): Promise<Program> {
  const binary = await scriptCluster('path', name)
  const child = spawn(binary, [...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const ended = once(child, 'close')
  const running = (): boolean => child.exitCode === null && child.signalCode === null
  const stop = async (): Promise<void> => {
    // It has nothing to lose: what it knows is in the cluster.
    child.kill('SIGKILL')
    await ended
  }
  const since = Date.now()
  while (!text.includes(ready)) {
    if (!running() || Date.now() - since > LONGEST) {
      await stop()
      throw new Error(`${name} did not become ready: ${text}`)
    }
    await sleep(50)
  }
  return {
    log: () => text,
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    stop
  }
}
