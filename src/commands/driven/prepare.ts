import { ClusterError, refuse, type Fault } from '../../base/errors.ts'
import type { ObjectChange } from '../../domain/outcome.ts'
import type { LintFault, PatchWrite, Seen, Wish } from '../../engines/engine.ts'
import { canonical } from '../../kubernetes/canonical.ts'
import type { Cluster } from '../../kubernetes/cluster.ts'
import type { KubernetesObject } from '../../kubernetes/objects.ts'
import { isTree } from '../../kubernetes/tree.ts'
import { keyOf, refOf } from '../../kubernetes/ref.ts'
import { missingRights, rightsFaults } from '../../kubernetes/rights.ts'
import type { Driven } from '../../observe/driven.ts'
import { planDriven, type DrivenStep } from '../../plan/driven-step.ts'
import { wishFor, type Wished } from '../../plan/driven-wish.ts'
import { manifestFaults, tryManifest } from '../../preflight/dry-run.ts'
import { loadFaults, tryChecks } from '../../preflight/driven-checks.ts'
import { needsElsewhere, needsOfDriven } from '../../preflight/driven-needs.ts'
import { changeOf } from '../../preflight/preview.ts'
import { requireShape } from '../require-shape.ts'
import { candidateOf, tellOf, type Told } from './checks.ts'
import type { DrivenInvocation } from './invocation.ts'

/** A release of a driven workload that nothing is known to be wrong with. */
export interface PreparedDriven extends Wished, Told {
  readonly steps: readonly DrivenStep[]
  /** What becomes of each object, as the API server would keep it. */
  readonly changes: readonly ObjectChange[]
  /** What would be brought, as the API server would keep it. */
  readonly brought: Wish
  /** Everything that is wished for is there already. */
  readonly isUnchanged: boolean
}

/**
 * Everything that can be known of a release before anything is changed.
 * @param isOurs whether a release of ours is under way, which is undone before this one begins
 * @throws InputError with all that is wrong
 */
export async function prepareDriven(
  invocation: DrivenInvocation,
  driven: Driven,
  isOurs = false
): Promise<PreparedDriven> {
  const { inputs, manifests, ports, signal } = invocation
  const { cluster } = ports
  const { engine, seen } = driven
  await requireShape(manifests, driven.namespace, cluster)
  const wished = wishFor(driven, inputs, manifests)
  const steps = planDriven(inputs, wished.first)
  const candidate = await candidateOf(invocation, driven, wished)
  const [beside, tried, first, missing, elsewhere, checks] = await Promise.all([
    readBeside(wished, driven, cluster),
    tryWrites(engine.bring(seen, wished.wish), wished, driven, cluster),
    Promise.all(wished.first.map((manifest) => tryManifest(manifest, cluster))),
    missingRights(cluster, driven.namespace, needsOfDriven(driven, wished, inputs)),
    missingElsewhere(driven, wished, cluster),
    tryChecks(candidate, ports, signal)
  ])
  const linted = engine.lint(wished.asked.object, wished.wish, beside).map((fault) => placed(fault, wished))
  refuse([
    ...wished.faults,
    ...rightsFaults(missing, driven.namespace),
    ...elsewhere,
    ...(isOurs ? [] : obstacles(driven, wished, beside, inputs)),
    ...linted,
    ...checks.faults,
    ...loadFaults(driven, wished, inputs),
    ...manifestFaults(first, ({ right }) => missing.some((one) => canonical(one) === canonical(right))),
    // What the API server refuses is told in other words above, as far as that is known.
    ...(linted.length > 0 ? [] : tried.flatMap(({ fault }) => fault ?? []))
  ])
  const changes = tried.flatMap(({ change }) => change ?? [])
  const isUnchanged = changes.every(({ state }) => state === 'same')
  if (isUnchanged) refuse(abortedFaults(driven))
  const exposed = engine.exposure(wished.asked.object, inputs.smokeTests.length > 0)
  const told = await tellOf(candidate, [...exposed, ...checks.warnings], isUnchanged, invocation)
  const brought = engine.wish(keptOf(driven, tried))
  return { ...wished, ...told, steps, changes, isUnchanged, brought }
}

