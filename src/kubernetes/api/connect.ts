import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { KubeConfig } from '@kubernetes/client-node'
import { InputError, type Fault } from '../../base/errors.ts'
import { clusterIdentity } from './identity.ts'
import { readKubeconfig, withoutPath } from './kubeconfig.ts'
import { withProxy } from './proxy.ts'

export interface ConnectOptions {
  /** Content of a kubeconfig file. */
  readonly kubeconfig: string | undefined
  readonly context: string | undefined
  readonly namespace: string | undefined
}

/** The machine that Greenlight runs on, as far as it says where the cluster is. */
export interface Machine {
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly home: string
  /** Undefined when there is no such file. */
  readonly read: (path: string) => string | undefined
}

export interface Connection {
  readonly config: KubeConfig
  readonly namespace: string
  /** Where the namespace comes from, if not from the input. */
  readonly namespaceFrom?: string
  /** URL of the API server. */
  readonly server: string
  /** See `clusterIdentity`. */
  readonly identity: string
}

interface Source {
  /** How a person knows it: `$KUBECONFIG`, a path. */
  readonly name: string
  readonly text: string
  /** Folder that relative paths in it start from. */
  readonly folder: string
}

type Mapping = Readonly<Record<string, unknown>>

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'
const EXAMPLE = 'kubeconfig: ${{ secrets.KUBECONFIG }}'

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw refused(`${path} cannot be read (${code})`)
  }
}

export const thisMachine = (): Machine => ({ variables: process.env, home: homedir(), read: readIfThere })

const refused = (problem: string, more: Partial<Fault> = {}): InputError =>
  new InputError([{ input: 'kubeconfig', problem, ...more }])

/**
 * Finds the cluster: the input `kubeconfig`, else `$KUBECONFIG`, else `~/.kube/config`, else the Pod we run in.
 * @throws InputError
 */
export function connect(options: ConnectOptions, machine: Machine = thisMachine()): Connection {
  const sources = findSources(options, machine)
  const config = sources === undefined ? inCluster(machine) : merge(sources.map(parse))
  const context = options.context ?? config.getCurrentContext()
  const found = config.getContextObject(context)
  if (!found) throw new InputError([unknownContext(options.context, config)])
  config.setCurrentContext(context)
  const cluster = config.getCurrentCluster()
  if (!cluster) throw refused(`its context "${context}" names a cluster "${found.cluster}" that is not in it`)
  if (found.user && !config.getCurrentUser()) {
    throw refused(`its context "${context}" names a user "${found.user}" that is not in it`)
  }
  config.clusters = config.clusters.map((one) => withProxy(one, machine.variables))
  return {
    config,
    namespace: options.namespace ?? found.namespace ?? 'default',
    ...(options.namespace === undefined
      ? {
          namespaceFrom:
            found.namespace === undefined ? 'nobody has named one' : 'the context of the kubeconfig names it'
        }
      : {}),
    server: cluster.server,
    identity: clusterIdentity(config, options.context, machine.read)
  }
}

/** Undefined when there is no kubeconfig at all. */
function findSources({ kubeconfig }: ConnectOptions, machine: Machine): readonly Source[] | undefined {
  if (kubeconfig !== undefined) return [{ name: 'the input', text: kubeconfig, folder: resolve('.') }]
  const files = (machine.variables.KUBECONFIG ?? '').split(delimiter).filter((file) => file !== '')
  const paths = files.length > 0 ? files : [join(machine.home, '.kube', 'config')]
  const sources = paths.flatMap((path) => {
    const text = machine.read(path)
    return text === undefined ? [] : [{ name: path, text, folder: dirname(resolve(path)) }]
  })
  if (sources.length > 0) return sources
  if (files.length > 0)
    throw refused(`$KUBECONFIG names ${files.join(', ')}, which does not exist`, { example: EXAMPLE })
  return undefined
}

/** Errors never quote the text: it is a secret. */
function parse({ name, text, folder }: Source): KubeConfig {
  const where = `${name} is not a kubeconfig`
  const read = readKubeconfig(text)
  if ('problem' in read) throw refused(`${where}: ${read.problem}`, { example: EXAMPLE })
  const config = new KubeConfig()
  try {
    config.loadFromString(JSON.stringify(withTokenFiles(read.content, folder)))
  } catch (error) {
    throw refused(`${where}: ${withoutPath(error)}`)
  }
  config.makePathsAbsolute(folder)
  return config
}

const isMapping = (value: unknown): value is Mapping => typeof value === 'object' && value !== null

/** The library knows only its own spelling of a user's `tokenFile`. */
function withTokenFiles(content: Mapping, folder: string): Mapping {
  const users: readonly unknown[] = Array.isArray(content.users) ? content.users : []
  return {
    ...content,
    users: users.map((entry) => {
      if (!isMapping(entry) || !isMapping(entry.user)) return entry
      const { tokenFile, ...user } = entry.user
      if (typeof tokenFile !== 'string') return entry
      const provider = { name: 'tokenFile', config: { tokenFile: resolve(folder, tokenFile) } }
      return { ...entry, user: { ...user, 'auth-provider': provider } }
    })
  }
}

/** As kubectl does it: what an earlier file says of a name or of the current context stands. */
function merge(configs: readonly KubeConfig[]): KubeConfig {
  const first = <T extends { readonly name: string }>(entries: readonly T[]): T[] =>
    entries.filter(({ name }, at) => entries.findIndex((entry) => entry.name === name) === at)
  const merged = new KubeConfig()
  merged.loadFromOptions({
    clusters: first(configs.flatMap(({ clusters }) => clusters)),
    users: first(configs.flatMap(({ users }) => users)),
    contexts: first(configs.flatMap(({ contexts }) => contexts)),
    currentContext: configs.map((config) => config.getCurrentContext()).find(Boolean) ?? ''
  })
  return merged
}

/** The library would go on with http://localhost:8080 where there is nothing. */
function inCluster({ variables, home, read }: Machine): KubeConfig {
  const host = variables.KUBERNETES_SERVICE_HOST
  if (host === undefined || read(`${SERVICE_ACCOUNT}/token`) === undefined) {
    const looked = `the input kubeconfig, $KUBECONFIG, ${join(home, '.kube', 'config')} and the service account of a Pod`
    throw refused(`nothing says where the cluster is; looked for ${looked}`, { example: EXAMPLE })
  }
  const config = new KubeConfig()
  const namespace = read(`${SERVICE_ACCOUNT}/namespace`)?.trim()
  const address = host.includes(':') ? `[${host}]` : host
  const tokenFile = { name: 'tokenFile', config: { tokenFile: `${SERVICE_ACCOUNT}/token` } }
  config.loadFromOptions({
    clusters: [
      {
        name: 'in-cluster',
        server: `https://${address}:${variables.KUBERNETES_SERVICE_PORT ?? '443'}`,
        caFile: `${SERVICE_ACCOUNT}/ca.crt`,
        skipTLSVerify: false
      }
    ],
    users: [{ name: 'service-account', authProvider: tokenFile }],
    contexts: [{ name: 'in-cluster', cluster: 'in-cluster', user: 'service-account', namespace }],
    currentContext: 'in-cluster'
  })
  return config
}

function unknownContext(context: string | undefined, config: KubeConfig): Fault {
  const names = config.getContexts().map(({ name }) => name)
  const there = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`
  return {
    input: 'context',
    problem:
      context === undefined
        ? `the kubeconfig does not say which context is meant; ${there}`
        : `the kubeconfig has no context "${context}"; ${there}`,
    ...(names[0] === undefined ? {} : { example: `context: ${names[0]}` })
  }
}
