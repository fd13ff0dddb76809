import type { Fault, Findings } from '../base/errors.ts'
import { SLOT_LABEL } from '../domain/slots.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import { hasTemplateOf, isEnding, isOwnedBy, isReady } from '../kubernetes/health.ts'
import type { Pod, Service } from '../kubernetes/objects.ts'
import { printSelector, withoutKeys } from '../kubernetes/selectors.ts'
import { HASH_LABEL } from '../kubernetes/workload.ts'
import type { Observed } from '../observe/observed.ts'
import { planLeave, type PreparedLeave } from '../plan/leave.ts'
import { editsOf } from './edits.ts'
import { gitOpsFindings } from './gitops.ts'

/** What others would make of it that the plain Deployment serves again. */
export async function leavingFindings(
  prepared: PreparedLeave,
  observed: Observed,
  cluster: Cluster
): Promise<Findings> {
  const { canary, live, release } = prepared
  const steps = planLeave(prepared, { learn: 1, drain: 0 })
  // Who has what serves in Git already, would change nothing by putting that back.
  const edits = editsOf(steps, { release, routes: [], steps: [] }, observed).filter(
    ({ object, field }) => object !== live || field !== '/spec/template' || !hasTemplateOf(live, canary)
  )
  const [owners, ...strangers] = await Promise.all([
    gitOpsFindings(edits, cluster),
    ...[observed.service, ...observed.companions].map((service) => strangerFaults(service, observed, cluster))
  ])
  return { faults: [...owners.faults, ...strangers.flat()], warnings: owners.warnings }
}

/** Since the first release pods may have come up that the Service would select without the label of a slot. */
async function strangerFaults(
  { metadata, spec }: Service,
  { slots, workload }: Observed,
  cluster: Cluster
): Promise<readonly Fault[]> {
  const { name, namespace } = metadata
  const labels = printSelector(withoutKeys(spec.selector ?? {}, SLOT_LABEL, HASH_LABEL))
  const pods = await cluster.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace, labels })
  const stranger = pods
    .filter((pod) => isReady(pod) && !isEnding(pod))
    .find((pod) => !Object.values(slots).some((deployment) => isOwnedBy(deployment, pod)))
  if (stranger === undefined) return []
  return [
    {
      input: 'workload',
      problem: `service/${name} would select ${labels}, and with it pod ${stranger.metadata.name}, which is no version of ${workload}`,
      example: 'other labels on those pods, or scale what they belong to down'
    }
  ]
}
