import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { KubeConfig, type User } from '@kubernetes/client-node'
import type { Clock } from '../../src/base/clock.ts'

export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

type Answer = (received: Received, response: ServerResponse) => void

/** An HTTP server in the place of the API server, for what a real one does not do when told. */
export interface StandIn {
  readonly url: string
  readonly server: Server
  readonly config: KubeConfig
  readonly received: readonly Received[]
  /** How many connections were opened. */
  readonly connections: () => number
  close(): Promise<void>
}

export async function standIn(answer: Answer, user: User = { name: 'tester' }): Promise<StandIn> {
  const received: Received[] = []
  let connections = 0
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const one = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body }
      received.push(one)
      answer(one, response)
    })
  })
  server.on('connection', () => connections++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    server,
    config: configOf(url, user),
    received,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve()
        })
        server.closeAllConnections()
      })
  }
}

export function configOf(server: string, user: User = { name: 'tester' }): KubeConfig {
  const config = new KubeConfig()
  config.loadFromClusterAndUser({ name: 'stand-in', server, skipTLSVerify: false }, user)
  return config
}

export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {}
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}

/** The API server's way to say no. */
export function refuse(
  response: ServerResponse,
  code: number,
  message: string,
  reason = '',
  details = {}
): void {
  json(response, code, {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    message,
    reason,
    code,
    details
  })
}

/** A clock whose time passes only by sleeping, at once. */
export function quickClock(): Clock & { readonly slept: readonly number[] } {
  let now = Date.UTC(2026, 0, 1)
  const slept: number[] = []
  return {
    slept,
    now: () => now,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted()
      now += ms
      slept.push(ms)
      await new Promise(setImmediate)
      signal?.throwIfAborted()
    }
  }
}
