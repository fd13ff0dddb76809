import { Agent } from 'node:http'
import { Agent as SecureAgent } from 'node:https'
import axios from 'axios'
import { formatDuration } from '../base/duration.ts'
import { within } from '../base/within.ts'
import type { Probe } from '../inputs/probe.ts'
import { plainError } from '../kubernetes/api/plain-error.ts'
import type { Entry } from './entry.ts'

const TIMEOUT = 10_000
const LARGEST_ANSWER = 16 * 1024 * 1024

/** The entry that a probe names, by HTTP. Asks nothing yet. */
export function openEntry(probe: Probe): Entry {
  // Where pods share connections out, one that is kept stays with the pod that it was opened to.
  const agents = {
    httpAgent: new Agent({ keepAlive: false }),
    httpsAgent: new SecureAgent({ keepAlive: false })
  }
  return {
    probe,
    async ask(signal) {
      try {
        return await within({ milliseconds: TIMEOUT, signal, late }, (stop) => exchange(probe, stop, agents))
      } catch (error) {
        signal.throwIfAborted()
        throw plainError(error)
      }
    }
  }
}

const late = (): Error => new Error(`no whole answer within ${formatDuration(TIMEOUT)}`)

interface Agents {
  readonly httpAgent: Agent
  readonly httpsAgent: SecureAgent
}

/** The whole answer is read: a server counts a client that leaves in the middle as a failure. */
async function exchange(
  { url, header, requestHeaders }: Probe,
  signal: AbortSignal,
  agents: Agents
): Promise<string | undefined> {
  const { headers } = await axios.get(url, {
    ...agents,
    signal,
    headers: { 'User-Agent': 'greenlight', Accept: '*/*', ...requestHeaders },
    responseType: 'arraybuffer',
    maxContentLength: LARGEST_ANSWER,
    // Headers with credentials must not follow a redirect to another host, and a redirect is an answer.
    maxRedirects: 0,
    validateStatus: () => true
  })
  const value: unknown = headers[header.toLowerCase()]
  return typeof value === 'string' ? value : undefined
}
