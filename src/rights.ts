import { InputError } from './errors.ts'
import type { Fault } from './errors.ts'
import type { Ports } from './execution/run-state.ts'
import type { Inputs } from './inputs.ts'
import { configNeeds, releaseNeeds, smokeNeeds } from './kubernetes/needs.ts'
import { describeMissing, missingRights } from './kubernetes/rights.ts'
import type { Right } from './kubernetes/rights.ts'
import type { Manifest } from './kubernetes/manifests.ts'
import type { Observed } from './observed.ts'

type Wanted = Pick<Inputs, 'smokeTests'>

/** What the credentials lack for a release on these routes, with config that these manifests bring. */
export async function rightsFaults(
  { namespace, routes }: Observed,
  { smokeTests }: Wanted,
  { cluster }: Ports,
  manifests: readonly Manifest[] = []
): Promise<Fault[]> {
  const kinds = manifests
    .filter(({ object }) => object.metadata.namespace === namespace)
    .map(({ object }) => object.kind)
  const needs: readonly Right[] = [
    ...releaseNeeds,
    ...(smokeTests.length > 0 ? smokeNeeds : []),
    ...configNeeds(new Set(kinds)),
    ...routes.flatMap(({ route }) => route.needs)
  ]
  const missing = await missingRights(cluster, namespace, needs)
  const problems = new Set(missing.map((need) => describeMissing(need, namespace)))
  return [...problems].map((problem) => ({ input: 'kubeconfig', problem }))
}

/** @throws InputError that names everything that is lacking */
export async function requireRights(observed: Observed, wanted: Wanted, ports: Ports): Promise<void> {
  const faults = await rightsFaults(observed, wanted, ports)
  if (faults.length > 0) throw new InputError(faults)
}
