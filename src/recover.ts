import { tidy } from './carry-out.ts'
import { execute } from './execute.ts'
import type { Ports, ReleaseRun, Settings } from './execution/run-state.ts'
import type { Lock } from './kubernetes/lease.ts'
import type { Service } from './kubernetes/objects.ts'
import { withLock } from './lock.ts'
import { observe } from './observe.ts'
import type { Target } from './observe.ts'
import { isUnfinished } from './record.ts'
import type { Release } from './record.ts'
import { beginRun } from './release-run.ts'
import type { Origin } from './strategies/prepare.ts'
import { planRestore } from './strategies/abort.ts'

/**
 * Undoes a release whose run has died, from its record alone.
 * @throws when stable cannot be put back; then nothing else may be begun
 */
export async function recover(
  service: Service,
  release: Release,
  ports: Ports,
  settings: Settings,
  lock: Lock
): Promise<ReleaseRun> {
  const workload = release.stable.deployment
  const run = beginRun(
    { service, stable: undefined, workload, release, port: 0, begun: true, sampler: undefined },
    ports,
    settings
  )
  ports.log.warning(
    `release ${release.id} was left unfinished (${release.run ?? 'run unknown'}): stable is put back first`
  )
  const ended = new AbortController()
  run.traffic.guard(ended.signal)
  try {
    await execute(planRestore(release), run, lock.lost)
    await tidy(run, lock.lost)
  } finally {
    ended.abort()
  }
  return run
}

/**
 * Undoes what this very run has begun and could not finish.
 * @returns what was done, for the summary; undefined when there was nothing to do
 */
export async function recoverOwn(
  target: Target,
  origin: Origin,
  ports: Ports,
  settings: Settings
): Promise<string | undefined> {
  const isOurs = (record: Release | undefined): record is Release =>
    record?.id === origin.release && isUnfinished(record)
  const seen = await observe(target, ports.cluster)
  if (!isOurs(seen.record)) return undefined
  return withLock(seen.service, origin, ports, new AbortController().signal, async (lock) => {
    const { record, service } = await observe(target, ports.cluster)
    if (!isOurs(record)) return undefined
    await recover(service, record, ports, settings, lock)
    return `Release ${record.id} was undone: ${record.stable.deployment} has all traffic, ${record.canary.deployment} is scaled down.`
  })
}
