import { sh } from '../base/shell.ts'
import type { HistoryEntry } from '../domain/history.ts'
import type { Outcome, Version } from '../domain/outcome.ts'
import type { Ending } from '../execute/execute-or-restore.ts'
import type { ReleaseRun } from '../execute/release-run.ts'
import { printJobName } from '../inputs/job-name.ts'

type Told = Pick<ReleaseRun, 'initial' | 'journal' | 'namespace'>

/** The first Job that was to run after the version, and has not come to its end although the version serves. */
export function unfinishedJob(
  { initial, journal: { jobs = [] } }: Told,
  { result }: Pick<Ending, 'result'>
): Pick<Outcome, 'failedJob'> {
  if (result !== 'promoted') return {}
  const after = jobs.filter(({ moment }) => moment === 'after')
  const unfinished = after.find(({ state }) => state !== 'complete')?.name
  const failedJob = unfinished ?? initial.jobs?.after[after.length]
  return failedJob === undefined ? {} : { failedJob }
}

/** What is to be done about Jobs: those that still run, those that were not run, and what those have done that were. */
export function jobsToDo(run: Told, ending: Pick<Ending, 'result'>): readonly string[] {
  const { jobs = [] } = run.journal
  return [
    ...jobs.filter(({ state }) => state === 'running').map(({ name }) => goesOn(name, run.namespace)),
    ...notRun(run, ending),
    ...notUndone(run, ending)
  ]
}

const goesOn = (name: string, namespace: string): string =>
  `job/${name} is left running, as half of what it does may be worse than none; the Jobs of the next release wait for it. To look at it: ${sh`kubectl -n ${namespace} logs job/${name} --follow`}, to end it: ${sh`kubectl -n ${namespace} delete job/${name}`}`

function notRun(
  { initial, journal: { jobs = [] } }: Told,
  { result }: Pick<Ending, 'result'>
): readonly string[] {
  if (result !== 'promoted') return []
  const left = (initial.jobs?.after ?? []).slice(jobs.filter(({ moment }) => moment === 'after').length)
  if (left.length === 0) return []
  return [
    `Not run, although the version serves: ${left.map(printJobName).join(', ')}. Run by hand what it was to do, or release the next version.`
  ]
}

/** The way back is that of the version alone. */
function notUndone(run: Told, { result }: Pick<Ending, 'result'>): readonly string[] {
  const done = doneBefore(run)
  if (done.length === 0 || (result !== 'rolled-back' && result !== 'aborted')) return []
  const names = done.map(printJobName).join(', ')
  return [
    `${names} had run before and is not undone: the version that serves meets what it has made of the database.`
  ]
}

/** A release that somebody goes on with, or takes back, while it waits has run them all. */
function doneBefore({ initial, journal: { jobs = [] } }: Told): readonly string[] {
  if (initial.phase === 'waiting') return initial.jobs?.before ?? []
  return jobs
    .filter(({ moment, state }) => moment === 'before' && state === 'complete')
    .map(({ name }) => name)
}

/**
 * What a rollback does not undo: Jobs of the releases since the version that it brings back.
 * @param history newest first
 */
export function jobsSince(
  history: readonly HistoryEntry[],
  { deployment, hash }: Version
): string | undefined {
  const at = history.findIndex(
    ({ served, version }) => served === true && version?.deployment === deployment && version.hash === hash
  )
  const since = at < 0 ? history : history.slice(0, at)
  const told = since.flatMap(({ release, jobs = [] }) =>
    jobs.length === 0 ? [] : [`${jobs.map(printJobName).join(', ')} of release ${release}`]
  )
  if (told.length === 0) return undefined
  return `a rollback runs no Jobs and undoes none: what ${told.join(' and ')} has made of the database stays, and the old version has to get on with it`
}
