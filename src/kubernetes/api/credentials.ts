import type { Agent, RequestOptions } from 'node:https'
import type { KubeConfig, User } from '@kubernetes/client-node'
import { NoCredentials, pluginOf, runPlugin } from './exec-plugin.ts'
import { withoutPath } from './kubeconfig.ts'
import { base64, sharedConfig, type OnSecret } from './shared-config.ts'

/** How to reach the API server at this moment. */
export interface Access {
  readonly config: KubeConfig
  readonly agent: Agent
  readonly headers: Readonly<Record<string, string>>
}

export interface Credentials {
  readonly server: string
  /** Tokens that have expired are renewed. */
  access(): Promise<Access>
  /** Forgets what the API server has refused; nothing, when newer credentials than `refused` have been handed out since. */
  renew(refused: Access): void
}

const PLUGIN_LIMIT = 60_000
/** Milliseconds before the end of a credential in which the next one is got, while this one still does. */
const EARLY = 60_000

function explain(cause: unknown): never {
  if (cause instanceof NoCredentials) throw cause
  // Node would quote what it could not parse, which may be a token.
  const isNoJson = cause instanceof SyntaxError
  throw new NoCredentials(isNoJson ? 'the login server has not answered in JSON' : withoutPath(cause), {
    cause
  })
}

/** The credentials in use, and when they expire, in milliseconds since the epoch. */
interface Current {
  readonly config: KubeConfig
  readonly end: number
  /** Newer ones have been asked for already, or would expire no later. */
  readonly isLast: boolean
}

/**
 * The credentials of the kubeconfig's user, kept until they expire or the API server refuses them. A plugin is asked for new
 * ones a minute before, while requests go on with the old ones.
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
          // The next request reads them again, and does not wait for their end.
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
    if (plugin === undefined) return { config: sharedConfig(config, tell), end: Infinity }
    const credential = await runPlugin(plugin, limit)
    const { token = '', clientKeyData = '', expirationTimestamp = '' } = credential
    for (const secret of [token, clientKeyData]) if (secret !== '') tell(secret)
    const end = Date.parse(expirationTimestamp)
    return { config: sharedConfig(config, tell, credential), end: Number.isNaN(end) ? Infinity : end }
  }
}

const hasTokenFile = (user: User | null): boolean =>
  (user?.authProvider as { readonly config?: { readonly tokenFile?: string } } | undefined)?.config
    ?.tokenFile !== undefined

const isShown = ({ headers, auth }: RequestOptions): boolean =>
  Boolean(auth) || Boolean((headers as Readonly<Record<string, string>>).Authorization)

async function readAccess(config: KubeConfig): Promise<Access> {
  const options: RequestOptions = {}
  await config.applyToHTTPSOptions(options)
  // A file that is just being rewritten may be empty for a moment, and without a token the request would be anonymous.
  if (hasTokenFile(config.getCurrentUser()) && !isShown(options))
    throw new NoCredentials('the token file is empty')
  return {
    config,
    agent: options.agent as Agent,
    headers: {
      ...(options.headers as Readonly<Record<string, string>>),
      ...(options.auth && { Authorization: `Basic ${base64(options.auth)}` })
    }
  }
}
