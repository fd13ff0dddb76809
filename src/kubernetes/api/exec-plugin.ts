import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { kill } from 'node:process'
import type { Readable } from 'node:stream'
import type { Cluster, KubeConfig } from '@kubernetes/client-node'
import { formatDuration } from '../../base/duration.ts'
import { endingOf } from '../../base/cut.ts'
import { within } from '../../base/within.ts'

/** How the kubeconfig says that credentials are got. */
export interface ExecPlugin {
  readonly apiVersion?: string
  readonly command?: string
  readonly args?: readonly string[] | null
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null
  readonly provideClusterInfo?: boolean
}

/** What a plugin hands out. */
export interface Credential {
  readonly token?: string
  /** PEM. */
  readonly clientCertificateData?: string
  /** PEM. */
  readonly clientKeyData?: string
  /** RFC 3339; without it, until the API server refuses it. */
  readonly expirationTimestamp?: string
}

/** A plugin, a file or a login server did not give us what we are to show the API server. */
export class NoCredentials extends Error {
  override readonly name = 'NoCredentials'
}

/** A credential is a few kilobytes. */
const LONGEST_OUTPUT = 1024 * 1024
const LONGEST_WORDS = 400
/** Milliseconds for the rest of a plugin's output once it has ended: its children may keep the pipe open. */
const GRACE = 1000

/**
 * Runs a credential plugin. Its stdin is closed, as nobody is there to answer a prompt. Its processes are ended once it has
 * answered or is overdue, and with this process at the latest.
 * @param limit milliseconds
 * @throws NoCredentials with its last words
 */
export async function runPlugin(exec: ExecPlugin, limit: number): Promise<Credential> {
  const child = start(exec)
  const end = (): void => {
    endGroup(child)
  }
  process.once('exit', end)
  const [output, words] = [collect(child.stdout), collect(child.stderr)]
  const failed = (why: string): Error =>
    new NoCredentials(`the credential plugin ${exec.command ?? ''} ${why}${lastWords(words())}`)
  const late = (): Error =>
    failed(`has not answered within ${formatDuration(limit)} and was ended: nobody is here whom it could ask`)
  try {
    const closed = once(child, 'close')
    closed.catch(() => undefined)
    const exit = await within({ milliseconds: limit, late }, () => exitOf(child))
    await within({ milliseconds: GRACE }, () => closed).catch(() => undefined)
    if (exit === 0) return credentialIn(output())
    throw failed(`has failed (exit ${exit})`)
  } finally {
    process.off('exit', end)
    end()
    for (const stream of [child.stdout, child.stderr]) stream.destroy()
  }
}

function start({ command, args, env }: ExecPlugin): ReturnType<typeof launch> {
  if (!command) throw new NoCredentials('the kubeconfig names no command of its credential plugin')
  const own = (env ?? []).map(({ name, value }) => [name, value] as const)
  return launch(command, args ?? [], { ...process.env, ...Object.fromEntries(own) })
}

/** Leads a process group of its own, so that everything which it starts can be ended with it. */
const launch = (command: string, args: readonly string[], env: NodeJS.ProcessEnv) =>
  spawn(command, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })

/** @throws what has kept it from starting */
async function exitOf(child: ChildProcess): Promise<number | string> {
  const [code, killer] = (await once(child, 'exit')) as [number | null, string | null]
  return code ?? killer ?? 'unknown'
}

/** The end of what it prints, as text. */
function collect(stream: Readable): () => string {
  let text = ''
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-LONGEST_OUTPUT)
  })
  return () => text
}

function credentialIn(output: string): Credential {
  const { status } = parse(output)
  if (typeof status !== 'object' || status === null)
    throw new NoCredentials('the credential plugin has answered without a status')
  const credential = status as Credential
  if (!credential.token && !(credential.clientCertificateData && credential.clientKeyData))
    throw new NoCredentials(
      'the credential plugin has handed out neither a token nor a certificate with its key'
    )
  return credential
}

function parse(output: string): { readonly status?: unknown } {
  try {
    return (JSON.parse(output) ?? {}) as { readonly status?: unknown }
  } catch {
    // Node would quote what it could not parse, which may be a token.
    throw new NoCredentials('the credential plugin has not answered in JSON')
  }
}

/** Long words without a break may be tokens. */
function lastWords(text: string): string {
  const said = endingOf(text.trim().replace(/[\w+/=-]{24,}/g, '***'), LONGEST_WORDS)
  return said === '' ? '' : `: ${said}`
}

function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    kill(-pid, 'SIGKILL')
  } catch {
    // Nobody of the group is left.
  }
}

/** Credential plugins are promised a variable that describes the cluster. */
export function pluginOf(config: KubeConfig): ExecPlugin | undefined {
  const [user, cluster] = [config.getCurrentUser(), config.getCurrentCluster()]
  const older = (user?.authProvider as { readonly config?: { readonly exec?: ExecPlugin } } | undefined)
    ?.config
  const exec = (user?.exec as ExecPlugin | null | undefined) ?? older?.exec
  if (exec == null) return undefined
  const spec = {
    interactive: false,
    ...(exec.provideClusterInfo === true && { cluster: described(cluster) })
  }
  const promised = { apiVersion: exec.apiVersion, kind: 'ExecCredential', spec }
  const variable = { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(promised) }
  return { ...exec, env: [...(exec.env ?? []), variable] }
}

const described = (cluster: Cluster | null): object | null =>
  cluster && {
    server: cluster.server,
    'certificate-authority-data': cluster.caData,
    'tls-server-name': cluster.tlsServerName,
    'insecure-skip-tls-verify': cluster.skipTLSVerify,
    'proxy-url': cluster.proxyUrl
  }
