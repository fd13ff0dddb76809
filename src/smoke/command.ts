import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { kill } from 'node:process'
import type { Readable } from 'node:stream'
import type { Clock } from '../base/clock.ts'
import { formatDuration } from '../base/duration.ts'
import type { Log } from '../base/log.ts'
import { Overdue, within } from '../base/within.ts'
import { lineSplitter } from './printed.ts'

export type Variables = Readonly<Record<string, string | undefined>>

interface CommandPorts {
  readonly clock: Clock
  readonly log: Log
}

/** How a command ended. */
export interface Ending {
  readonly passed: boolean
  /** Its exit code. What it printed is in the log, where the runner masks secrets. */
  readonly detail: string
}

/** Leads a process group of its own, so that everything which it starts can be ended with it. */
interface Shell {
  readonly child: ChildProcess
  readonly outputs: readonly Readable[]
  /** `exit 1`, or `exit SIGKILL` */
  readonly exit: Promise<string>
  /** No more output can come. */
  readonly closed: Promise<unknown>
}

const LIMIT = 5 * 60_000
const GRACE = 1_000
const MEGABYTE = 1024 * 1024
const MOST_SHOWN = 16 * MEGABYTE

/**
 * What the runner gives to an action and never to a workflow's own `run:` step: inputs and state, credentials of the
 * runner for caches, artifacts and logs, and the files by which this step tells its outputs. Tokens to log in
 * elsewhere (`ACTIONS_ID_TOKEN_REQUEST_…`) are for both, where the job has the permission.
 */
const OF_ACTIONS =
  /^(?:INPUT_.*|STATE_.*|ACTIONS_(?:RUNTIME|CACHE|RESULTS)_.*|GITHUB_(?:STATE|OUTPUT|STEP_SUMMARY|ENV|PATH))$/i

/** The environment that a workflow's own `run:` step has. */
export const ofStep = (variables: Variables): Variables =>
  Object.fromEntries(Object.entries(variables).filter(([name]) => !OF_ACTIONS.test(name)))

/** Runs a line in a shell and shows what it prints. Once it has ended, or must end, nothing of it stays behind. */
export async function runCommand(
  line: string,
  variables: Variables,
  { clock, log }: CommandPorts,
  signal: AbortSignal
): Promise<Ending> {
  signal.throwIfAborted()
  const shell = await start(line, variables)
  show(shell, log)
  const detail = await within({ milliseconds: LIMIT, signal, clock }, () => shell.exit)
    .catch(overdue)
    .finally(() => end(shell))
  return { passed: detail === 'exit 0', detail }
}

function overdue(error: unknown): string {
  if (!(error instanceof Overdue)) throw error
  return `not done after ${formatDuration(LIMIT)}, so it was ended`
}

const start = (line: string, variables: Variables): Promise<Shell> =>
  launch('bash', ['-e', '-o', 'pipefail', '-c', line], variables).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return launch('sh', ['-e', '-c', line], variables)
  })

async function launch(name: string, flags: readonly string[], env: Variables): Promise<Shell> {
  const child = spawn(name, flags, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  await once(child, 'spawn')
  return {
    child,
    outputs: [child.stdout, child.stderr],
    exit: once(child, 'exit').then(([code, killer]) => `exit ${String(code ?? killer)}`),
    closed: once(child, 'close')
  }
}

/** Both outputs together; what is beyond the limit is taken and dropped, so that the command can go on. */
function show({ outputs }: Shell, log: Log): void {
  let left = MOST_SHOWN
  const take = (line: string): void => {
    if (left < 0) return
    left -= line.length + 1
    log.quote(left < 0 ? `… more than ${MOST_SHOWN / MEGABYTE} MB were printed, the rest is not shown` : line)
  }
  for (const output of outputs) {
    const splitter = lineSplitter(take)
    output.setEncoding('utf8').on('data', splitter.push).once('end', splitter.end)
  }
}

/** Asks the whole group to end, then makes it; what has left the group keeps only the pipes, and these are closed. */
async function end({ child, outputs, exit, closed }: Shell): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    signalGroup(child, 'SIGTERM')
    await within({ milliseconds: GRACE }, () => exit).catch(() => undefined)
  }
  signalGroup(child, 'SIGKILL')
  await within({ milliseconds: GRACE }, () => closed).catch(() => undefined)
  for (const output of outputs) output.destroy()
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    kill(-pid, signal)
  } catch {
    // Nobody of the group is left.
  }
}
