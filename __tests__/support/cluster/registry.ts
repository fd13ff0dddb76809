import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A registry that has no image: it answers every question as registries do for an unknown name. */
export async function startEmptyRegistry(): Promise<{ readonly host: string; close(): void }> {
  const server = createServer((_, response) => {
    response.writeHead(404, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ errors: [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' }] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() }
}
