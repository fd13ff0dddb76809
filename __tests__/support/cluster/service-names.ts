import { createServer, type IncomingMessage } from 'node:http'
import { admin } from './real-cluster.ts'
import { listening } from './ports.ts'

/** Lets programs of this machine ask Services by their names, as pods do. */
export interface ServiceNames {
  /** Variables for a program whose HTTP requests are to find Services. */
  readonly env: Readonly<Record<string, string>>
  close(): void
}

/** `http://prometheus.monitoring:9090/…`, with or without `.svc` or `.svc.cluster.local`. */
const SERVICE = /^(?<name>[^.]+)\.(?<namespace>[^.]+)(\.svc(\.cluster\.local)?)?$/

/**
 * Starts an HTTP proxy that passes requests to Services on, through the API server. It needs no name server, and no way
 * from this machine to the pods, so it serves in every kind of test cluster. What goes to 127.0.0.1 or by HTTPS, as requests
 * to the API server do, never comes here.
 */
export async function startServiceNames(): Promise<ServiceNames> {
  const server = createServer((request, response) => {
    pass(request).then(
      ({ status, headers, body }) => {
        response.writeHead(status, { 'content-type': headers['content-type'] ?? 'text/plain' }).end(body)
      },
      (error: unknown) => response.writeHead(502).end(String(error))
    )
  })
  const port = await listening(server)
  return {
    env: { HTTP_PROXY: `http://127.0.0.1:${port}`, http_proxy: `http://127.0.0.1:${port}` },
    close() {
      server.close()
      server.closeAllConnections()
    }
  }
}

async function pass(request: IncomingMessage) {
  const url = new URL(request.url ?? '')
  const { name, namespace } = SERVICE.exec(url.hostname)?.groups ?? {}
  if (name === undefined || namespace === undefined) throw new Error(`${url.hostname} is no Service's name`)
  const body = await textOf(request)
  const type = request.headers['content-type']
  return admin.send({
    method: request.method ?? 'GET',
    path: `${proxyPath(namespace, name, Number(url.port || 80))}${url.pathname}${url.search}`,
    ...(type === undefined ? {} : { headers: { 'content-type': type } }),
    ...(body === '' ? {} : { body })
  })
}

/** Where the API server passes requests on to a Service. */
export const proxyPath = (namespace: string, name: string, port: number): string =>
  `/api/v1/namespaces/${namespace}/services/${name}:${port}/proxy`

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text
}
