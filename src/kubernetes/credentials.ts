import type { Agent, RequestOptions } from 'node:https'
import { KubeConfig } from '@kubernetes/client-node'
import type { Cluster as ClusterEntry, User } from '@kubernetes/client-node'
import { withoutPath } from './kubeconfig.ts'

/** How to reach the API server at this moment. */
export interface Access {
  readonly config: KubeConfig
  readonly agent: Agent
  readonly headers: Readonly<Record<string, string>>
}

export interface Credentials {
  readonly server: string
  /** Tokens that have expired are got anew. */
  access(): Promise<Access>
  /** After a 401: forgets tokens, certificates and connections, unless that was done since `refused` was given out. */
  renew(refused: Access): void
}

interface ExecPlugin {
  readonly apiVersion?: string
  readonly command?: string
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null
  readonly provideClusterInfo?: boolean
}

/** Idle connections are let go before load balancers drop them without a word, which would lose a write. */
const IDLE = 20_000
const HANDSHAKE = 10_000

type OnSecret = (secret: string) => void

/** One agent for requests and WebSockets, whose connections are kept for the next request. */
class SharedConfig extends KubeConfig {
  readonly #onSecret: OnSecret

  constructor(onSecret: OnSecret) {
    super()
    this.#onSecret = onSecret
  }

  override async applyToHTTPSOptions(options: RequestOptions): Promise<void> {
    options.timeout = IDLE
    await super.applyToHTTPSOptions(options)
    Object.assign(options.agent ?? {}, { keepAlive: true })
    // A token file may end with a line break, which no header can hold.
    const headers = Object.entries((options.headers ?? {}) as Record<string, unknown>).map(
      ([name, value]) => [name, String(value).trim()] as const
    )
    Object.assign(options, { handshakeTimeout: HANDSHAKE, headers: Object.fromEntries(headers) })
    for (const secret of secretsIn(options)) this.#onSecret(secret)
  }
}

/** What a plugin, a file or a login server has handed out: nobody can have read it in the kubeconfig. */
function secretsIn({ headers, auth, key }: RequestOptions): readonly string[] {
  const { Authorization: authorization = '' } = headers as Readonly<Record<string, string>>
  const token = authorization.replace(/^\S+\s+/, '')
  const secrets = [token, auth ? basic(auth) : '', typeof key === 'string' ? key : '']
  return secrets.filter((secret) => secret !== '')
}

const basic = (auth: string): string => Buffer.from(auth).toString('base64')

/** A plugin, a file or a login server did not give us what we are to show the API server. */
export class NoCredentials extends Error {
  override readonly name = 'NoCredentials'
}

const explain = (cause: unknown): never => {
  // Node would quote what it could not parse, which may be a token.
  const isNoJson = cause instanceof SyntaxError
  throw new NoCredentials(isNoJson ? 'the credential plugin has not answered in JSON' : withoutPath(cause), {
    cause
  })
}

/**
 * What the kubeconfig's user may be asked for, read once and kept until the API server refuses it.
 * @param onSecret hears of each token before it is used, new ones too
 */
export function createCredentials(config: KubeConfig, onSecret: OnSecret): Credentials {
  const told = new Set<string>()
  const tell = (secret: string): void => {
    if (!told.has(secret)) onSecret(secret)
    told.add(secret)
  }
  let current = copy(config, tell)
  let pending: Promise<Access> | undefined
  return {
    server: config.getCurrentCluster()?.server ?? '',
    // Shared, or requests that start together would each run the credential plugin.
    access: () =>
      (pending ??= readAccess(current)
        .catch(explain)
        .finally(() => (pending = undefined))),
    renew(refused) {
      if (refused.config === current) current = copy(config, tell)
    }
  }
}

/** A KubeConfig keeps tokens and agents for ever, so forgetting them takes a new one. */
function copy(config: KubeConfig, onSecret: OnSecret): KubeConfig {
  const cluster = config.getCurrentCluster()
  const context = config.getContextObject(config.getCurrentContext())
  const user: User = config.getCurrentUser() ?? { name: 'anonymous' }
  const fresh = new SharedConfig(onSecret)
  fresh.loadFromOptions({
    // The library takes plain http for a mistake unless TLS is waived.
    clusters: cluster
      ? [{ ...cluster, skipTLSVerify: cluster.skipTLSVerify || isPlain(cluster.server) }]
      : [],
    users: [withExecVariable(user, cluster)],
    // It also forgets the cluster's certificate where no user is named.
    contexts: [{ ...context, name: 'current', cluster: cluster?.name ?? '', user: user.name }],
    currentContext: 'current'
  })
  return fresh
}

const isPlain = (server: string): boolean => server.startsWith('http:')

/** Credential plugins are promised this variable, and the library does not set it. */
function withExecVariable(user: User, cluster: ClusterEntry | null): User {
  const exec = user.exec as ExecPlugin | null | undefined
  if (!exec) return user
  const described = cluster && {
    server: cluster.server,
    'certificate-authority-data': cluster.caData,
    'tls-server-name': cluster.tlsServerName,
    'insecure-skip-tls-verify': cluster.skipTLSVerify,
    'proxy-url': cluster.proxyUrl
  }
  const promised = {
    apiVersion: exec.apiVersion,
    kind: 'ExecCredential',
    spec: { interactive: false, ...(exec.provideClusterInfo === true && { cluster: described }) }
  }
  const variable = { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(promised) }
  return { ...user, exec: { ...exec, env: [...(exec.env ?? []), variable] } }
}

async function readAccess(config: KubeConfig): Promise<Access> {
  const options: RequestOptions = {}
  await config.applyToHTTPSOptions(options)
  return {
    config,
    agent: options.agent as Agent,
    headers: {
      ...(options.headers as Readonly<Record<string, string>>),
      ...(options.auth && { Authorization: `Basic ${basic(options.auth)}` })
    }
  }
}
