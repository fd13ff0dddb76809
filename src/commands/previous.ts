import { InputError } from '../base/errors.ts'
import type { InPlace } from '../domain/record.ts'
import type { SlotName } from '../domain/slots.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import { readReplicaSet } from '../observe/observe.ts'
import type { Observed } from '../observe/observed.ts'
import type { Previous } from '../plan/rollback.ts'
import { chooseVersion } from '../plan/choose-version.ts'
import type { Known } from '../plan/versions.ts'
import { readVersions } from './read-versions.ts'

/**
 * The version to go back to: the one before, or the one that `to` names.
 * @throws InputError that says why there is nothing to go back to
 */
export async function findPrevious(
  observed: Observed,
  to: string | undefined,
  cluster: Cluster
): Promise<Previous> {
  if (observed.first === true)
    throw nothing(
      `no version of ${observed.workload} serves in namespace ${observed.namespace}, because its first installation has not come to its end`
    )
  if (to === undefined) return versionBefore(observed, cluster)
  const known = await findVersion(observed, to, cluster)
  if (known.version.serves) throw serving(known, observed)
  return previousOf(known, observed)
}

/** @throws InputError when it is not clear which version is meant, or there is nothing left of it */
export async function findVersion(
  observed: Observed,
  to: string,
  cluster: Cluster
): Promise<Required<Known>> {
  const { workload, namespace, stable } = observed
  const own = stable.deployment.metadata.name
  const title = `deployment/${workload}`
  const keeper = (deployment = own): string => `deployment/${deployment}`
  const found = chooseVersion(to, await readVersions(observed, cluster), { title, namespace, keeper })
  if ('problem' in found) throw new InputError([found])
  // In a slot of its own it has pods, or had: nothing has to be copied.
  return found.find(({ template }) => template.live !== stable.deployment) ?? found[0]
}

const serving = ({ version }: Known, { stable }: Observed): InputError =>
  new InputError([
    {
      input: 'to',
      problem: `${version.release ?? version.images.join(', ')} serves already: deployment/${stable.deployment.metadata.name} (${version.images.join(', ')}) has all the traffic`,
      example: 'command: status lists what there is to go back to'
    }
  ])

function previousOf({ version, template }: Required<Known>, observed: Observed): Previous {
  const { stable } = observed
  const { slot, live, hash, replicaSet } = template
  const ownPlaceServes = live.metadata.name === stable.deployment.metadata.name
  return {
    version: { slot, deployment: live.metadata.name, images: version.images, hash, replicas: 0 },
    live,
    replicaSet,
    inPlace: ownPlaceServes ? strategyOfStable(observed) : undefined
  }
}

/**
 * The strategy by which the version that serves was released in place, which is also how to go back from it. A later
 * release that failed has put its own strategy into the record, but not into the record's previous version.
 */
function strategyOfStable({ record, stable }: Observed): InPlace | undefined {
  if (record?.previous === undefined) return record?.strategy
  const { deployment, strategy } = record.previous
  return deployment === stable.deployment.metadata.name ? strategy : undefined
}

/** The version that served before the last release. */
async function versionBefore(observed: Observed, cluster: Cluster): Promise<Previous> {
  const { record, namespace, slots, service, stable } = observed
  const version = record?.previous
  if (version === undefined) {
    const last = record?.history[0]
    throw nothing(
      `service/${service.metadata.name} in namespace ${namespace} has no previous version on record` +
        (last === undefined
          ? ': Greenlight has not released it yet'
          : ` (the last thing that happened: ${last.command ?? 'release'} ${last.release} of ${last.images.join(', ')}); command: status lists what \`to\` can name`)
    )
  }
  if (version.deployment === stable.deployment.metadata.name && version.hash === stable.hash) {
    throw nothing(
      `deployment/${version.deployment} (${version.images.join(', ')}) has all the traffic already`
    )
  }
  const live = slots[version.slot as SlotName]
  const replicaSet = live === undefined ? undefined : await readReplicaSet(namespace, version, cluster)
  if (live === undefined || replicaSet === undefined) {
    throw nothing(
      `the previous version (${version.images.join(', ')}) ran as replicaset/${version.deployment}-${version.hash} in namespace ${namespace}, which is gone`
    )
  }
  const ownPlaceServes = version.deployment === stable.deployment.metadata.name
  return { version, live, replicaSet, inPlace: ownPlaceServes ? (version.strategy ?? 'rolling') : undefined }
}

const nothing = (problem: string): InputError =>
  new InputError([
    {
      input: 'command',
      problem: `nothing to roll back to: ${problem}`,
      example: 'command: deploy with the image that should serve'
    }
  ])
