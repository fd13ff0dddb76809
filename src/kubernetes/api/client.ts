import { Readable } from 'node:stream'
import type { KubeConfig } from '@kubernetes/client-node'
import type { Clock } from '../../base/clock.ts'
import { ClusterError } from '../../base/errors.ts'
import type { Cluster, HttpAnswer, HttpRequest, PatchOptions, Query } from '../cluster.ts'
import type { KubernetesObject } from '../objects.ts'
import { refOf, type Ref } from '../ref.ts'
import { objectIn, pageIn } from './answers.ts'
import { createCalls, explain, type Calls } from './calls.ts'
import { createCredentials } from './credentials.ts'
import { forwardPort } from './port-forward.ts'
import { describeCall, isMissing, readJson, refusal } from './refusal.ts'
import { withRetries } from './retry.ts'
import { createTransport, type Transport } from './transport.ts'
import { warningsIn } from './warnings.ts'
import { watchObjects, type Listed, type Watched } from './watch.ts'

export interface ClientOptions {
  readonly clock: Clock
  /** Hears of every token before it is used, so that it can be masked. */
  readonly onSecret?: (secret: string) => void
  /** Hears of every request, for counting. */
  readonly onRequest?: (method: string, path: string) => void
  /** Milliseconds for one request. */
  readonly timeout?: number
  /** Milliseconds for a credential plugin. */
  readonly pluginLimit?: number
  /** Milliseconds without a word after which a watch connects again. */
  readonly silence?: number
}

type OnChange = (objects: readonly KubernetesObject[]) => void

