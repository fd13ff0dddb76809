import { InputError } from '../base/errors.ts'
import type { Release } from '../domain/record.ts'
import type { Ports } from '../execute/release-run.ts'
import { distinct } from '../kubernetes/needs.ts'
import { rightsFaults, missingRights, type Right } from '../kubernetes/rights.ts'
import type { Observed } from '../observe/observed.ts'
import { readRemaining } from '../observe/routes.ts'
import { needsOf, wayOut } from './needs.ts'

/** @throws InputError that names everything that is lacking */
export async function requireRights(
  { namespace }: Pick<Observed, 'namespace'>,
  needs: readonly Right[],
  { cluster }: Ports
): Promise<void> {
  const missing = await missingRights(cluster, namespace, distinct(needs))
  if (missing.length > 0) throw new InputError(rightsFaults(missing, namespace))
}

/** What it takes to end a release that waits, or whose run has died. */
export async function needsToEnd(
  { namespace }: Pick<Observed, 'namespace'>,
  release: Release,
  { cluster }: Ports
): Promise<readonly Right[]> {
  const { found } = await readRemaining(release.routes ?? [], namespace, cluster)
  return needsOf({ steps: wayOut(release), routes: found.map(({ route }) => route) })
}
