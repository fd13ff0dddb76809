import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { PassThrough, type Duplex } from 'node:stream'
// The library's PortForward on top of this brings all of its generated classes along, eleven megabytes of bundle.
import { WebSocketHandler } from '@kubernetes/client-node/dist/web-socket-handler.js'
import { ClusterError } from '../../base/errors.ts'
import type { Forward } from '../cluster.ts'
import type { Credentials } from './credentials.ts'
import { describeMissing } from '../rights.ts'

export interface PodPort {
  readonly namespace: string
  readonly name: string
  readonly port: number
}

/** The WebSocket of one connection, as far as it is used here. */
interface Tunnel {
  terminate(): void
  on(event: 'close', listener: () => void): unknown
}

type Open = (connection: Duplex) => Promise<Tunnel>

/**
 * Opens a local port whose connections end at the pod's: each is one WebSocket to the API server.
 * The first is a trial, so that missing rights or a missing pod are told here and not by a dead connection.
 * @throws ClusterError
 */
export async function forwardPort(
  pod: PodPort,
  credentials: Credentials,
  onRequest: (method: string, path: string) => void
): Promise<Forward> {
  const open: Open = (connection) => {
    onRequest('GET', `/api/v1/namespaces/${pod.namespace}/pods/${pod.name}/portforward`)
    return openTunnel(pod, connection, credentials)
  }
  try {
    const trial = await open(new PassThrough())
    trial.terminate()
  } catch (error) {
    throw refusedTunnel(pod, error)
  }
  return listen(open)
}

async function openTunnel(pod: PodPort, connection: Duplex, credentials: Credentials): Promise<Tunnel> {
  const access = await credentials.access()
  const connect = async ({ config }: { config: typeof access.config }): Promise<Tunnel> => {
    const { namespace, name, port } = pod
    const path = `/api/v1/namespaces/${namespace}/pods/${name}/portforward?ports=${port}`
    // Typed by a package that the library does not bring along.
    const tunnel: unknown = await new WebSocketHandler(config).connect(path, null, receiver(connection))
    WebSocketHandler.handleStandardInput(tunnel, connection, DATA)
    return tunnel as Tunnel
  }
  try {
    return await connect(access)
  } catch (error) {
    if (statusIn(error) !== 401) throw error
    credentials.renew(access)
    return connect(await credentials.access())
  }
}

/** Numbers of the two streams of a forwarded port; the first frame of each is the port's number in two bytes. */
const DATA = 0
const ERROR = 1
const PORT_NUMBER = 2

/** Anything on the error stream means that the connection is over: the pod's node says why there. */
function receiver(connection: Duplex): (stream: number, frame: Buffer) => boolean {
  const begun = new Set<number>()
  return (stream, frame) => {
    const bytes = begun.has(stream) ? frame : frame.subarray(PORT_NUMBER)
    begun.add(stream)
    if (stream === ERROR && bytes.length > 0) connection.destroy()
    if (stream === DATA && !connection.destroyed) connection.write(bytes)
    return true
  }
}

/** The library passes on the WebSocket's event, which is no Error and has the status only in its text. */
const textOf = (event: unknown): string => (event as { readonly message?: string }).message ?? 'no connection'

const statusIn = (event: unknown): number => Number(/response: (\d+)/.exec(textOf(event))?.[1] ?? 0)

function refusedTunnel({ namespace, name, port }: PodPort, event: unknown): ClusterError {
  const status = statusIn(event)
  const right = { group: '', resource: 'pods', subresource: 'portforward' }
  const remedy =
    status === 403
      ? `. It ${describeMissing({ ...right, verb: 'create' }, namespace)}; older clusters want the verb get`
      : ''
  const message = `cannot forward to port ${port} of pod/${name} in namespace ${namespace}: ${textOf(event)}${remedy}`
  return new ClusterError(message, status)
}

async function listen(open: Open): Promise<Forward> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    // A client that hangs up early is no error.
    socket.on('error', () => undefined)
    void join(socket, open)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close()
      for (const socket of sockets) socket.destroy()
      if (server.listening || sockets.size > 0) await once(server, 'close')
    }
  }
}

/** The end of either side ends the other. */
async function join(socket: Socket, open: Open): Promise<void> {
  try {
    const tunnel = await open(socket)
    if (socket.destroyed) tunnel.terminate()
    socket.on('close', () => {
      tunnel.terminate()
    })
    tunnel.on('close', () => {
      socket.end()
    })
  } catch {
    socket.destroy()
  }
}
