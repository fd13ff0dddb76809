import { formatDuration } from '../grammar/duration.ts'
import { lagOf } from '../strategies/drain.ts'
import { backendsIn } from './lanes.ts'
import type { Lane, ReleaseRun } from './run-state.ts'

const SECOND = 1000

/**
 * Until the gateways of these routes must have learnt what they were told at that time. Nobody notices anything of it: the
 * users are where they were.
 * @param since milliseconds since the epoch
 * @param what they have to learn
 * @returns whether there was anything to wait for
 */
export async function awaitGateways(
  run: ReleaseRun,
  { since, what, lanes = run.routes }: { since: number; what: string; lanes?: readonly Lane[] },
  signal: AbortSignal
): Promise<boolean> {
  const { clock, log } = run.ports
  const lag = lagOf(lanes.map(({ route, traffic }) => ({ route, objects: traffic.current() })))
  const left = since + lag - clock.now()
  if (left <= 0) return false
  const names = lanes.map(({ traffic }) => traffic.title).join(', ')
  const shown = formatDuration(Math.ceil(left / SECOND) * SECOND)
  log.line(`waits ${shown}: the gateway of ${names} may need as long to learn ${what}`)
  await clock.sleep(left, signal)
  return true
}

/** Those whose traffic is on the Service again after a promotion; others stay on the canary's own one. */
export function lanesToApex(run: ReleaseRun): readonly Lane[] {
  const backends = backendsIn(run)
  return run.routes.filter(({ route, traffic }) => {
    const [object, ...others] = route.settle(traffic.current(), backends, 'canary')
    return object === undefined || route.weight([object, ...others], backends) !== 100
  })
}
