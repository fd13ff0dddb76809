import { formatDuration } from '../../base/duration.ts'
import { hasTemplateOf, isSettled } from '../../kubernetes/health.ts'
import type { Deployment, Service } from '../../kubernetes/objects.ts'
import { deploymentRef, HASH_LABEL } from '../../kubernetes/workload.ts'
import { knownDeployment } from '../own-write.ts'
import type { ReleaseRun } from '../release-run.ts'
import { untilTemplateChanges } from './ensure-stable.ts'

/** Milliseconds within which the proxies of all nodes learn of a change; a new pod takes as long to come up. */
const LEAST = 1000

/**
 * Time for proxies and clients to let go of pods that get no new traffic.
 *
 * Cut short when somebody gives a plain Deployment that serves another template. While the other version runs, the
 * Service selects it by the hash of its old template: the new pods get no traffic, and the old ones end. That is worse
 * than a short drain.
 * @param duration milliseconds
 */
export async function drain(run: ReleaseRun, duration: number, signal: AbortSignal): Promise<string> {
  const { clock } = run.ports
  const since = clock.now()
  const done = new AbortController()
  const ended = AbortSignal.any([signal, done.signal])
  try {
    const isCutShort = await Promise.race([
      clock.sleep(duration, ended).then(() => false),
      ...(isSelectedByTemplate(run) ? [untilCutShort(run, since + LEAST, ended)] : [])
    ])
    if (!isCutShort) return 'no new traffic in this time'
  } finally {
    done.abort()
  }
  const name = `deployment/${run.progress.release.stable.deployment}`
  run.journal.warnings.push(
    `${name} was changed by somebody else: its new pods get traffic only when the other version has ended, so that was not drained any longer than ${formatDuration(clock.now() - since)}`
  )
  return `cut short: ${name} was changed by somebody else`
}

const isSelectedByTemplate = ({ traffic, progress: { release } }: ReleaseRun): boolean =>
  release.stable.slot === 'plain' && HASH_LABEL in ((traffic.current()[0] as Service).spec.selector ?? {})

async function untilCutShort(run: ReleaseRun, soonest: number, signal: AbortSignal): Promise<true> {
  const { clock } = run.ports
  await untilServingChanges(run, signal)
  await clock.sleep(Math.max(0, soonest - clock.now()), signal)
  return true
}

/** Waits until the Deployment of the record's stable version, which serves now, gets another template. */
async function untilServingChanges(run: ReleaseRun, signal: AbortSignal): Promise<void> {
  const { namespace, ports } = run
  const { release } = run.progress
  const name = release.stable.deployment
  const live = await ports.cluster.get<Deployment>(deploymentRef(namespace, name))
  // A Deployment that is gone has no new pods that wait for traffic.
  if (live === undefined) return new Promise(() => undefined)
  const known = knownDeployment(run.progress, name)
  if (!isSettled(live) || (known !== undefined && !hasTemplateOf(live, known))) return
  await untilTemplateChanges(run, live, signal)
}
