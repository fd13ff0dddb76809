import { ClusterError } from '../../base/errors.ts'
import type { HttpAnswer, HttpRequest, Query } from '../cluster.ts'
import { type Ref, groupOf } from '../ref.ts'
import { createDiscovery, pathOf } from './discovery.ts'
import { describeCall, readJson, type ApiCall } from './refusal.ts'

/** A call by its meaning, for messages and rights, and by its path. */
export interface Call {
  readonly call: ApiCall
  readonly path: string
}

/** Requests to the API server whose errors say what was meant to be done. */
export interface Calls {
  /** @throws ClusterError when the cluster has no such kind */
  readonly locate: (verb: string, target: Query & Partial<Ref>) => Promise<Call>
  /** Any status is an answer. */
  readonly ask: (call: ApiCall, request: HttpRequest) => Promise<HttpAnswer>
  /** The JSON that came back. @throws ClusterError when the answer is a no */
  readonly submit: (call: ApiCall, request: HttpRequest) => Promise<unknown>
}

/** Begins an error's message with what was meant to be done. */
export const explain =
  (what: string) =>
  (error: unknown): never => {
    if (!(error instanceof ClusterError)) throw error
    throw new ClusterError(`${what}: ${error.message}`, error.status, { cause: error })
  }

/** @param send sends a request and takes any status for an answer */
export function createCalls(send: (request: HttpRequest) => Promise<HttpAnswer>): Calls {
  const discover = createDiscovery((path) => send({ method: 'GET', path }))
  const ask: Calls['ask'] = (call, request) => send(request).catch(explain(`cannot ${describeCall(call)}`))
  return {
    ask,
    async locate(verb, { apiVersion, kind, namespace, name }) {
      const resource = await discover(apiVersion, kind)
      const scope = resource.namespaced ? namespace : undefined
      const call = {
        verb,
        group: groupOf(apiVersion),
        resource: resource.plural,
        kind,
        name,
        namespace: scope
      }
      if (resource.namespaced && name !== undefined && scope === undefined) {
        throw new ClusterError(`cannot ${describeCall(call)}: no namespace is given`, 400)
      }
      return { call, path: pathOf(resource, scope, verb === 'create' ? undefined : name) }
    },
    submit: async (call, request) => readJson(call, await ask(call, request))
  }
}
