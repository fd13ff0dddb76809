import { formatDuration } from '../../base/duration.ts'
import { ClusterError, messageOf, ReleaseFailed } from '../../base/errors.ts'
import type { JobRun } from '../../domain/outcome.ts'
import { endOf, JOB, jobTitle, type Job } from '../../kubernetes/job.ts'
import type { Pod } from '../../kubernetes/objects.ts'
import { refOf } from '../../kubernetes/ref.ts'
import { isConflict } from '../../kubernetes/refusals.ts'
import { besideJob, isOfRelease, isSameJob } from '../../plan/release-job.ts'
import type { Step } from '../../plan/step.ts'
import { awaitJob, type JobEnd } from '../await-job.ts'
import type { ReleaseRun } from '../release-run.ts'
import { exitIn, listenTo } from './words.ts'

/**
 * Runs a Job of the release to its end. One that is there already, as after an answer that was lost, is waited for.
 *
 * A Job that runs is never stopped: half of a migration may be worse than none. Whoever releases next waits for it.
 * @throws ReleaseFailed when it fails, cannot begin, or has not ended in time
 */
export async function runJob(
  run: ReleaseRun,
  { job, moment }: Extract<Step, { kind: 'run-job' }>,
  signal: AbortSignal
): Promise<string> {
  const { clock, log } = run.ports
  const { timeout } = run.settings
  await awaitEarlier(run, job, signal)
  await run.lock.assure()
  const live = await bring(run, job)
  const startedAt = clock.now()
  const note = (state: JobRun['state']): void => {
    const { name } = live.metadata
    const others = (run.journal.jobs ?? []).filter((one) => one.name !== name)
    run.journal.jobs = [...others, { name, moment, state, milliseconds: clock.now() - startedAt }]
  }
  note('running')
  const words = listenTo(live, run)
  let pods: readonly Pod[] = []
  const tellPods = (found: readonly Pod[]): void => {
    if (found.length > 0) pods = found
    words.tellPods(found)
  }
  const end = await awaitJob(live, { timeout, tellPods }, run.ports, signal)
  const evidence = await words.collect()
  if (end.state === 'complete') {
    note('complete')
    for (const { log: lines } of evidence.slice(0, 1)) log.quote(lines.join('\n'))
    return 'it is complete'
  }
  note(end.state === 'late' ? 'running' : 'failed')
  run.journal.evidence.push(...evidence)
  if (end.state === 'doomed') await endUnbegun(run, live)
  throw new ReleaseFailed(describeEnd(live, end, timeout, pods))
}

/** Two migrations at once could harm each other, whatever they are called. What an earlier run has left running has to end first. */
async function awaitEarlier(run: ReleaseRun, job: Job, signal: AbortSignal): Promise<void> {
  const { cluster, log } = run.ports
  const { timeout } = run.settings
  const labels = besideJob(job)
  const found = await cluster.list<Job>({ ...JOB, namespace: run.namespace, labels })
  const isEarlier = (one: Job): boolean =>
    isOfRelease(one) && one.metadata.name !== job.metadata.name && endOf(one) === undefined
  for (const earlier of found.filter(isEarlier)) {
    log.line(`${jobTitle(earlier)} of an earlier run has not ended yet: waiting for it`)
    const end = await awaitJob(earlier, { timeout }, run.ports, signal)
    if (end.state === 'doomed' && !(await endUnbegun(run, earlier)))
      throw new ReleaseFailed(
        `${jobTitle(earlier)} of an earlier run could still begin, and ${jobTitle(job)} must not run beside it: delete it by hand`
      )
    if (end.state === 'late')
      throw new ReleaseFailed(
        `${jobTitle(earlier)} of an earlier run still runs after ${formatDuration(timeout)} (${end.summary}), and ${jobTitle(job)} must not run beside it`
      )
  }
}

async function bring({ ports: { cluster } }: ReleaseRun, job: Job): Promise<Job> {
  try {
    return await cluster.create(job, { strict: true })
  } catch (error) {
    const live = isConflict(error) ? await cluster.get<Job>(refOf(job)) : undefined
    if (live === undefined) throw error
    if (isSameJob(live, job)) return live
    const where = `in namespace ${job.metadata.namespace ?? ''}`
    throw new ReleaseFailed(
      `${jobTitle(job)} ${where} exists already and does something else: another step of this run has a Job of the same name. Give one of them another name`
    )
  }
}

/**
 * Ends a Job of which nothing has begun: should its image or a node come later, it would run when nobody expects it any more. Its controller
 * does that for a deadline that is over, and removes it in time.
 */
async function endUnbegun({ ports, journal }: ReleaseRun, job: Job): Promise<boolean> {
  try {
    await ports.cluster.patch(refOf(job), [{ op: 'add', path: '/spec/activeDeadlineSeconds', value: 1 }])
    return true
  } catch (error) {
    journal.warnings.push(`${jobTitle(job)} cannot begin and could not be ended: ${messageOf(error)}`)
    return error instanceof ClusterError && error.status === 404
  }
}

function describeEnd(
  job: Job,
  end: Exclude<JobEnd, { state: 'complete' }>,
  timeout: number,
  pods: readonly Pod[]
): string {
  const title = jobTitle(job)
  switch (end.state) {
    case 'failed':
      return [`${title} failed: ${end.why}`, exitIn(pods) ?? []].flat().join('; ')
    case 'doomed':
      return `${title} cannot run: ${end.trouble.reason}: ${end.trouble.message}`
    case 'late':
      return `${title} had not ended after ${formatDuration(timeout)}: ${end.summary}`
    case 'gone':
      return `${title} was deleted by somebody while it ran`
  }
}
