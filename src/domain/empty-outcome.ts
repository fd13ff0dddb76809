import type { Outcome } from './outcome.ts'

/** The outcome before the cluster has been read: what is known when the inputs themselves are wrong. */
export const emptyOutcome = (
  command: Outcome['command'],
  { release, run, startedAt }: Pick<Outcome, 'release' | 'startedAt'> & { readonly run?: string },
  finishedAt: number
): Outcome => ({
  command,
  result: 'failed',
  reason: '',
  release,
  ...(run === undefined ? {} : { runUrl: run }),
  namespace: '',
  workload: '',
  route: '',
  weight: 0,
  shareOf: 'requests',
  shifts: [],
  startedAt,
  finishedAt,
  timeline: [],
  smokeTests: [],
  measurements: [],
  evidence: [],
  foreignWrites: [],
  warnings: [],
  next: []
})
