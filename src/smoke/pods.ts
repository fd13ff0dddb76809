import { Agent } from 'node:http'
import { Agent as TlsAgent } from 'node:https'
import { messageOf } from '../base/errors.ts'
import type { Cluster, Forward, HttpAnswer } from '../kubernetes/cluster.ts'
import type { Entrance } from '../kubernetes/ports.ts'
import { proxyPath, reach, saidByProxy, type Known } from '../kubernetes/reach.ts'
import { statusIn } from '../kubernetes/status.ts'
import { answerOf, exchange, headersOf, timed } from './exchange.ts'
import type { Failure, Reply, Request } from './expectation.ts'

/** The pods under test. */
export interface SmokeTarget {
  readonly namespace: string
  readonly slot: string
  /** Where the pods are asked that name no port themselves. */
  readonly entrance: Pick<Entrance, 'port' | 'names' | 'tls'>
  readonly pods: readonly string[]
}

/** Sends a request to a pod. Rejects when the signal is aborted, and for nothing else. */
type Ask = (pod: string, request: Request, signal: AbortSignal) => Promise<Reply>

/** The ways to the pods. They stay open until they are closed. */
export interface Pods {
  /** One request: as users come, over the network of the pods, if the API server's proxy can reach that. */
  readonly ask: Ask
  /** One request of a load: the proxy would make the API server the bottleneck. */
  readonly askOften: Ask
  /** A local URL whose connections end at the pod. @throws ClusterError */
  readonly urlOf: (pod: string) => Promise<string>
  /** How many connections a load may have open to each pod. */
  readonly allowConnections: (perPod: number) => void
  readonly close: () => Promise<void>
}

/** The API server gives up on a pod that it cannot reach after 30 s, and then says so. */
const PROXY_GIVES_UP = 35_000

/** The proxy's answers are kept as a whole, in bytes: of eight pods at once, or of a load. */
const LARGEST_ANSWER = 8 * 1024 * 1024
const LARGEST_OF_LOAD = 1024 * 1024

const MOST_ON_PROXY = 64
const MOST_CONNECTIONS = 256

/** The way that works in each cluster: to find out takes 30 s, so it is not done for each test. */
const ways = new WeakMap<Cluster, Known>()

function waysOf(cluster: Cluster): Known {
  const known = ways.get(cluster) ?? {}
  ways.set(cluster, known)
  return known
}

/** Finds out which way works, and keeps to it. */
export function createPods(target: SmokeTarget, cluster: Cluster): Pods {
  const proxy = proxyTo(target, cluster, LARGEST_ANSWER)
  const forwards = forwardsTo(target, cluster)
  const spareProxy = sparing(proxyTo(target, cluster, LARGEST_OF_LOAD))
  return {
    ...forwards,
    ask: (pod, request, signal) =>
      reach<Reply>(
        waysOf(cluster),
        async () => {
          const reply = await proxy(pod, request, signal)
          return isUnreached(reply) ? { blocked: reply.failure } : reply
        },
        async (why) => after(why, await forwards.ask(pod, request, signal)),
        (reply) => !('failure' in reply)
      ),
    async askOften(pod, request, signal) {
      const reply = await forwards.ask(pod, request, signal)
      if (!isUnreached(reply)) return reply
      return after(`${reply.failure}; `, await spareProxy(pod, request, signal))
    }
  }
}

const isUnreached = (reply: Reply): reply is Failure => 'failure' in reply && reply.unreached === true

/** A failure on the second way tells of the first one, too. */
const after = (why: string, reply: Reply): Reply =>
  'failure' in reply ? { ...reply, failure: why + reply.failure } : reply

/**
 * Number of the pods' port that a request goes to.
 * @throws Error when nothing tells
 */
export function portFor(
  { port: wanted }: Pick<Request, 'port'>,
  { port: usual, names }: SmokeTarget['entrance']
): number {
  const port = typeof wanted === 'string' ? names[wanted] : (wanted ?? usual)
  if (port !== undefined) return port
  throw new Error(
    wanted === undefined ? 'nothing says which port it listens on' : `it has no port named ${wanted}`
  )
}

