import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Agent, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { KubeConfig } from '@kubernetes/client-node'
import { kubeconfigPath } from './real-cluster.ts'

/**
 * What happens to a request instead of an ordinary answer: a status of the API server, no connection (`refused`), an
 * answer that is lost after the request was carried out, an answer that comes so many milliseconds later, or a request
 * that is held up on its way.
 */
export type Mishap =
  | { readonly status: number }
  | 'refused'
  | { readonly lost: () => void }
  | { readonly late: number }
  | { readonly held: Promise<unknown> }

/** Whether a recorded request changes an object: no dry run, review or renewal of a Lease. */
export const isWrite = (request: string): boolean =>
  !request.startsWith('GET ') &&
  !/dryRun=All|selfsubject|\/proxy\//.test(request) &&
  !/^PUT \S+\/leases\//.test(request)

/** `PATCH services/web` */
export const shortened = (request: string): string =>
  request.replace(/\?.*/, '').replace(/ \/.*\/namespaces\/[^/]+\//, ' ')

/** The input that leads a run to the API server by this door. */
export const through = (
  { url }: Pick<ApiDoor, 'url'>,
  inputs: Readonly<Record<string, string>>
): { readonly kubeconfig: string } => ({
  kubeconfig: inputs.kubeconfig?.replace(/https:\/\/[^"]+/, url) ?? ''
})

/** A proxy before the API server that counts requests and can let them fail. */
export interface ApiDoor {
  readonly url: string
  /** `GET /api/v1/...`, one for each request since the last look. */
  take(): readonly string[]
  /** For requests from now on; open watches stay. */
  befall(mishap: (request: string) => Mishap | undefined): void
  /** Refuses all connections from now on and cuts the open ones. */
  shut(): void
  open(): void
  close(): void
}

interface Way {
  readonly server: string
  readonly ca: Buffer
  readonly agent: Agent
}

export async function startApiDoor(): Promise<ApiDoor> {
  const way = wayToCluster()
  const seen: string[] = []
  let mishapOf: (line: string) => Mishap | undefined = () => undefined
  let isShut = false
  const server = createServer((incoming, answer) => {
    const line = `${incoming.method ?? ''} ${incoming.url ?? ''}`
    seen.push(line)
    pass(incoming, answer, way, isShut ? 'refused' : mishapOf(line))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    take: () => seen.splice(0),
    befall(mishap) {
      mishapOf = mishap
    },
    shut() {
      isShut = true
      server.closeAllConnections()
    },
    open() {
      isShut = false
    },
    close() {
      server.close()
      server.closeAllConnections()
    }
  }
}

function wayToCluster(): Way {
  const config = new KubeConfig()
  config.loadFromFile(kubeconfigPath())
  const { server = '', caData, caFile = '' } = config.getCurrentCluster() ?? {}
  const ca = caData === undefined ? readFileSync(caFile) : Buffer.from(caData, 'base64')
  // The default agent hangs up on a watch that has nothing to tell for 5 s.
  return { server, ca, agent: new Agent({ keepAlive: true }) }
}

function pass(incoming: IncomingMessage, answer: ServerResponse, way: Way, mishap: Mishap | undefined): void {
  if (mishap === 'refused') {
    incoming.socket.destroy()
    return
  }
  if (typeof mishap === 'object' && 'status' in mishap) {
    refuse(incoming, answer, mishap.status)
    return
  }
  if (typeof mishap === 'object' && 'held' in mishap) {
    void mishap.held.then(() => {
      pass(incoming, answer, way, undefined)
    })
    return
  }
  const { server, ...tls } = way
  const target = new URL(incoming.url ?? '/', server)
  const headers = { ...incoming.headers, host: target.host }
  const outgoing = request(target, { method: incoming.method, headers, ...tls }, (response) => {
    const hand = (): void => {
      answer.writeHead(response.statusCode ?? 502, response.headers)
      // A watch that has nothing to tell yet has begun all the same.
      answer.flushHeaders()
      response.pipe(answer)
    }
    if (mishap === undefined) hand()
    else if ('late' in mishap) setTimeout(hand, mishap.late)
    else {
      mishap.lost()
      incoming.socket.destroy()
    }
  })
  outgoing.on('error', () => answer.destroy())
  // A watch that its client has left must end at the API server too.
  answer.on('close', () => outgoing.destroy())
  incoming.pipe(outgoing)
}

/** As the API server does it, with a pause to keep when it has too much to do. */
function refuse(incoming: IncomingMessage, answer: ServerResponse, status: number): void {
  incoming.resume()
  answer.writeHead(status, {
    'content-type': 'application/json',
    ...(status === 429 ? { 'retry-after': '1' } : {})
  })
  answer.end(
    JSON.stringify({
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      message: 'out of order',
      code: status
    })
  )
}
