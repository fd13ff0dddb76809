import { createHash } from 'node:crypto'
import type { KubeConfig } from '@kubernetes/client-node'

/**
 * Tells one cluster from another without telling anything of it: by its address and its certificate, which is what two
 * tunnels to the same local port differ in, and by the context where the user names one.
 * @param read gives a file's text, undefined where there is none
 */
export function clusterIdentity(
  config: KubeConfig,
  context: string | undefined,
  read: (path: string) => string | undefined
): string {
  const { server = '', tlsServerName, caData, caFile } = config.getCurrentCluster() ?? {}
  const certificate = caData ?? (caFile === undefined ? undefined : encoded(read(caFile)))
  const parts = [addressOf(server), tlsServerName ?? '', certificate ?? '', context ?? '']
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12)
}

const encoded = (text: string | undefined): string | undefined => text && Buffer.from(text).toString('base64')

const addressOf = (server: string): string =>
  URL.canParse(server) ? new URL(server).href.replace(/\/+$/, '') : server
