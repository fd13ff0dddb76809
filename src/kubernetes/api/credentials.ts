import type { Agent, RequestOptions } from 'node:https'
import { KubeConfig, type Cluster as ClusterEntry, type User } from '@kubernetes/client-node'
import { NoCredentials, runPlugin, type Credential, type ExecPlugin } from './exec-plugin.ts'
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
  /** When it was refused: forgets tokens, certificates and connections, unless that was done since `refused` was given out. */
  renew(refused: Access): void
}

/** Idle connections are let go before load balancers drop them without a word, which would lose a write. */
const IDLE = 20_000
const HANDSHAKE = 10_000
const PLUGIN_LIMIT = 60_000
/** Milliseconds before the end of a credential in which the next one is got, while this one still does. */
const EARLY = 60_000

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

/** What a file or a login server has handed out: nobody can have read it in the kubeconfig. */
function secretsIn({ headers, auth }: RequestOptions): readonly string[] {
  const { Authorization: authorization = '' } = headers as Readonly<Record<string, string>>
  const token = authorization.replace(/^\S+\s+/, '')
  return [token, auth ? basic(auth) : ''].filter((secret) => secret !== '')
}

const basic = (auth: string): string => Buffer.from(auth).toString('base64')

function explain(cause: unknown): never {
  if (cause instanceof NoCredentials) throw cause
  // Node would quote what it could not parse, which may be a token.
  const isNoJson = cause instanceof SyntaxError
  throw new NoCredentials(isNoJson ? 'the login server has not answered in JSON' : withoutPath(cause), {
    cause
  })
}

/** What is shown to the API server, and until when that does, in milliseconds since the epoch. */
interface Current {
  readonly config: KubeConfig
  readonly end: number
  /** Nothing better is to be had before it ends, or is being got already. */
  readonly isLast: boolean
}

/**
 * What the kubeconfig's user may be asked for, read once and kept until it ends or the API server refuses it. A plugin is
 * asked a minute before that end, while the requests go on with what they have.
 * @param onSecret hears of each token and key before it is used, new ones too
 * @param pluginLimit milliseconds for a credential plugin
 */
export function createCredentials(
  config: KubeConfig,
  onSecret: OnSecret,
  pluginLimit = PLUGIN_LIMIT
): Credentials {
  const tell = onlyOnce(onSecret)
  const fetch = fetcher(config, tell, pluginLimit)
  let current: Current | undefined
  let coming: Promise<Current> | undefined
  // Shared, or requests that start together would each run the credential plugin.
  const next = (): Promise<Current> =>
    (coming ??= fetch()
      .then((fetched) => (current = { ...fetched, isLast: fetched.end === current?.end }))
      .finally(() => (coming = undefined)))
  const usable = async (): Promise<Current> => {
    const left = (current?.end ?? 0) - Date.now()
    if (current === undefined || left <= 0) return next()
    if (left > EARLY || current.isLast) return current
    const still = { ...current, isLast: true }
    current = still
    next().catch(() => undefined)
    return still
  }
  let pending: Promise<Access> | undefined
  return {
    server: config.getCurrentCluster()?.server ?? '',
    access: () =>
      (pending ??= usable()
        .then((usable) => readAccess(usable.config))
        .catch((cause: unknown) => {
          // What could not be read is read anew by the next request, not in a minute.
          current = undefined
          return explain(cause)
        })
        .finally(() => (pending = undefined))),
    renew(refused) {
      if (refused.config === current?.config) current = undefined
    }
  }
}

function onlyOnce(onSecret: OnSecret): OnSecret {
  const told = new Set<string>()
  return (secret) => {
    if (!told.has(secret)) onSecret(secret)
    told.add(secret)
  }
}

function fetcher(config: KubeConfig, tell: OnSecret, limit: number): () => Promise<Omit<Current, 'isLast'>> {
  const plugin = pluginOf(config)
  return async () => {
    if (plugin === undefined) return { config: copy(config, tell), end: Infinity }
    const credential = await runPlugin(plugin, limit)
    const { token = '', clientKeyData = '', expirationTimestamp = '' } = credential
    for (const secret of [token, clientKeyData]) if (secret !== '') tell(secret)
    const end = Date.parse(expirationTimestamp)
    return { config: copy(config, tell, credential), end: Number.isNaN(end) ? Infinity : end }
  }
}

/** A KubeConfig keeps tokens and agents for ever, so forgetting them takes a new one. */
function copy(config: KubeConfig, onSecret: OnSecret, credential?: Credential): KubeConfig {
  const cluster = config.getCurrentCluster()
  const context = config.getContextObject(config.getCurrentContext())
  const user: User = config.getCurrentUser() ?? { name: 'anonymous' }
  const fresh = new SharedConfig(onSecret)
  fresh.loadFromOptions({
    // The library takes plain http for a mistake unless TLS is waived.
    clusters: cluster
      ? [{ ...cluster, skipTLSVerify: cluster.skipTLSVerify || isPlain(cluster.server) }]
      : [],
    users: [credential === undefined ? user : withCredential(user, credential)],
    // It also forgets the cluster's certificate where no user is named.
    contexts: [{ ...context, name: 'current', cluster: cluster?.name ?? '', user: user.name }],
    currentContext: 'current'
  })
  return fresh
}

const isPlain = (server: string): boolean => server.startsWith('http:')

/** As if the kubeconfig had it: the library's own way to run plugins waits for them without end. */
function withCredential({ exec: _, authProvider: __, ...user }: User, credential: Credential): User {
  const { token, clientCertificateData, clientKeyData } = credential
  return {
    ...user,
    ...(token && { token }),
    ...(clientCertificateData && { certData: encoded(clientCertificateData) }),
    ...(clientKeyData && { keyData: encoded(clientKeyData) })
  }
}

const encoded = (text: string): string => Buffer.from(text).toString('base64')

/** Credential plugins are promised a variable that describes the cluster. */
function pluginOf(config: KubeConfig): ExecPlugin | undefined {
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

const described = (cluster: ClusterEntry | null): object | null =>
  cluster && {
    server: cluster.server,
    'certificate-authority-data': cluster.caData,
    'tls-server-name': cluster.tlsServerName,
    'insecure-skip-tls-verify': cluster.skipTLSVerify,
    'proxy-url': cluster.proxyUrl
  }

const hasTokenFile = (user: User | null): boolean =>
  (user?.authProvider as { readonly config?: { readonly tokenFile?: string } } | undefined)?.config
    ?.tokenFile !== undefined

const isShown = ({ headers, auth }: RequestOptions): boolean =>
  Boolean(auth) || Boolean((headers as Readonly<Record<string, string>>).Authorization)

async function readAccess(config: KubeConfig): Promise<Access> {
  const options: RequestOptions = {}
  await config.applyToHTTPSOptions(options)
  // Whoever writes it anew may have emptied it first: without a token the request would be anybody's.
  if (hasTokenFile(config.getCurrentUser()) && !isShown(options))
    throw new NoCredentials('the token file is empty')
  return {
    config,
    agent: options.agent as Agent,
    headers: {
      ...(options.headers as Readonly<Record<string, string>>),
      ...(options.auth && { Authorization: `Basic ${basic(options.auth)}` })
    }
  }
}
