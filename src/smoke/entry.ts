import type { Probe } from '../inputs/probe.ts'

/** The way by which users come in, for requests that tell which version answers there. */
export interface Entry {
  readonly probe: Probe
  /**
   * Sends one request, on a connection of its own. Resolves with what the answer's header says, undefined when it has
   * no such header; rejects when there is no answer, and with the signal.
   */
  ask(signal: AbortSignal): Promise<string | undefined>
}
