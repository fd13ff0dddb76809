import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { JsonPatch } from './json-patch.ts'
import type { KubernetesObject } from './objects.ts'
import type { Ref } from './ref.ts'

export type { JsonPatch } from './json-patch.ts'

/** Names all objects of a kind in a namespace that carry these labels (`app=web,tier!=db`). */
export interface Query {
  readonly apiVersion: string
  readonly kind: string
  readonly namespace?: string | undefined
  readonly labels?: string | undefined
  readonly fields?: string | undefined
  /** What the objects hold is not asked for: only kind and metadata come, and nothing else leaves the cluster. */
  readonly metadataOnly?: boolean | undefined
}

export interface WriteOptions {
  /** The API server does everything (defaults, validation, admission) but store the object. */
  readonly dryRun?: boolean
  /** Refuses fields that the API server does not know, as kubectl does: for objects that people wrote by hand. */
  readonly strict?: boolean
  /** Field manager, if not `greenlight`. */
  readonly manager?: string
  /** Hears what the API server thinks of a write that it accepts: other people's text. */
  readonly onWarning?: (text: string) => void
}

export interface PatchOptions extends WriteOptions {
  /** Changes the part of the object that its controller reports in, and nothing else of it. */
  readonly subresource?: 'status' | undefined
}

export interface HttpRequest {
  readonly method: string
  /** Path and query string, from the root of the API server. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Milliseconds; the whole answer must be there by then. */
  readonly timeout?: number
  /** Bytes of the answer; one that is larger is given up. */
  readonly largest?: number
  readonly signal?: AbortSignal | undefined
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface Forward {
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  close(): Promise<void>
}

/** The cluster, as far as Greenlight needs it. Every error is a ClusterError that names verb, object and namespace. */
export interface Cluster {
  /** Undefined when it does not exist. */
  get<T extends KubernetesObject>(ref: Ref): Promise<T | undefined>
  list<T extends KubernetesObject>(query: Query): Promise<readonly T[]>
  create<T extends KubernetesObject>(object: T, options?: WriteOptions): Promise<T>
  /** Refused with status 409 when `metadata.resourceVersion` is not the live one. */
  replace<T extends KubernetesObject>(object: T, options?: WriteOptions): Promise<T>
  patch<T extends KubernetesObject>(ref: Ref, patch: JsonPatch, options?: PatchOptions): Promise<T>
  /** Server-side apply, field manager `greenlight`, taking over contested fields. */
  apply<T extends KubernetesObject>(object: T, options?: WriteOptions): Promise<T>
  /** Deletes it, unless it is gone already; refused with status 409 when `metadata.resourceVersion` is not the live one. */
  remove(object: KubernetesObject): Promise<void>
  /**
   * Calls back with all matching objects at the start and after every change, until the signal is aborted.
   * A broken connection is taken up again by itself. `known` is the one object that is meant, as it was last read:
   * with it the start needs no question.
   */
  watch<T extends KubernetesObject>(
    query: Query,
    onChange: (objects: readonly T[]) => void,
    signal: AbortSignal,
    known?: T
  ): Promise<void>
  /** The last `lines` lines that a container printed; `previous` for the run before its last restart. */
  logs(
    pod: { readonly namespace: string; readonly name: string },
    container: string,
    lines: number,
    previous: boolean
  ): Promise<string>
  /** A raw request to the API server, proxy paths included; any status is an answer. Throws only when none came. */
  send(request: HttpRequest): Promise<HttpAnswer>
  /** A local port whose connections end at the pod's port. */
  forward(pod: { readonly namespace: string; readonly name: string; readonly port: number }): Promise<Forward>
}

/** What everything works with that watches or changes a cluster. */
export interface ClusterPorts {
  readonly cluster: Cluster
  readonly clock: Clock
  readonly log: Log
}
