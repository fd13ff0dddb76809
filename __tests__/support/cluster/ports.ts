import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Starts a server on a free port of this machine, which nobody else can reach. @returns the port */
export async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** For a program that has to be told a port. */
export async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listening(server)
  await new Promise((resolve) => server.close(resolve))
  return port
}
