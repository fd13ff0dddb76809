import type { Clock } from '../base/clock.ts'
import { ClusterError, InputError, refuse, type Fault } from '../base/errors.ts'
import type { Version } from '../domain/outcome.ts'
import { isUnfinished, type Release } from '../domain/record.ts'
import type { SlotName } from '../domain/slots.ts'
import type { RouteName } from '../inputs/route.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import { isSeen } from '../kubernetes/health.ts'
import { AUTOSCALER, type HorizontalPodAutoscaler } from '../kubernetes/limits.ts'
import type { Deployment, Pod, ReplicaSet, Service } from '../kubernetes/objects.ts'
import type { Ref } from '../kubernetes/ref.ts'
import { missingRights, rightsFaults } from '../kubernetes/rights.ts'
import { printSelector } from '../kubernetes/selectors.ts'
import { deploymentRef, replicaSetRef } from '../kubernetes/workload.ts'
import { chooseServices } from './choose-services.ts'
import { beforeInstalled, serviceToInstall } from './first.ts'
import { findStable, slotsOf, type Slots } from './find-service.ts'
import { OBSERVE_NEEDS } from './needs.ts'
import { rivalFaults } from './neighbours.ts'
import type { Observed } from './observed.ts'
import { ownRecord } from './own-record.ts'
import { ownSlots } from './own-slots.ts'
import { readNeighbours } from './read-neighbours.ts'
import { readRemaining } from './routes.ts'
import { companionFaults, divergedFaults } from './services.ts'
import { servingPods } from './serving.ts'
import { unknownWorkload } from './unknown-workload.ts'

export interface Target {
  readonly namespace: string
  readonly workload: string
  /** The kind of object by which a controller releases it; absent of a Deployment, which we release. */
  readonly engine?: string
  /** Names of the Services; if empty, the only Service that selects the workload is meant. */
  readonly services: readonly string[]
  /** What carries the traffic besides the Service. */
  readonly routes: readonly RouteName[]
}

const isFault = (value: object): value is Fault => 'problem' in value

interface Ports {
  readonly cluster: Cluster
  readonly clock: Clock
}

/** @throws InputError when it is not clear what serves, or rights are lacking for finding it out */
export async function observe(target: Target, ports: Ports): Promise<Observed> {
  try {
    return await look(target, ports)
  } catch (error) {
    // The API server names one missing right at a time.
    if (!(error instanceof ClusterError && error.status === 403)) throw error
    const { namespace } = target
    const missing = await missingRights(ports.cluster, namespace, OBSERVE_NEEDS)
    refuse(rightsFaults(missing, namespace))
    // No right is missing any more: one that was given a moment ago was not in force yet.
    return look(target, ports)
  }
}

async function look(target: Target, { cluster, clock }: Ports): Promise<Observed> {
  const { namespace, workload } = target
  const [named, routes, services, all] = await Promise.all([
    readSlots(target, { cluster, clock }),
    readRemaining(target.routes, namespace, cluster),
    cluster.list<Service>({ apiVersion: 'v1', kind: 'Service', namespace }),
    cluster.list<HorizontalPodAutoscaler>({ ...AUTOSCALER, namespace })
  ])
  const read = { namespace, workload, services, routes: routes.found, goneRoutes: routes.gone }
  const autoscalers = all.filter(scalesDeployment)
  const autoscaled = autoscalers.map(({ spec }) => spec.scaleTargetRef.name)
  const installing = serviceToInstall(services, named, workload)
  if (installing !== undefined)
    return beforeInstalled({ ...read, named, autoscalers: all, autoscaled }, installing)
  if (Object.keys(named).length === 0)
    throw await unknownWorkload({ ...read, autoscaled, slots: {}, record: undefined }, cluster)
  const chosen = chooseServices(target, services, named, routes.found)
  const { service, companions } = chosen
  const record = ownRecord({ workload, service, slots: named, autoscalers: all })
  const { slots, foreign } = ownSlots(named, service, record)
  const otherServices = services.filter((other) => other !== service && !companions.includes(other))
  // If the Service can select none of the slots, the fault names all that exist.
  const possible = Object.keys(slots).length === 0 ? named : slots
  const stable = stableOf(record, slots) ?? findStable(service, possible, record?.stable.deployment)
  if (isFault(stable)) throw explained(stable, otherServices, workload)
  return {
    namespace,
    workload,
    service,
    companions,
    otherServices,
    record,
    routes: routes.found,
    goneRoutes: routes.gone,
    slots,
    foreign,
    ...(await readServing({ ...chosen, record, otherServices, slots, workload, stable }, cluster)),
    autoscaler: autoscalerOf(autoscalers, { workload, stable, foreign }),
    autoscaled
  }
}

