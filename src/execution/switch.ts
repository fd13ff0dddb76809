import { ReleaseFailed } from '../errors.ts'
import { isReady, templateHash } from '../kubernetes/health.ts'
import type { KubernetesObject, Pod } from '../kubernetes/objects.ts'
import { printSelector } from '../kubernetes/selectors.ts'
import { promoted, restored } from '../record.ts'
import type { Release, Selector } from '../record.ts'
import type { ReleaseRun } from './run-state.ts'
import { runSmokeTestsOn } from './smoke.ts'

/** Times that pods may be replaced by untested ones between test and switch before it is taken for a fault. */
const RETESTS = 3

/** Writes traffic and record in one. The weight is noted before it is sent: an answer may never come. */
export async function shift(
  run: ReleaseRun,
  weight: 0 | 100,
  phase: Release['phase'],
  signal: AbortSignal
): Promise<string> {
  if (weight === 100) await verifyCanary(run, signal)
  run.release = {
    ...run.release,
    weight,
    phase,
    canary: run.canary,
    ...(weight === 100 || isOnCanary(run) ? { exposed: true } : {})
  }
  run.begun = true
  await run.traffic.write(run.route.shift.bind(run.route), run.release)
  run.shiftedAt = run.ports.clock.now()
  return weight === 100 ? `${run.pods.length} tested pods serve` : 'stable serves'
}

/** Somebody may have moved the traffic by hand since the run died that is undone here. */
const isOnCanary = ({ route, traffic, release }: ReleaseRun): boolean =>
  route.weight(traffic.current(), release) === 100

/**
 * What was tested is what gets the traffic: the pods that the selector will select are of the template that came
 * up and have passed the smoke tests. A pod that was replaced since is tested first.
 */
async function verifyCanary(run: ReleaseRun, signal: AbortSignal): Promise<void> {
  for (let left = RETESTS; ; left -= 1) {
    const pods = await podsSelectedBy(run, run.release.selectors.canary)
    refuseStrangers(run, pods)
    run.pods = pods
    const untested = pods.filter(({ metadata }) => !run.tested.has(metadata.uid ?? ''))
    if (run.settings.smokeTests.length === 0 || untested.length === 0 || run.release.command === 'rollback')
      return
    if (left === 0)
      throw new ReleaseFailed(
        'the pods of the canary are replaced again and again, so that what was tested never serves'
      )
    await runSmokeTestsOn(run, untested, signal)
  }
}

async function podsSelectedBy(run: ReleaseRun, selector: Selector): Promise<readonly Pod[]> {
  const pods = await run.ports.cluster.list<Pod>({
    apiVersion: 'v1',
    kind: 'Pod',
    namespace: run.namespace,
    labels: printSelector(selector)
  })
  return pods.filter(isReady)
}

function refuseStrangers({ canary }: ReleaseRun, pods: readonly Pod[]): void {
  if (pods.length < Math.max(canary.replicas, 1)) {
    throw new ReleaseFailed(
      `only ${pods.length} of ${canary.replicas} pods of deployment/${canary.deployment} are ready at the moment of the switch`
    )
  }
  const stranger = pods.find((pod) => templateHash(pod) !== canary.hash)
  if (stranger === undefined) return
  throw new ReleaseFailed(
    `pod ${stranger.metadata.name} would get traffic, but its template (${templateHash(stranger)}) is not the one that was tested (${canary.hash}): somebody changed deployment/${canary.deployment} while the release ran`
  )
}

/** The record says that the canary is stable now; the traffic stays where it is. */
export async function finish(run: ReleaseRun, selector?: Selector): Promise<string> {
  const release = promoted(run.release, run.ports.clock.now(), selector)
  // After it the record's stable is what serves, so weight 0 and its selector are the traffic as it is.
  await run.traffic.write(run.route.shift.bind(run.route), release)
  run.release = release
  return `${release.stable.deployment} is stable`
}

/** The selector becomes what it was before the release, once there is only one version that it can take in. */
export async function settle(
  run: ReleaseRun,
  selector: Selector,
  outcome: 'restored' | 'kept'
): Promise<string> {
  const { settle: _, ...release } = run.release
  const settled: Release = {
    ...(outcome === 'restored' ? restored(release, run.ports.clock.now()) : release),
    selectors: { ...release.selectors, before: selector }
  }
  await run.traffic.write(
    (object: KubernetesObject, record: Release) => run.route.restore(object, record),
    settled
  )
  run.release = settled
  return `selector ${printSelector(selector)}`
}
