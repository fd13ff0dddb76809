import type { Release } from '../domain/record.ts'
import { wantedReplicas } from '../kubernetes/health.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import type { Observed } from '../observe/observed.ts'
import type { Demand, Wanted } from './demand.ts'
import { lateAmong } from './late.ts'
import type { Prepared } from './prepare.ts'
import { planRemoval } from './progressive.ts'
import { appliedAround, runJobs } from './release-jobs.ts'
import type { Step } from './step.ts'

type Installation = Pick<Prepared, 'canary' | 'live' | 'manifests' | 'jobs' | 'entrance'> &
  Record<'checks' | 'smokeTests', boolean> & { readonly bake: number }

/**
 * Nobody is served until the version has passed; then the Service is opened in one write. An autoscaler and routes come
 * after that, and what they bring counts in the bake.
 */
export function planFirst({
  canary,
  live,
  manifests,
  jobs,
  entrance,
  checks,
  smokeTests,
  bake
}: Installation): readonly Step[] {
  const late = lateAmong(manifests)
  const early = manifests.filter((manifest) => !late.includes(manifest))
  const apply = (manifest: Manifest): Step => ({ kind: 'apply', manifest })
  return [
    { kind: 'withhold' },
    ...appliedAround(early, jobs, 'installation'),
    { kind: 'start', deployment: canary, live },
    { kind: 'await-ready' },
    ...(smokeTests ? [{ kind: 'smoke', port: entrance.port } as const] : []),
    { kind: 'shift', split: { weight: 100 }, step: 0 },
    ...late.map(apply),
    ...(bake > 0 || checks ? [{ kind: 'watch', name: 'bake', duration: bake } as const] : []),
    { kind: 'finish' },
    ...runJobs(jobs, 'after')
  ]
}

/** The rest of one that was left when its version had passed its tests and had all users. */
export const planCompletion = (manifests: readonly Manifest[]): readonly Step[] => [
  ...lateAmong(manifests).map((manifest): Step => ({ kind: 'apply', manifest })),
  { kind: 'finish' }
]

/** What can wait once nobody is served: evidence, and the Deployment to 0. Nothing is deleted. */
export const planAfterWithdrawal = (release: Release, drain: number): readonly Step[] =>
  planRemoval(release, drain).map((step) => (step.kind === 'settle' ? { ...step, nobody: true } : step))

export function demandOfFirst({ canary }: Wanted, { slots }: Pick<Observed, 'slots'>): Demand {
  const live = slots.plain
  const [wanted, now] = [wantedReplicas(canary), live === undefined ? 0 : wantedReplicas(live)]
  const moment = { added: Math.max(0, wanted - now), replaced: Math.min(wanted, now) }
  return { deployment: canary, before: live?.spec.template.spec, moments: [moment] }
}