type Chosen = Pick<Observed, 'service' | 'companions' | 'otherServices' | 'record' | 'slots' | 'workload'> & {
  readonly stable: Pick<Observed['stable'], 'slot' | 'deployment'>
}

/** @throws InputError when users come to anything else than one version of the workload */
async function readServing(
  { service, companions, otherServices, record, slots, workload, stable }: Chosen,
  cluster: Cluster
): Promise<Pick<Observed, 'stable' | 'neighbours'>> {
  const deployments = Object.values(slots)
  const [pods, neighbours, followers] = await Promise.all([
    podsBehind(service, cluster),
    readNeighbours(otherServices, deployments, cluster),
    readNeighbours(companions, deployments, cluster)
  ])
  const serving = servingPods(service, stable.deployment, pods, record)
  if (isFault(serving)) throw explained(serving, otherServices, workload)
  const isUnderWay = record !== undefined && isUnfinished(record)
  const faults = [
    ...companionFaults(companions, slots, workload),
    ...(isUnderWay ? [] : divergedFaults(followers, { service, stable }))
  ]
  refuse(faults)
  return { stable: { ...stable, ...serving }, neighbours }
}

/** An unfinished release by another Service explains a fault in the traffic of this one better than the fault does. */
function explained(fault: Fault, otherServices: readonly Service[], workload: string): InputError {
  const rivals = rivalFaults({ otherServices, workload })
  return new InputError(rivals.length > 0 ? rivals : [fault])
}

const scalesDeployment = ({ spec }: HorizontalPodAutoscaler): boolean =>
  spec.scaleTargetRef.kind === 'Deployment'

/** The autoscaler of the Deployment that serves; else one of another slot, where an apply of an old file has pointed it. */
function autoscalerOf(
  autoscalers: readonly HorizontalPodAutoscaler[],
  { workload, stable, foreign }: Pick<Observed, 'workload' | 'foreign'> & Pick<Chosen, 'stable'>
): HorizontalPodAutoscaler | undefined {
  const scaling = (wanted: string): HorizontalPodAutoscaler | undefined =>
    autoscalers.find(({ spec }) => spec.scaleTargetRef.name === wanted)
  const others = new Set(foreign.map(({ metadata }) => metadata.name))
  const own = slotsOf(workload).filter(({ name }) => !others.has(name))
  return scaling(stable.deployment.metadata.name) ?? own.map(({ name }) => scaling(name)).find(Boolean)
}

/** In the middle of a release the record says which version is stable, wherever the traffic is. */
function stableOf(
  record: Release | undefined,
  slots: Slots
): Pick<Observed['stable'], 'slot' | 'deployment'> | undefined {
  if (record === undefined || !isUnfinished(record)) return undefined
  const slot = record.stable.slot as SlotName
  return slots[slot] === undefined ? undefined : { slot, deployment: slots[slot] }
}

async function readSlots({ namespace, workload }: Target, ports: Ports): Promise<Slots> {
  const found = await Promise.all(
    slotsOf(workload).map(async ({ slot, name }) => {
      const deployment = await readSeen(deploymentRef(namespace, name), ports)
      return deployment === undefined ? [] : [[slot, deployment] as const]
    })
  )
  return Object.fromEntries(found.flat())
}

/** Milliseconds that a controller may take to see a change of a Deployment. */
const UNSEEN = 10_000
/** Milliseconds between two looks. */
const LOOK_AGAIN = 200

/** Waits until the controller has seen the last change, be it of an annotation: the status is of an earlier spec before. */
async function readSeen(ref: Ref, { cluster, clock }: Ports): Promise<Deployment | undefined> {
  const late = clock.now() + UNSEEN
  for (;;) {
    const found = await cluster.get<Deployment>(ref)
    if (found === undefined || isSeen(found) || clock.now() >= late) return found
    await clock.sleep(LOOK_AGAIN)
  }
}

const podsBehind = ({ metadata, spec }: Service, cluster: Cluster): Promise<readonly Pod[]> =>
  cluster.list<Pod>({
    apiVersion: 'v1',
    kind: 'Pod',
    namespace: metadata.namespace,
    labels: printSelector(spec.selector)
  })

/** The template of an earlier version, from its ReplicaSet. */
export const readReplicaSet = (
  namespace: string,
  { deployment, hash }: Version,
  cluster: Cluster
): Promise<ReplicaSet | undefined> => cluster.get<ReplicaSet>(replicaSetRef(namespace, deployment, hash))
