import { ReleaseFailed } from '../errors.ts'
import { templateHash } from '../kubernetes/health.ts'
import type { Deployment, Pod } from '../kubernetes/objects.ts'
import { refOf } from '../routes/writes.ts'
import { changeIn } from './change.ts'
import { behindSince, confirmEndpoints, readyPods } from './endpoints.ts'
import { awaitGateways } from './gateways.ts'
import { backendsIn } from './lanes.ts'
import type { ReleaseRun } from './run-state.ts'
import { runSmokeTestsOn } from './smoke.ts'

/** Times that pods may be replaced by untested ones between test and switch before it is taken for a fault. */
const RETESTS = 3

/** Nobody is sent to pods before they are behind the Service that users come by, and its gateway knows them. */
export async function verifyReachable(run: ReleaseRun, signal: AbortSignal): Promise<void> {
  const { canary } = backendsIn(run)
  for (let left = RETESTS; left >= 0; left -= 1) {
    await verifyCanary(run, signal)
    await confirmEndpoints(run, canary, signal)
    const learnt = { since: behindSince(run, canary), what: `of the pods behind service/${canary}` }
    // They may be others after that.
    if (!(await awaitGateways(run, learnt, signal))) return
  }
  throw replacedAgain()
}

/**
 * What was tested is what gets the traffic: the pods that the selector will select are of the template that came
 * up and have passed the smoke tests, and its controller brings up no other ones. A pod that was replaced since is
 * tested first.
 */
export async function verifyCanary(run: ReleaseRun, signal: AbortSignal): Promise<void> {
  for (let left = RETESTS; ; left -= 1) {
    const [pods, change] = await Promise.all([readyPods(run, 'canary'), changeInCanary(run)])
    refuseStrangers(run, pods)
    if (change !== undefined) throw change
    run.pods = pods
    const untested = pods.filter(({ metadata }) => !run.tested.has(metadata.uid ?? ''))
    if (run.settings.smokeTests.length === 0 || untested.length === 0 || run.release.command === 'rollback')
      return
    if (left === 0) throw replacedAgain()
    await runSmokeTestsOn(run, untested, signal)
  }
}

const replacedAgain = (): ReleaseFailed =>
  new ReleaseFailed(
    'the pods of the canary are replaced again and again, so that what was tested never serves'
  )

/** Its controller may not have seen yet what somebody has written a moment ago. */
async function changeInCanary({ ports, deployment }: ReleaseRun): Promise<ReleaseFailed | undefined> {
  if (deployment === undefined) return undefined
  return changeIn(deployment, await ports.cluster.get<Deployment>(refOf(deployment)))
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
