import { eventTroubles, isEnding, overdue, podTroubles, statusesOf, type Circumstances } from './health.ts'
import { endOf, type Job } from './job.ts'
import type { Pod } from './objects.ts'
import { CRASH } from './patience.ts'
import { creationTrouble, type Trouble } from './trouble.ts'

/** What is known of a Job that should run to its end. */
export type JobHealth =
  | { readonly state: 'complete' }
  | { readonly state: 'failed'; readonly why: string }
  /** None of its pods can begin, and nothing of it runs. */
  | { readonly state: 'doomed'; readonly trouble: Trouble }
  | { readonly state: 'running'; readonly summary: string }

/**
 * Judges a Job and its pods. How often a pod may crash, and for how long it may run, is for the Job to say (`backoffLimit`,
 * `activeDeadlineSeconds`); what keeps a pod from beginning is no end for its controller, which would wait for ever.
 */
export function jobHealth(
  job: Job,
  pods: readonly Pod[],
  { lasting, events = [] }: Pick<Circumstances, 'lasting' | 'events'>
): JobHealth {
  const end = endOf(job)
  if (end !== undefined) return end.failed ? { state: 'failed', why: end.why } : { state: 'complete' }
  const live = pods.filter((pod) => !isEnding(pod))
  const troubles = [
    ...(live.length === 0 ? creationTrouble(job.metadata.name, events) : []),
    ...live.flatMap((pod) => [...podTroubles(pod), ...eventTroubles(pod, events)])
  ].filter(({ reason }) => !CRASH.includes(reason))
  const trouble = overdue(troubles, lasting)
  if (trouble !== undefined && !live.some(runs)) return { state: 'doomed', trouble }
  return { state: 'running', summary: summaryOf(job, live, troubles) }
}

const runs = (pod: Pod): boolean => statusesOf(pod).some(({ state }) => state?.running !== undefined)

/** One line for a person who waits. */
function summaryOf({ spec, status }: Job, live: readonly Pod[], troubles: readonly Trouble[]): string {
  const [trouble] = troubles
  const failed = status?.failed ?? 0
  const tries = failed === 0 ? '' : `, ${failed} failed before`
  if (trouble !== undefined) return `${trouble.reason}: ${trouble.message}${tries}`
  if (spec.suspend === true) return 'it is suspended'
  const [pod] = live
  if (pod === undefined) return `it has no pod${tries}`
  return `pod ${pod.metadata.name} ${live.some(runs) ? 'runs' : 'is being made'}${tries}`
}
