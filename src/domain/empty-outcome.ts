import type { Outcome } from './outcome.ts'

/** Nothing has been looked at yet: what is known when the inputs themselves are at fault. */
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
