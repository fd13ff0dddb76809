import { BlockList, isIP } from 'node:net'
import type { Cluster } from '@kubernetes/client-node'

type Variables = Readonly<Record<string, string | undefined>>

const LOOPBACK = /^(localhost|127(\.\d+){3}|::1)$/

/** The library knows only the proxy of the kubeconfig; kubectl also knows that of the environment. */
export function withProxy(cluster: Cluster, variables: Variables): Cluster {
  const proxyUrl = cluster.proxyUrl ?? proxyFor(cluster.server, variables)
  return proxyUrl === undefined ? cluster : { ...cluster, proxyUrl }
}

function proxyFor(server: string, variables: Variables): string | undefined {
  if (!URL.canParse(server)) return undefined
  const { protocol, hostname, port } = new URL(server)
  const host = hostname.replace(/^\[|\]$/g, '')
  const [name, usual] = protocol === 'https:' ? ['https_proxy', '443'] : ['http_proxy', '80']
  const valueOf = (variable: string): string => variables[variable] ?? variables[variable.toUpperCase()] ?? ''
  const proxy = valueOf(name)
  if (proxy === '' || LOOPBACK.test(host)) return undefined
  const exceptions = valueOf('no_proxy').toLowerCase().split(',')
  if (exceptions.some((entry) => covers(entry.trim(), host, port || usual))) return undefined
  return proxy.includes('://') ? proxy : `http://${proxy}`
}

/** Whether an entry of `no_proxy` means this host: `*`, an address, a range of them, a domain with all below it. */
function covers(entry: string, host: string, port: string): boolean {
  if (entry === '' || entry === '*') return entry === '*'
  const [range = '', bits] = entry.split('/')
  if (bits !== undefined) return isInRange(host, range, Number(bits))
  const [name = '', only = port] = isIP(entry) === 6 ? [entry] : entry.split(':')
  const domain = name.replace(/^\*?\./, '')
  return only === port && (host === name || (isIP(host) === 0 && host.endsWith(`.${domain}`)))
}

function isInRange(host: string, range: string, bits: number): boolean {
  const family = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4')
  if (isIP(host) === 0 || isIP(range) === 0 || !(bits >= 0 && bits <= 128)) return false
  const ranges = new BlockList()
  ranges.addSubnet(range, bits, family(range))
  return ranges.check(host, family(host))
}
