import { Agent } from 'node:http'
import { Agent as SecureAgent } from 'node:https'
import { formatDuration } from '../base/duration.ts'
import { fetchText } from '../base/http.ts'
import { within } from '../base/within.ts'
import type { Probe } from '../inputs/probe.ts'
import type { Entry } from './entry.ts'

const TIMEOUT = 10_000
const LARGEST_ANSWER = 16 * 1024 * 1024

/** The entry that a probe names, by HTTP. Asks nothing yet. */
export function openEntry(probe: Probe): Entry {
  // Where pods share connections out, one that is kept stays with the pod that it was opened to.
  const agents = { http: new Agent({ keepAlive: false }), https: new SecureAgent({ keepAlive: false }) }
  const headers = { Accept: '*/*', ...probe.requestHeaders }
  return {
    probe,
    async ask(signal) {
      // The whole answer is read: a server counts a client that leaves in the middle as a failure.
      const answer = await within({ milliseconds: TIMEOUT, signal, late }, (stop) =>
        fetchText({ method: 'GET', url: probe.url, headers, signal: stop, largest: LARGEST_ANSWER, agents })
      )
      return answer.headers[probe.header.toLowerCase()]
    }
  }
}

const late = (): Error => new Error(`no whole answer within ${formatDuration(TIMEOUT)}`)
