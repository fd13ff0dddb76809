import { sh } from '../base/shell.ts'
import { isUnfinished } from '../domain/record.ts'
import type { Ending } from '../execute/execute-or-restore.ts'
import type { ReleaseRun } from '../execute/release-run.ts'
import { trafficsOf } from '../execute/route-writers.ts'

/** What a person may want to know and do after a first installation: should it have failed, what stays of it. */
export function afterFirst(run: ReleaseRun, { result, failedCheck }: Ending): readonly string[] {
  const { namespace, progress } = run
  const { canary, deployment, release } = progress
  if (result === 'promoted')
    return ['There is no earlier version to roll back to. The next release starts beside this one.']
  // Before the first write nothing of it is there, and what could not be put back is told by hand.
  if (!progress.recorded || release.weight !== 0) return []
  const read = `Read the ${failedCheck === undefined ? 'reason above' : 'failing check'} and the log below`
  const start = sh`kubectl -n ${namespace} scale deployment/${canary.deployment} --replicas=1`
  const byHand = `, or start one pod of it by hand, which gets no traffic: ${start}`
  return [
    `Nobody is served: ${titles(run)} ${trafficsOf(run).length === 1 ? 'has' : 'have'} no endpoints. Nothing was deleted: ${staying(run)}.`,
    deployment === undefined ? `${read}.` : `${read}${byHand}`,
    'Fix it and push again: the next run installs it over what stays.'
  ]
}

const titles = (run: ReleaseRun): string =>
  trafficsOf(run)
    .map(({ title }) => title)
    .join(', ')

/** Routes that lead to a Service without endpoints answer with an error, as without them. */
function staying(run: ReleaseRun): string {
  const { applied, canary, deployment, release } = run.progress
  const services = trafficsOf(run).map(({ title }) => title)
  const others = [...applied].filter((title) => !services.includes(title))
  const size = isUnfinished(release) ? ' (it is scaled to 0 by the next run)' : ' (scaled to 0)'
  const own = deployment === undefined ? [] : [`deployment/${canary.deployment}${size}`]
  const all = [...services, ...own, ...others]
  return `${all.join(', ')} ${all.length === 1 ? 'stays' : 'stay'}`
}
