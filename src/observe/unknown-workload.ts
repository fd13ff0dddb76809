import type { Fault } from '../base/errors.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import type { Deployment, Pod } from '../kubernetes/objects.ts'
import { DEPLOYMENT } from '../kubernetes/workload.ts'
import { findDriver, type Driver } from './drivers.ts'
import type { Observed } from './observed.ts'

/** A fault that names what is there instead, since most often the name or the namespace is wrong. */
export async function unknownWorkload(
  { namespace, workload }: Pick<Observed, 'namespace' | 'workload'>,
  cluster: Cluster
): Promise<Fault> {
  const driver = await findDriver({ namespace, workload }, cluster)
  if (driver !== undefined) return drivenFault(driver, namespace)
  const pods = await cluster.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace })
  const owners = pods.flatMap(({ metadata }) => metadata.ownerReferences ?? [])
  const kind = owners.find((owner) => owner.kind !== 'ReplicaSet' && owner.name === workload)?.kind
  if (kind !== undefined) {
    return {
      input: 'workload',
      problem: `${workload} in namespace ${namespace} is a ${kind}; only Deployments can run in two versions side by side`,
      example: 'workload: deployment/web'
    }
  }
  const deployments = await cluster.list<Deployment>({ ...DEPLOYMENT, namespace })
  const names = deployments.map(({ metadata }) => metadata.name)
  return {
    input: 'workload',
    problem:
      `deployment/${workload} (or ${workload}-blue, ${workload}-green) does not exist in namespace ${namespace}; ` +
      (names.length === 0
        ? 'there is no Deployment at all; Greenlight brings new versions of what runs, the first one is applied by kubectl'
        : `there are ${names.slice(0, 10).join(', ')}`),
    example: names[0] === undefined ? 'namespace: the one the workload runs in' : `workload: ${names[0]}`
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
