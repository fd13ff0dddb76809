import { ClusterError, InputError, refuse, type Fault } from '../base/errors.ts'
import type { Engine, EngineState, Seen } from '../engines/engine.ts'
import { engineOfKind } from '../engines/index.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'
import type { Ref } from '../kubernetes/ref.ts'
import { missingRights, rightsFaults } from '../kubernetes/rights.ts'
import { deploymentRef } from '../kubernetes/workload.ts'
import type { Target } from './observe.ts'

/** A workload that a controller releases, read once. */
export interface Driven {
  readonly namespace: string
  readonly workload: string
  readonly engine: Engine
  readonly seen: Seen
  readonly state: EngineState
}

/** What names such a workload. */
export type DrivenTarget = Pick<Target, 'namespace' | 'workload'> & { readonly engine: string }

/** @throws InputError when it does not exist, or rights are lacking for reading it */
export async function observeDriven(target: DrivenTarget, cluster: Cluster): Promise<Driven> {
  const { namespace } = target
  const engine = engineFor(target)
  try {
    return await look(target, engine, cluster)
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error
    if (error.status === 403)
      refuse(rightsFaults(await missingRights(cluster, namespace, engine.needs.look), namespace))
    throw error
  }
}

function engineFor(target: DrivenTarget): Engine {
  const engine = engineOfKind(target.engine)
  if (engine === undefined) throw new Error(`there is no engine ${target.engine}`)
  return engine
}

/** The object alone; undefined when it does not exist. @throws InputError when the cluster does not know its kind */
export const objectOf = (target: DrivenTarget, cluster: Cluster): Promise<KubernetesObject | undefined> =>
  read(target, engineFor(target), cluster)

async function look(target: DrivenTarget, engine: Engine, cluster: Cluster): Promise<Driven> {
  const { namespace, workload } = target
  const object = await read(target, engine, cluster)
  if (object === undefined) throw new InputError([await unknown(target, engine, cluster)])
  const [beside, made] = await Promise.all([
    readBeside(engine, object, cluster),
    readMade(engine, { object }, cluster)
  ])
  const seen: Seen = { object, ...beside, made }
  return { namespace, workload, engine, seen, state: engine.state(seen) }
}

/** What belongs to the object. */
export async function readMade(
  engine: Engine,
  seen: Seen,
  cluster: Cluster
): Promise<readonly KubernetesObject[]> {
  const { namespace } = seen.object.metadata
  const made = await Promise.all(engine.made.map((kind) => cluster.list({ ...kind, namespace })))
  return made.flat().filter((other) => engine.concerns(seen, other))
}

/** What it takes its template from, and what runs what serves. */
async function readBeside(
  engine: Engine,
  object: KubernetesObject,
  cluster: Cluster
): Promise<Pick<Seen, 'target' | 'serving'>> {
  const get = (ref: Ref | undefined): Promise<KubernetesObject | undefined> =>
    ref === undefined ? Promise.resolve(undefined) : cluster.get(ref)
  const [target, serving] = await Promise.all([get(engine.target(object)), get(engine.serving(object))])
  return { target, serving }
}

/** The object and what it takes its template from, as they are now; undefined when it is gone. */
export async function readSeen(
  engine: Engine,
  { namespace, workload }: Pick<Driven, 'namespace' | 'workload'>,
  cluster: Cluster
): Promise<Seen | undefined> {
  const object = await cluster.get({ ...engine.object, namespace, name: workload })
  if (object === undefined) return undefined
  return { object, ...(await readBeside(engine, object, cluster)) }
}

/** A cluster without the controller does not know the kind. */
async function read(
  { namespace, workload }: DrivenTarget,
  engine: Engine,
  cluster: Cluster
): Promise<KubernetesObject | undefined> {
  try {
    return await cluster.get({ ...engine.object, namespace, name: workload })
  } catch (error) {
    if (!(error instanceof ClusterError && error.status === 404)) throw error
    const problem = `${engine.title} is not installed in this cluster: ${error.message}`
    throw new InputError([{ input: 'workload', problem, example: `workload: deployment/${workload}` }])
  }
}

/** Names what is there instead. */
async function unknown(
  { namespace, workload }: DrivenTarget,
  { kind, object }: Engine,
  cluster: Cluster
): Promise<Fault> {
  const [all, deployment] = await Promise.all([
    cluster.list({ ...object, namespace }).catch(() => []),
    cluster.get(deploymentRef(namespace, workload)).catch(() => undefined)
  ])
  const names = all.map(({ metadata }) => metadata.name)
  const there =
    names.length === 0 ? `there is no ${object.kind} at all` : `there are ${names.slice(0, 10).join(', ')}`
  const also = deployment === undefined ? '' : `, and a Deployment ${workload}`
  const instead = deployment === undefined ? undefined : `deployment/${workload}`
  return {
    input: 'workload',
    problem: `${kind}/${workload} does not exist in namespace ${namespace}; ${there}${also}`,
    example:
      instead !== undefined
        ? `workload: ${instead}`
        : names[0] === undefined
          ? 'namespace: the one the workload runs in'
          : `workload: ${kind}/${names[0]}`
  }
}
