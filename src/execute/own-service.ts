import { ReleaseFailed } from '../base/errors.ts'
import type { Service } from '../kubernetes/objects.ts'
import { sameLabels } from '../kubernetes/selectors.ts'
import type { ReleaseRun } from './release-run.ts'
import { backendsIn } from './route-writers.ts'

/**
 * Rejects when somebody deletes the Service through which routes send users to the canary, or points it elsewhere: these
 * users would get errors, and no pod would show it. Ends with the signal; never settles where there is no such Service.
 */
export async function untilOwnServiceChanges(run: ReleaseRun, signal: AbortSignal): Promise<never> {
  const { namespace, ports } = run
  const name = backendsIn(run).canary
  const { promise, reject } = Promise.withResolvers<never>()
  let known: Service | undefined
  const onChange = ([live]: readonly Service[]): void => {
    const what = known === undefined ? undefined : changeOf(known, live)
    if (what !== undefined)
      reject(
        new ReleaseFailed(
          `somebody has ${what} service/${name} in namespace ${namespace}, by which the new version gets its share`
        )
      )
    known ??= live
  }
  const query = { apiVersion: 'v1', kind: 'Service', namespace, fields: `metadata.name=${name}` }
  ports.cluster.watch<Service>(query, onChange, signal).catch(reject)
  return promise
}

function changeOf(known: Service, live: Service | undefined): string | undefined {
  if (live === undefined) return 'deleted'
  const isSame = sameLabels(live.spec.selector, known.spec.selector) && live.spec.type === known.spec.type
  return isSame ? undefined : 'changed'
}
