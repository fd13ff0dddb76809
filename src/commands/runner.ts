import { ClusterError } from '../base/errors.ts'
import type { Outcome } from '../domain/outcome.ts'
import type { Release } from '../domain/record.ts'
import type { Ports } from '../execute/release-run.ts'
import { isHeld } from '../lock/acquire.ts'
import type { Observed } from '../observe/observed.ts'
import { workloadLease } from './exclusively.ts'

/** Whether the run of an unfinished release lives: then it renews its lock. Changes nothing. */
export async function lookForRunner(
  place: Pick<Observed, 'namespace' | 'workload'>,
  ports: Ports,
  signal: AbortSignal
): Promise<NonNullable<Outcome['runner']>> {
  try {
    return (await isHeld(workloadLease(place), ports, signal)) ? 'alive' : 'gone'
  } catch (error) {
    // Credentials that may only read the state may lack the right to read Leases.
    if (error instanceof ClusterError && error.status === 403) return 'unknown'
    throw error
  }
}

const PROMOTE_OR_ABORT = 'command: promote goes on with it, command: abort puts stable back.'
const COMPLETE =
  'the next deploy finishes the installation, whose version has passed its tests; command: abort takes it back, and nobody is served then.'
const INSTALL_AGAIN = 'the next deploy installs it again; command: abort undoes what there is of it.'
const UNDO = 'command: abort undoes it; so does the next deploy or rollback, before anything else.'

/** What can be done about a release that has not ended. */
export function nextIn(
  { phase, run = 'run unknown', first, weight }: Release,
  runner: Outcome['runner']
): readonly string[] {
  if (first === true && runner !== 'alive')
    return [`Should its run (${run}) be gone: ${weight === 100 ? COMPLETE : INSTALL_AGAIN}`]
  if (phase === 'waiting') return [PROMOTE_OR_ABORT]
  if (runner === 'alive')
    return [
      `A run is at work on it (${run}): wait for it. Cancelled, it puts stable back by itself; until it has ended every other run is refused, command: abort too.`
    ]
  if (runner === 'gone')
    return [`Urgent: nobody watches it any more. ${phase === 'promoting' ? FINISH : UNDO}`]
  return [`Should its run (${run}) be gone: ${UNDO}`]
}

const FINISH =
  'Its version has passed and has all traffic: command: cleanup finishes it; so does the next deploy or rollback, before anything else.'