/** As the smoke test says, else as the kubelet's probes ask on that port. */
const schemeFor = (request: Pick<Request, 'scheme'>, port: number, { tls = [] }: SmokeTarget['entrance']) =>
  request.scheme ?? (tls.includes(port) ? 'https' : 'http')

function pathIn(request: Request): string {
  // Resolved as a URL, so that no ".." can lead out of the pod to the API server itself.
  const { pathname, search } = new URL(request.target, 'http://pod')
  return pathname + search
}

function proxyTo({ namespace, entrance }: SmokeTarget, cluster: Cluster, largest: number): Ask {
  const known = waysOf(cluster)
  return async (pod, request, signal) => {
    const port = portFor(request, entrance)
    const { method, body = '', expect } = request
    const scheme = schemeFor(request, port, entrance)
    const path = proxyPath({ kind: 'pods', namespace, name: pod, port, scheme }) + pathIn(request)
    const timeout = known.way === undefined ? Math.max(expect.within, PROXY_GIVES_UP) : expect.within
    const headers = headersOf(request)
    const send = async () => {
      const answer = await cluster.send({ method, path, headers, body, timeout, signal, largest })
      return { ...answerOf(answer, request), obstacle: obstacleIn(answer) }
    }
    const reply = await timed(send, signal)
    const obstacle = 'failure' in reply ? undefined : reply.obstacle
    if (!('failure' in reply) && obstacle === undefined) known.way = 'proxy'
    if (obstacle === undefined) return reply
    // A refused connection is a fact about the pod, which a port-forward (it enters by localhost) would hide.
    const unreached = !obstacle.includes('connection refused')
    return { failure: `the API server's proxy: ${obstacle}`, milliseconds: reply.milliseconds, unreached }
  }
}

/** Limits the requests of a load that wait for the proxy: others need the API server, too. */
function sparing(ask: Ask): Ask {
  let waiting = 0
  return async (pod, request, signal) => {
    if (waiting >= MOST_ON_PROXY) {
      const failure = `not sent: ${MOST_ON_PROXY} requests were still waiting for the API server's proxy, the only way here`
      return { failure, milliseconds: 0 }
    }
    waiting++
    return ask(pod, request, signal).finally(() => waiting--)
  }
}

/** Why the API server did not get a request to the pod. In another Status than these it may be the pod that answers. */
function obstacleIn(answer: HttpAnswer): string | undefined {
  const { status, body } = answer
  const said = saidByProxy(answer)
  const isForbidden = status === 403 && said?.includes('pods/proxy') === true
  return isForbidden || [502, 503, 504].includes(status) || statusIn(body) === undefined ? said : undefined
}

function forwardsTo({ namespace, entrance }: SmokeTarget, cluster: Cluster) {
  const options = { keepAlive: true, scheduling: 'lifo', maxTotalSockets: MOST_CONNECTIONS } as const
  // As the kubelet and the API server: a pod's certificate is for the name that users know it by.
  const agents = { http: new Agent(options), https: new TlsAgent({ ...options, rejectUnauthorized: false }) }
  const forwards = new Map<string, Promise<Forward>>()
  const urlOf = async (pod: string, request: Pick<Request, 'port' | 'scheme'>): Promise<string> => {
    const port = portFor(request, entrance)
    const key = `${pod}:${port}`
    const forward = forwards.get(key) ?? cluster.forward({ namespace, name: pod, port })
    forwards.set(key, forward)
    return (await forward).url.replace(/^http:/, `${schemeFor(request, port, entrance)}:`)
  }
  const ask: Ask = async (pod, request, signal) => {
    try {
      const url = await urlOf(pod, request)
      return await exchange(url + pathIn(request), request, signal, agents)
    } catch (error) {
      signal.throwIfAborted()
      // There is no way to the pod, whatever the request: a right is missing, for example.
      return { failure: messageOf(error), told: messageOf(error), milliseconds: 0, unreached: true }
    }
  }
  return {
    ask,
    urlOf: (pod: string) => urlOf(pod, {}),
    allowConnections(perPod: number) {
      for (const agent of Object.values(agents)) agent.maxSockets = perPod
    },
    async close() {
      for (const agent of Object.values(agents)) agent.destroy()
      await Promise.allSettled([...forwards.values()].map(async (forward) => (await forward).close()))
    }
  }
}
