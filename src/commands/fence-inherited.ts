import { readRecord } from '../domain/read-record.ts'
import { backendsOf, type Release } from '../domain/record.ts'
import type { Ports } from '../execute/release-run.ts'
import { AUTOSCALER } from '../kubernetes/limits.ts'
import type { Service } from '../kubernetes/objects.ts'
import { type Ref, refOf } from '../kubernetes/ref.ts'
import { isRefused } from '../kubernetes/refusals.ts'
import { deploymentRef } from '../kubernetes/workload.ts'
import { fenceOf } from '../lock/fence.ts'
import { claim } from '../lock/fenced-patch.ts'
import type { Lock } from '../lock/lock.ts'
import { slotsOf } from '../observe/find-service.ts'
import { membersOf, type Observed } from '../observe/observed.ts'
import { recordedDeployments } from '../observe/own-slots.ts'
import { readRemaining } from '../observe/routes.ts'
import { methodOf } from '../plan/method.ts'
import { throughOutages } from '../traffic/through-outages.ts'

/** Where a release takes place. */
export type Place = Pick<Observed, 'service' | 'companions' | 'workload' | 'namespace'>

/**
 * Claims everything that the run before may still write to, if it has not given the lock back: it may be asleep, with a
 * write on its way, and the API server refuses that write from then on. The Service is claimed first: after that, its
 * record is what the other run has left.
 */
export async function fenceInherited(
  { service, companions, workload, namespace }: Place,
  lock: Lock,
  ports: Ports,
  signal: AbortSignal
): Promise<void> {
  // Without a record the other run has written to the Service at most, and fails when it finds the first record there.
  if (!lock.isInherited || readRecord(service) === undefined) return
  const holder = { cluster: ports.cluster, lock }
  const work = async (): Promise<void> => {
    const claimed = await unlessRefused(refOf(service), claim(refOf(service), holder), ports)
    const live = claimed ?? (await ports.cluster.get(refOf(service)))
    const record = readRecord(live ?? service)
    if (record === undefined) return
    const versions = recordedDeployments(record)
    const own = slotsOf(workload).filter(({ name }) => versions.has(name))
    const named = own.map(({ name }) => deploymentRef(namespace, name))
    const deployments = record.first === true ? await started(named, ports) : named
    const others = [
      ...companions.map(refOf),
      ...autoscalerOf(record, namespace),
      ...(await routeRefs(record, service, namespace, ports))
    ]
    const { verb } = methodOf(record)
    await Promise.all([
      ...deployments.map((ref) => unlessRefused(ref, claim(ref, holder, verb), ports)),
      ...others.map((ref) => unlessRefused(ref, claim(ref, holder), ports))
    ])
  }
  await throughOutages(work, ports, signal)
}

/** Of a first installation: a Deployment of that name without a claim was brought by somebody else meanwhile. */
async function started(refs: readonly Ref[], { cluster }: Ports): Promise<readonly Ref[]> {
  const found = await Promise.all(refs.map(async (ref) => ({ ref, live: await cluster.get(ref) })))
  return found.flatMap(({ ref, live }) => (live === undefined || fenceOf(live) === undefined ? [] : [ref]))
}

/** An object that cannot be claimed is no reason not to put the traffic back: the run before is most likely dead. */
async function unlessRefused<T>(ref: Ref, claiming: Promise<T>, { log }: Ports): Promise<T | undefined> {
  try {
    return await claiming
  } catch (error) {
    if (!isRefused(error)) throw error
    log.warning(
      `${ref.kind.toLowerCase()}/${ref.name} cannot be claimed from the run before, should it still live: ${error.message}`
    )
    return undefined
  }
}

const autoscalerOf = ({ autoscaler }: Release, namespace: string): readonly Ref[] =>
  autoscaler === undefined ? [] : [{ ...AUTOSCALER, namespace, name: autoscaler }]

async function routeRefs(
  record: Release,
  { metadata }: Service,
  namespace: string,
  { cluster }: Ports
): Promise<readonly Ref[]> {
  const { found } = await readRemaining(record.routes ?? [], namespace, cluster)
  const backends = backendsOf(record, namespace, metadata.name)
  return found.flatMap((route) => membersOf(route, backends).objects.map(refOf))
}
