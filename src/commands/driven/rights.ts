import type { Fault } from '../../base/errors.ts'
import type { Ports } from '../../execute/release-run.ts'
import { missingRights, rightsFaults } from '../../kubernetes/rights.ts'
import type { Driven } from '../../observe/driven.ts'
import { needsOfDriven } from '../../preflight/driven-needs.ts'

/** Which rights are missing for putting another version in the place of what is wished for. */
export async function rightsFaultsIn(
  driven: Driven,
  { cluster }: Pick<Ports, 'cluster'>
): Promise<readonly Fault[]> {
  const { namespace, seen } = driven
  const needs = needsOfDriven(driven, { asked: seen, first: [], isOwn: false }, { smokeTests: [] })
  return rightsFaults(await missingRights(cluster, namespace, needs), namespace)
}
