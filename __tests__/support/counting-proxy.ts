import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Agent, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { KubeConfig } from '@kubernetes/client-node'

import { kubeconfigPath } from './cluster.ts'

/** A door before the API server that counts who goes through. */
export interface CountingProxy {
  readonly url: string
  /** `GET /api/v1/...`, one for each request since the last look. */
  take(): readonly string[]
  close(): void
}

export async function startCountingProxy(): Promise<CountingProxy> {
  const config = new KubeConfig()
  config.loadFromFile(kubeconfigPath())
  const cluster = config.getCurrentCluster()
  const ca =
    cluster?.caData === undefined
      ? readFileSync(cluster?.caFile ?? '')
      : Buffer.from(cluster.caData, 'base64')
  // The default agent hangs up on a watch that has nothing to tell for 5 s.
  const agent = new Agent({ keepAlive: true })
  let seen: string[] = []
  const pass = (incoming: IncomingMessage, answer: ServerResponse): void => {
    seen.push(`${incoming.method ?? ''} ${incoming.url ?? ''}`)
    const target = new URL(incoming.url ?? '/', cluster?.server)
    const outgoing = request(
      target,
      { method: incoming.method, headers: { ...incoming.headers, host: target.host }, ca, agent },
      (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers)
        response.pipe(answer)
      }
    )
    outgoing.on('error', () => answer.destroy())
    // A watch that its client has left must end at the API server too.
    answer.on('close', () => outgoing.destroy())
    incoming.pipe(outgoing)
  }
  const server = createServer(pass)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    take() {
      const taken = seen
      seen = []
      return taken
    },
    close() {
      server.close()
      server.closeAllConnections()
    }
  }
}