const JSON_PATCH = 'application/json-patch+json'
const APPLY_PATCH = 'application/apply-patch+yaml'
const MANAGER = 'greenlight'
const PAGE = '500'
const METADATA_ONLY = { Accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' }

const nobody = (): void => undefined

/** The cluster of a kubeconfig. Objects are raw JSON, so that fields unknown to Greenlight survive a write. */
export function createCluster(config: KubeConfig, options: ClientOptions): Cluster {
  const { clock, onRequest = nobody, onSecret = nobody, timeout = 10_000, silence = 30_000 } = options
  const credentials = createCredentials(config, onSecret, options.pluginLimit)
  const transport = createTransport(credentials, { onRequest, timeout })
  const persist = (request: HttpRequest): Promise<HttpAnswer> => {
    const retries = { clock, server: credentials.server, signal: request.signal }
    return withRetries(() => transport.send(request), retries)
  }
  const calls = createCalls(persist)
  return {
    ...reads(calls),
    ...writes(calls),
    ...removal(calls),
    watch: async (query, onChange, signal, known) => {
      const watched = await watchedBy(query, calls, transport, signal)
      return watchObjects(watched, onChange as OnChange, { clock, silence, known }, signal)
    },
    send: (request) => transport.send(request).catch(explain(`cannot ${request.method} ${request.path}`)),
    forward: (pod) => forwardPort(pod, credentials, onRequest)
  }
}

function reads(calls: Calls): Pick<Cluster, 'get' | 'list' | 'logs'> {
  const { locate, ask } = calls
  return {
    async get<T extends KubernetesObject>(ref: Ref) {
      const { call, path } = await locate('get', ref)
      const answer = await ask(call, { method: 'GET', path })
      return isMissing(answer, ref.name) ? undefined : (objectIn(readJson(call, answer), ref) as T)
    },
    list: async <T extends KubernetesObject>(query: Query) => (await listAll<T>(calls, query)).items,
    async logs(pod, container, lines, previous) {
      const { call, path } = await locate('get', { apiVersion: 'v1', kind: 'Pod', ...pod })
      const query = new URLSearchParams({ container, tailLines: String(lines), previous: String(previous) })
      const ofLog = { ...call, subresource: 'log' }
      const answer = await ask(ofLog, { method: 'GET', path: `${path}/log?${query.toString()}` })
      // No such pod or container any more, or none that has run before: there is no log.
      if (answer.status === 400 || answer.status === 404) return ''
      if (answer.status !== 200) throw refusal(ofLog, answer)
      return answer.body
    }
  }
}

function writes({ locate, ask }: Calls): Pick<Cluster, 'create' | 'replace' | 'patch' | 'apply'> {
  const write =
    (verb: string, method: string, type = 'application/json') =>
    async <T extends KubernetesObject>(
      target: Ref,
      body: unknown,
      { subresource, ...options }: PatchOptions = {}
    ): Promise<T> => {
      const found = await locate(verb, target)
      const call = { ...found.call, ...(subresource && { subresource }) }
      const path = subresource === undefined ? found.path : `${found.path}/${subresource}`
      const query = [
        `fieldManager=${options.manager ?? MANAGER}`,
        ...(type === APPLY_PATCH ? ['force=true'] : []),
        ...(options.dryRun === true ? ['dryRun=All'] : []),
        ...(options.strict === true ? ['fieldValidation=Strict'] : [])
      ].join('&')
      const headers = { 'Content-Type': type, Accept: 'application/json' }
      const request = { method, path: `${path}?${query}`, headers, body: JSON.stringify(body) }
      const answer = await ask(call, request)
      const object = objectIn(readJson(call, answer), target) as T
      for (const warning of warningsIn(answer)) options.onWarning?.(warning)
      return object
    }
  const create = write('create', 'POST')
  const replace = write('update', 'PUT')
  const patch = write('patch', 'PATCH', JSON_PATCH)
  const apply = write('patch', 'PATCH', APPLY_PATCH)
  return {
    create: (object, options) => create(refOf(object), object, options),
    replace: (object, options) => replace(refOf(object), object, options),
    patch: (ref, changes, options) => patch(ref, changes, options),
    apply: (object, options) => apply(refOf(object), object, options)
  }
}

const removal = ({ locate, ask }: Calls): Pick<Cluster, 'remove'> => ({
  async remove(object) {
    const { call, path } = await locate('delete', refOf(object))
    const { resourceVersion } = object.metadata
    const options = {
      // Else a Job would leave its pods behind.
      propagationPolicy: 'Background',
      ...(resourceVersion === undefined ? {} : { preconditions: { resourceVersion } })
    }
    const headers = { 'Content-Type': 'application/json', Accept: 'application/json' }
    const answer = await ask(call, { method: 'DELETE', path, headers, body: JSON.stringify(options) })
    if (isMissing(answer, object.metadata.name)) return
    if (answer.status >= 300) throw refusal(call, answer)
  }
})

function parameters({ labels, fields }: Query, more: Readonly<Record<string, string>>): string {
  const selectors = { ...(labels && { labelSelector: labels }), ...(fields && { fieldSelector: fields }) }
  return new URLSearchParams({ ...selectors, ...more }).toString()
}

/** All pages as one. */
async function listAll<T extends KubernetesObject>(
  { locate, submit }: Calls,
  query: Query,
  signal?: AbortSignal
): Promise<Listed<T>> {
  const { apiVersion, kind, namespace, metadataOnly = false } = query
  const { call, path } = await locate('list', { apiVersion, kind, namespace })
  const form = metadataOnly ? { headers: METADATA_ONLY } : {}
  const turn = async (more: Readonly<Record<string, string>>, before: readonly T[]): Promise<Listed<T>> => {
    const request = { method: 'GET', path: `${path}?${parameters(query, more)}`, signal, ...form }
    const { items, version, next } = pageIn(await submit(call, request), query)
    const all = [...before, ...(items as readonly T[])]
    return next === undefined ? { items: all, version } : turn({ limit: PAGE, continue: next }, all)
  }
  try {
    return await turn({ limit: PAGE }, [])
  } catch (error) {
    // The next page can expire while the one before is read.
    if (error instanceof ClusterError && error.status === 410) return turn({}, [])
    throw error
  }
}

async function watchedBy(
  query: Query,
  calls: Calls,
  transport: Transport,
  signal: AbortSignal
): Promise<Watched<KubernetesObject>> {
  const { apiVersion, kind, namespace } = query
  const { call, path } = await calls.locate('watch', { apiVersion, kind, namespace })
  return {
    list: () => listAll(calls, query, signal),
    read: (object) => objectIn(object, query),
    async changesSince(version) {
      const more = { watch: 'true', allowWatchBookmarks: 'true', resourceVersion: version }
      const opening = transport.open(`${path}?${parameters(query, more)}`, signal)
      const reply = await opening.catch(explain(`cannot ${describeCall(call)}`))
      if (reply instanceof Readable) return reply
      throw refusal(call, reply)
    }
  }
}
