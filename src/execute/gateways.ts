import { formatDuration } from '../base/duration.ts'
import { ReleaseFailed } from '../base/errors.ts'
import { lagOf } from '../plan/drain.ts'
import { withObject } from '../routes/route.ts'
import type { RouteWriter, ReleaseRun } from './release-run.ts'
import { backendsIn } from './route-writers.ts'
import { inSight } from './steps/watch.ts'
import { untilDoomed } from './under-traffic.ts'

const SECOND = 1000

interface Learning {
  /** Milliseconds since the epoch. */
  readonly since: number
  /** What the gateways have to learn. */
  readonly what: string
  readonly writers?: readonly RouteWriter[]
}

/**
 * Waits until the gateways of these routes must have learnt a change of that time. Users notice nothing of the wait.
 * @returns whether there was anything to wait for
 */
export async function awaitGateways(
  run: ReleaseRun,
  { since, what, writers = run.routes }: Learning,
  signal: AbortSignal,
  watched: Watched = (_, wait) => wait(signal)
): Promise<boolean> {
  const { clock, log } = run.ports
  const lag = lagOf(writers.map(({ route, traffic }) => ({ route, objects: traffic.current() })))
  const left = since + lag - clock.now()
  if (left <= 0) return false
  const names = writers.map(({ traffic }) => traffic.title).join(', ')
  const shown = formatDuration(Math.ceil(left / SECOND) * SECOND)
  log.line(`waits ${shown}: the gateway of ${names} may need as long to learn ${what}`)
  await watched(run, (ended) => clock.sleep(left, ended), signal)
  return true
}

/** Waits with somebody looking at the canary. */
type Watched = (
  run: ReleaseRun,
  wait: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal
) => Promise<void>

/**
 * As `awaitGateways`, with the canary in sight: it is about to get users, or has them.
 * @throws ReleaseFailed when it cannot keep them, or a check fails
 */
export const awaitGatewaysWatching = (
  run: ReleaseRun,
  learning: Learning,
  signal: AbortSignal
): Promise<boolean> => awaitGateways(run, learning, signal, inSight)

/** As `awaitGateways`, after the point of no return: what happens to the canary is told, but does not fail the release. */
export const awaitGatewaysTelling = (
  run: ReleaseRun,
  learning: Learning,
  signal: AbortSignal
): Promise<boolean> =>
  awaitGateways(run, learning, signal, async (_, wait) => {
    const { ports } = run
    const { deployment } = run.progress
    const done = new AbortController()
    const ended = AbortSignal.any([signal, done.signal])
    if (deployment !== undefined)
      untilDoomed(deployment, ports, ended).catch((error: unknown) => {
        if (!(error instanceof ReleaseFailed)) return
        run.journal.warnings.push(
          `after the new version had passed: ${error.message}; command: rollback brings the one before back`
        )
      })
    await wait(signal).finally(() => {
      done.abort()
    })
  })

/** The routes that lead to the users' Service again after a promotion; others keep leading to the canary's own. */
export function writersToApex(run: ReleaseRun): readonly RouteWriter[] {
  const backends = backendsIn(run)
  return run.routes.filter(({ route, traffic }) => {
    const objects = traffic.current()
    const settled = route.settle(objects, backends, 'canary').reduce(withObject, objects)
    return route.weight(settled, backends) !== 100
  })
}