/** Why the controller would not take it now, or would move users past everything that is wanted before. */
const obstacles = (
  { engine, seen }: Driven,
  { faults, asked, wish }: Wished,
  beside: readonly KubernetesObject[],
  { smokeTests }: DrivenInvocation['inputs']
): readonly Fault[] => [
  ...(faults.length > 0 ? [] : engine.problem(asked, seen)),
  ...engine.shortcuts(asked, wish, beside, smokeTests.length > 0)
]

/** What is wished for and does not serve would not be tried again by wishing for it. */
const abortedFaults = ({ engine, namespace, workload, state }: Driven): readonly Fault[] =>
  state.at === 'failed' && state.wished !== state.stable
    ? [
        {
          input: 'workload',
          problem: `${engine.kind}/${workload} in namespace ${namespace} has this very version already, and does not let it serve: ${state.why}`,
          example: 'command: abort takes it back, and then it can be released again'
        }
      ]
    : []

/** The controller may ask programs in other namespaces. */
async function missingElsewhere(driven: Driven, wished: Wished, cluster: Cluster): Promise<readonly Fault[]> {
  const found = await Promise.all(
    needsElsewhere(driven, wished).map(async ({ namespace, needs }) =>
      rightsFaults(await missingRights(cluster, namespace, needs), namespace)
    )
  )
  return found.flat()
}

/** A fault of an object is one of its manifest, where it has one. */
function placed({ place, ...fault }: LintFault, { source, written }: Wished): Fault {
  const manifest =
    place && written.find(({ object }) => object.kind === place.kind && object.metadata.name === place.name)
  const where = place === undefined ? source : (manifest?.placeOf?.(place.path) ?? manifest?.source)
  return where === undefined ? fault : { ...fault, input: 'manifests', problem: `${where}: ${fault.problem}` }
}

/** What the wish refers to: of the manifests, else of the cluster. */
async function readBeside(
  { wish, asked, first }: Wished,
  { engine }: Driven,
  cluster: Cluster
): Promise<readonly KubernetesObject[]> {
  const found = await Promise.all(
    engine.refersTo(asked.object, wish).map(async (ref) => {
      const written = first.find(
        ({ object }) => object.kind === ref.kind && object.metadata.name === ref.name
      )
      return written?.object ?? cluster.get(ref)
    })
  )
  return found.filter((object) => object !== undefined)
}

/** The objects as they would be. */
export function keptOf({ seen: { object, target } }: Driven, tried: readonly Tried[]): Seen {
  const of = (one: KubernetesObject): KubernetesObject =>
    tried.find(({ kept }) => kept !== undefined && keyOf(kept) === keyOf(one))?.kept ?? one
  return { object: of(object), target: target && of(target) }
}

interface Tried {
  readonly kept?: KubernetesObject
  readonly change?: ObjectChange
  readonly fault?: Fault
}

/** Asks the API server what it would make of the writes. */
export async function tryWrites(
  writes: readonly PatchWrite[],
  { source }: Pick<Wished, 'source'>,
  { seen }: Driven,
  cluster: Cluster
): Promise<readonly Tried[]> {
  const live = [seen.object, ...(seen.target === undefined ? [] : [seen.target])]
  return Promise.all(
    writes.map(async ({ ref, patch }): Promise<Tried> => {
      const before = live.find((object) => canonical(refOf(object)) === canonical(ref))
      try {
        const kept = await cluster.patch(ref, patch, { dryRun: true, strict: source !== undefined })
        return { kept, change: changeOf(`${ref.kind} ${ref.name}`, before && shown(before), shown(kept)) }
      } catch (error) {
        if (!(error instanceof ClusterError) || error.status === 0 || error.status === 403) throw error
        const where = source === undefined ? '' : `${source}: `
        return {
          fault: {
            input: source === undefined ? 'workload' : 'manifests',
            problem: `${where}${error.message}`
          }
        }
      }
    })
  )
}

/** Only the spec: everything else stays as it is. */
function shown({ apiVersion, kind, metadata, ...rest }: KubernetesObject): KubernetesObject {
  const { spec } = rest as { readonly spec?: unknown }
  return { apiVersion, kind, metadata: { name: metadata.name }, ...(isTree(spec) ? { spec } : {}) }
}
