import type { Fault } from '../base/errors.ts'
import { wantedReplicas } from '../kubernetes/health.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import type { Deployment, KubernetesObject } from '../kubernetes/objects.ts'
import { rolloutOf } from '../kubernetes/rollout.ts'
import type { Observed } from '../observe/observed.ts'
import type { Prepared } from './prepare.ts'
import { surgeOf } from './sizing.ts'

export interface Claim extends KubernetesObject {
  readonly spec?: { readonly accessModes?: readonly string[] }
}

/** Resources that the two versions cannot, or should not, use at the same time. */
export interface Clashes {
  readonly faults: readonly Fault[]
  readonly warnings: readonly string[]
}

type Wanted = Pick<Prepared, 'canary' | 'release' | 'manifests' | 'after'>
type Serving = Pick<Observed, 'stable'>

/** Names of the claims that both versions mount; none where they never run at the same time. */
export function sharedClaims({ canary, release }: Wanted, { stable }: Serving): readonly string[] {
  if (release.strategy === 'recreate' || wantedReplicas(stable.deployment) === 0) return []
  const before = claimsOf(stable.deployment)
  return [...new Set(claimsOf(canary))].filter((name) => before.includes(name))
}

/** Claims in the manifests, for those that cannot be read in the cluster. */
export const claimsIn = (manifests: readonly Manifest[]): readonly Claim[] =>
  manifests.map(({ object }) => object).filter(({ kind }) => kind === 'PersistentVolumeClaim')

interface Mounting {
  readonly volumes?: readonly { readonly persistentVolumeClaim?: { readonly claimName?: string } }[]
}

const claimsOf = ({ spec }: Deployment): readonly string[] =>
  ((spec.template.spec as Mounting).volumes ?? []).flatMap(
    ({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? []
  )

/**
 * Warns of resources that are made for one version but used by both, at the same time or while pods are replaced: a
 * volume for one node or one pod, a port of the node, and whatever the author had in mind with `Recreate`.
 * @param claims those that are known
 */
export function clashesOf(wanted: Wanted, serving: Serving, claims: readonly Claim[]): Clashes {
  const { canary, release } = wanted
  if (release.strategy === 'recreate' || wantedReplicas(serving.stable.deployment) === 0)
    return { faults: [], warnings: [] }
  const found = sharedClaims(wanted, serving).map((name) => judge(name, wanted, serving, claims))
  const faults = found.flatMap(({ fault }) => fault ?? [])
  const warnings = found.flatMap(({ warning }) => warning ?? [])
  const name = `deployment/${canary.metadata.name}`
  const recreates =
    isRecreated(wanted, serving) && faults.length === 0
      ? [
          `${name} has strategy.type: Recreate, so somebody did not want two versions at the same time, and ${wayOf(release)} runs both; strategy: recreate does not`
        ]
      : []
  return { faults, warnings: [...recreates, ...warnings] }
}

/** The Deployment's own update strategy, which a release in place may have overridden for a while. */
const isRecreated = ({ canary, after }: Wanted, { stable }: Serving): boolean =>
  (after ?? rolloutOf(canary).strategy ?? rolloutOf(stable.deployment).strategy)?.type === 'Recreate'

const wayOf = ({ strategy, steps }: Prepared['release']): string =>
  `strategy: ${strategy ?? (steps === undefined ? 'blue-green' : 'canary')}`

const FOR_ONE_POD = 'ReadWriteOncePod'
const FOR_MANY = ['ReadWriteMany', 'ReadOnlyMany']

function judge(
  name: string,
  wanted: Wanted,
  serving: Serving,
  claims: readonly Claim[]
): { readonly fault?: Fault; readonly warning?: string } {
  const { canary, release } = wanted
  const modes = claims.find(({ metadata }) => metadata.name === name)?.spec?.accessModes
  const claim = `persistentvolumeclaim/${name}`
  const mounts = `deployment/${canary.metadata.name} mounts ${claim} (${modes?.join(', ') ?? 'its accessModes cannot be read, which takes get on persistentvolumeclaims'})`
  const asFault = (why: string): { readonly fault: Fault } => ({
    fault: { input: 'strategy', problem: `${mounts}${why}`, example: 'strategy: recreate' }
  })
  if (modes?.some((mode) => FOR_MANY.includes(mode))) return {}
  if (modes?.includes(FOR_ONE_POD))
    return release.strategy === 'rolling' && surgeOf(canary) === 0
      ? {}
      : asFault(
          `, which one pod can have at a time: with ${wayOf(release)} no new pod could start while the old one runs`
        )
  if (isRecreated(wanted, serving))
    return asFault(
      ` and has strategy.type: Recreate: with ${wayOf(release)} both versions would run at the same time, and write to one volume or wait for it on another node`
    )
  if (release.strategy === 'rolling') return {}
  // Several pods most often have it from several nodes.
  if (modes === undefined && wantedReplicas(serving.stable.deployment) > 1) return {}
  const unless = modes === undefined ? ' unless it is for many nodes' : ''
  return {
    warning: `${mounts}: with ${wayOf(release)} both versions have it at the same time, and pods on another node wait for it until the release is undone${unless}; strategy: recreate does without both`
  }
}
