import type { KubeConfig } from '@kubernetes/client-node'
import type { Clock } from '../clock.ts'
import { ClusterError } from '../errors.ts'
import type { Cluster, HttpAnswer, HttpRequest, Query, Ref } from './cluster.ts'
import { createCredentials } from './credentials.ts'
import { createDiscovery, groupOf, pathOf } from './discovery.ts'
import type { KubernetesObject } from './objects.ts'
import { forwardPort } from './port-forward.ts'
import { describeDeed, isMissing, refusal } from './refusal.ts'
import type { Deed } from './refusal.ts'
import { withRetries } from './retry.ts'
import { createTransport } from './transport.ts'
import { watchObjects } from './watch.ts'
import type { Listed } from './watch.ts'

export interface ClientOptions {
  readonly clock: Clock
  /** Hears of every request, for counting. */
  readonly onRequest?: (method: string, path: string) => void
  /** Milliseconds for one request. */
  readonly timeout?: number
  /** Milliseconds without a word after which a watch connects again. */
  readonly silence?: number
}

/** One request and what it is for. */
interface Call {
  readonly deed: Deed
  readonly path: string
}

const MANAGER = 'fieldManager=greenlight'
const PAGE = 500

/** The cluster of a kubeconfig. Objects are raw JSON: fields that we have never heard of survive a read and a write. */
export function createCluster(config: KubeConfig, options: ClientOptions): Cluster {
