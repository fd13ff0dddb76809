import { InputError, type Fault } from '../base/errors.ts'
import { nearest } from '../inputs/nearest.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import type { Deployment, Pod } from '../kubernetes/objects.ts'
import { DEPLOYMENT } from '../kubernetes/workload.ts'
import { findDriver, type Driver } from './drivers.ts'
import { NotInstalled, type Vacant } from './first.ts'

/**
 * Says what is there instead, since most often the name or the namespace is wrong.
 * @returns NotInstalled unless something else has the name
 */
export async function unknownWorkload(vacant: Vacant, cluster: Cluster): Promise<InputError> {
  const { namespace, workload } = vacant
  const driver = await findDriver({ namespace, workload }, cluster)
  if (driver !== undefined) return new InputError([drivenFault(driver, namespace)])
  const pods = await cluster.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace })
  const owners = pods.flatMap(({ metadata }) => metadata.ownerReferences ?? [])
  const kind = owners.find((owner) => owner.kind !== 'ReplicaSet' && owner.name === workload)?.kind
  if (kind !== undefined) return new InputError([ofKind(kind, vacant)])
  const deployments = await cluster.list<Deployment>({ ...DEPLOYMENT, namespace })
  const names = deployments.map(({ metadata }) => metadata.name)
  return new NotInstalled(absent(vacant, names), vacant)
}

const ofKind = (kind: string, { workload, namespace }: Vacant): Fault => ({
  input: 'workload',
  problem: `${workload} in namespace ${namespace} is a ${kind}; only Deployments can run in two versions side by side`,
  example: 'workload: deployment/web'
})

function absent({ workload, namespace }: Vacant, names: readonly string[]): Fault {
  const meant = nearest(workload, names)
  return {
    input: 'workload',
    problem:
      `deployment/${workload} (or ${workload}-blue, ${workload}-green) does not exist in namespace ${namespace}` +
      (names.length === 0
        ? '; there is no Deployment at all. Is it the right namespace? To install the workload there, deploy it with manifests that hold its Deployment and its Service'
        : `; ${meant === undefined ? 'there' : `did you mean ${meant}? There`} are ${names.slice(0, 10).join(', ')}`),
    example:
      names[0] === undefined ? 'namespace: the one the workload runs in' : `workload: ${meant ?? names[0]}`
  }
}

function drivenFault({ engine: { kind, title, object: of }, object }: Driver, namespace: string): Fault {
  const { name } = object.metadata
  return {
    input: 'workload',
    problem: `deployment/${name} does not exist in namespace ${namespace}, but ${of.kind} ${name} does: ${title} releases it`,
    example: `workload: ${kind}/${name}`
  }
}
