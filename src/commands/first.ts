import { InputError, refuse, type Fault } from '../base/errors.ts'
import { beginRun } from '../execute/begin-run.ts'
import { readyPods } from '../execute/endpoints.ts'
import { execute } from '../execute/execute.ts'
import type { ReleaseRun } from '../execute/release-run.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import { isEnding, isPodOf } from '../kubernetes/health.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import type { Deployment, Pod, Service } from '../kubernetes/objects.ts'
import { printSelector, sameLabels } from '../kubernetes/selectors.ts'
import { DEPLOYMENT } from '../kubernetes/workload.ts'
import type { Lock } from '../lock/lock.ts'
import { slotsOf } from '../observe/find-service.ts'
import { NotInstalled, type Vacant } from '../observe/first.ts'
import { mayReach } from '../observe/neighbours.ts'
import { observe } from '../observe/observe.ts'
import { inRelease, type Observed, type Recorded } from '../observe/observed.ts'
import { asAuthored } from '../plan/exported.ts'
import { planCompletion } from '../plan/first-steps.ts'
import { selectorsFor, whereScaled } from '../plan/first.ts'
import { failedBefore, placeToInstall } from '../plan/first-place.ts'
import { withoutHooks } from '../plan/hooks.ts'
import { keepTraffic } from '../plan/live-fields.ts'
import { hasNoUsers } from '../plan/release-job.ts'
import type { Invocation } from './invocation.ts'
import { requireShape } from './require-shape.ts'

/**
 * As `observe`, for a release: where no version serves yet, that is the place where the manifests would install it.
 * @throws InputError when they do not hold its Deployment and its Service
 */
export async function observeForRelease(invocation: Invocation): Promise<Observed> {
  const { target, ports } = invocation
  try {
    const observed = await observe(target, ports)
    if (observed.first !== true || inRelease(observed) !== undefined) return observed
    return await placeAgain(observed, invocation)
  } catch (error) {
    if (!(error instanceof NotInstalled)) throw error
    return placeFor(error.vacant, error.faults, invocation)
  }
}

/** The place of an installation that has failed, or is undone before anything else. */
export function placeAgain(observed: Observed, invocation: Invocation): Promise<Observed> {
  const services = [observed.service, ...observed.companions, ...observed.otherServices]
  return placeFor({ ...observed, services }, [failedBefore(observed)], invocation)
}

async function placeFor(
  vacant: Vacant,
  why: readonly Fault[],
  { manifests, target, ports }: Invocation
): Promise<Observed> {
  await requireShape(manifests, vacant.namespace, ports.cluster)
  const place = (given: readonly Manifest[]): Observed => {
    const found = placeToInstall(vacant, given, target, why)
    if ('length' in found) throw new InputError(found)
    return found
  }
  const authored = asAuthored(manifests, place(manifests))
  const observed = place(authored.manifests)
  refuse(await strangersBehind(observed, authored.manifests, ports.cluster))
  return observed
}

/** Pods that are not of the workload, and whose users would lose them. */
async function strangersBehind(
  observed: Observed,
  manifests: readonly Manifest[],
  cluster: Cluster
): Promise<readonly Fault[]> {
  const { namespace, workload, slots, service: first, companions } = observed
  const found = await Promise.all(
    [first, ...companions].map(async (service) => {
      const { name } = service.metadata
      const { canary } = selectorsFor(service, manifests)
      const selectors = [
        canary,
        ...(sameLabels(canary, service.spec.selector) ? [] : [service.spec.selector])
      ]
      const pods = await Promise.all(
        selectors.map((selector) =>
          cluster.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace, labels: printSelector(selector) })
        )
      )
      const isOwn = (pod: Pod): boolean => slots.plain !== undefined && isPodOf(workload, pod)
      const stranger = pods.flat().find((pod) => !isEnding(pod) && !isOwn(pod) && !hasNoUsers(pod.spec))
      return stranger === undefined ? [] : [strangerFault(name, stranger, workload)]
    })
  )
  const strangers = found.flat()
  return strangers.length > 0 ? strangers : sleepersBehind(observed, cluster)
}

/** Deployments of others that a live Service leads to, and that have no pods just now: as at night, or before the first request. */
async function sleepersBehind(
  { namespace, workload, service, companions }: Observed,
  cluster: Cluster
): Promise<readonly Fault[]> {
  const live = [service, ...companions].filter(({ metadata }) => metadata.resourceVersion !== undefined)
  if (live.length === 0) return []
  const own = new Set(slotsOf(workload).map(({ name }) => name))
  const deployments = await cluster.list<Deployment>({ ...DEPLOYMENT, namespace })
  const others = deployments.filter(({ metadata }) => !own.has(metadata.name))
  return live.flatMap((one) =>
    others
      .filter((deployment) => mayReach(one, [deployment]))
      .slice(0, 1)
      .map((deployment) => sleeperFault(one, deployment, workload))
  )
}

const sleeperFault = ({ metadata, spec }: Service, deployment: Deployment, workload: string): Fault => ({
  input: 'route',
  problem: `service/${metadata.name} (${printSelector(spec.selector)}) leads to deployment/${deployment.metadata.name}, which has no pods now: to install ${workload} behind it would take it from there`,
  example: `delete deployment/${deployment.metadata.name}, if nobody needs it any more, or give ${workload} a Service of its own`
})

const strangerFault = (service: string, { metadata }: Pod, workload: string): Fault => ({
  input: 'route',
  problem: `service/${service} would select pod ${metadata.name} (${printSelector(metadata.labels)}), which is not of deployment/${workload}: to install ${workload} behind it would take that pod from its users`,
  example: `a label in the selector of Service ${service} that only the pods of ${workload} have`
})

/**
 * Finishes an installation that was left when its version had passed its tests and had all users: to undo it would take it
 * from them. Nobody has watched it to the end of its bake.
 * @returns undefined where there is none
 */
export async function completeFirst(
  left: Recorded,
  lock: Lock,
  { ports, inputs, manifests }: Invocation
): Promise<ReleaseRun | undefined> {
  const { record: release, service, companions, workload } = left
  if (!isServingFirst(left)) return undefined
  const beginning = { service, companions, routes: [], workload, release, begun: true, lock }
  const run = beginRun(beginning, ports, inputs)
  if ((await readyPods(run, 'canary')).length === 0) return undefined
  await requireShape(manifests, left.namespace, ports.cluster)
  ports.log.warning(
    `installation ${release.id} was left when its version had all users: it is finished (${release.run ?? 'run unknown'})`
  )
  const written = withoutHooks(asAuthored(manifests, left).manifests, left, 'installation').manifests
  const kept = keepTraffic(written, whereScaled(left, left.slots.plain), release.selectors.canary, {})
  await execute(planCompletion(kept), run, lock.lost)
  const missed = release.jobs?.after ?? []
  if (missed.length > 0) ports.log.warning(`not run by it any more: job/${missed.join(', job/')}`)
  return run
}

/** Whether users are on the version of an installation that has not come to its end. */
export const isServingFirst = ({ record, service }: Pick<Observed, 'record' | 'service'>): boolean =>
  record?.first === true &&
  record.phase === 'running' &&
  record.weight === 100 &&
  sameLabels(service.spec.selector, record.selectors.canary)
