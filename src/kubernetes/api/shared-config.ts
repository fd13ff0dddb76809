import type { RequestOptions } from 'node:https'
import { KubeConfig, type User } from '@kubernetes/client-node'
import type { Credential } from './exec-plugin.ts'

/** Idle connections are let go before load balancers drop them without a word, which would lose a write. */
const IDLE = 20_000
const HANDSHAKE = 10_000

export type OnSecret = (secret: string) => void

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

/** Secrets that a file or a login server has handed out; those in the kubeconfig's text are masked already. */
function secretsIn({ headers, auth }: RequestOptions): readonly string[] {
  const { Authorization: authorization = '' } = headers as Readonly<Record<string, string>>
  const token = authorization.replace(/^\S+\s+/, '')
  return [token, auth ? base64(auth) : ''].filter((secret) => secret !== '')
}

export const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** A fresh KubeConfig of the current context: one that has been used keeps its tokens and agents for ever. */
export function sharedConfig(config: KubeConfig, onSecret: OnSecret, credential?: Credential): KubeConfig {
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
    // The library ignores the cluster's certificate where no user is named.
    contexts: [{ ...context, name: 'current', cluster: cluster?.name ?? '', user: user.name }],
    currentContext: 'current'
  })
  return fresh
}

const isPlain = (server: string): boolean => server.startsWith('http:')

/** The user with the plugin's credential in place of the plugin: the library would run that without a time limit. */
function withCredential({ exec: _, authProvider: __, ...user }: User, credential: Credential): User {
  const { token, clientCertificateData, clientKeyData } = credential
  return {
    ...user,
    ...(token && { token }),
    ...(clientCertificateData && { certData: base64(clientCertificateData) }),
    ...(clientKeyData && { keyData: base64(clientKeyData) })
  }
}
