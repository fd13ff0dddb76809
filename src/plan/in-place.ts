import type { Fault } from '../base/errors.ts'
import { sh } from '../base/shell.ts'
import { isUnfinished, type Release } from '../domain/record.ts'
import type { Inputs } from '../inputs/inputs.ts'
import { printRoute } from '../inputs/route.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import type { Deployment } from '../kubernetes/objects.ts'
import type { Entrance } from '../kubernetes/ports.ts'
import { type RolloutStrategy, rolloutOf } from '../kubernetes/rollout.ts'
import { printSelector, selects, templateLabels, type Labels } from '../kubernetes/selectors.ts'
import type { Observed } from '../observe/observed.ts'
import { appliedAround, runJobs, type ReleaseJobs } from './release-jobs.ts'
import type { Step } from './step.ts'

export interface Replacement {
  /** The Deployment that serves, with the new template. */
  readonly canary: Deployment
  readonly manifests: readonly Manifest[]
  readonly jobs?: ReleaseJobs | undefined
  readonly smokeTests: boolean
  readonly entrance?: Pick<Entrance, 'port'>
  readonly checks: boolean
  /** Milliseconds. */
  readonly bake: number
  /** The Deployment's own strategy, where the pods are replaced by another one. */
  readonly after?: RolloutStrategy | undefined
}

/**
 * Users reach the new pods as soon as these are ready, so all tests run under users. The selector stays; the
 * Deployment's controller decides which pods are behind the Service.
 */
export const planInPlace = ({
  canary,
  manifests,
  jobs,
  smokeTests,
  entrance,
  checks,
  bake,
  after
}: Replacement): readonly Step[] => [
  { kind: 'begin' },
  ...appliedAround(manifests, jobs),
  { kind: 'replace', deployment: canary },
  { kind: 'await-ready' },
  { kind: 'take-over' },
  ...(smokeTests ? [{ kind: 'smoke', port: entrance?.port } as const] : []),
  ...(bake > 0 || checks ? [{ kind: 'watch', name: 'bake', duration: bake } as const] : []),
  { kind: 'confirm', ...(after === undefined ? {} : { after }) },
  { kind: 'finish' },
  ...runJobs(jobs, 'after')
]

/**
 * Evidence is collected from the failed pods while they end. The release is over when the old template serves alone, or
 * earlier, when somebody else has changed the Deployment meanwhile.
 */
export const planAfterUndo = (release: Release): readonly Step[] =>
  isUnfinished(release)
    ? [
        { kind: 'collect-evidence' },
        { kind: 'await-undone' },
        { kind: 'settle', selector: release.selectors.before, outcome: 'restored' }
      ]
    : []

type Judged = Pick<Inputs, 'strategy' | 'metrics' | 'checks' | 'watchdog'>

/** Why a release cannot replace what serves. */
export const inPlaceFaults = (
  { strategy, metrics, checks, watchdog }: Judged,
  observed: Observed,
  canary: Deployment,
  selector: Labels
): Fault[] => [
  ...observed.routes.map(({ name }) => ({
    input: 'route',
    problem: `${printRoute(name)}: strategy ${strategy} moves no traffic on routes, it replaces the pods behind service/${observed.service.metadata.name}`,
    example: `no route, or route: service/${observed.service.metadata.name}; strategy: canary for shares of traffic`
  })),
  ...(checks.length > 0 && metrics !== undefined && metrics !== 'http'
    ? [
        {
          input: 'metrics',
          problem: `${metrics} tells versions apart by their Service or Deployment, and with strategy ${strategy} both have the same`,
          example: 'metrics: http, the metrics of the pods themselves'
        }
      ]
    : []),
  ...(watchdog === undefined
    ? []
    : [
        {
          input: 'watchdog',
          problem: `a watchdog points Services back to the old version, which strategy ${strategy} replaces in its own Deployment`,
          example: 'strategy: blue-green or canary'
        }
      ]),
  ...stateFaults(strategy, observed, canary),
  ...reachedFaults(observed, selector)
]

function stateFaults(strategy: string, { stable }: Observed, canary: Deployment): Fault[] {
  const name = `deployment/${stable.deployment.metadata.name}`
  const faults: Fault[] = []
  if (stable.hash === '') {
    const problem = `${name} has no pods: strategy ${strategy} replaces pods that serve, and nothing would show whether the new ones run`
    faults.push({ input: 'workload', problem, example: sh`kubectl scale ${name} --replicas=1` })
  }
  if (stable.deployment.spec.paused === true) {
    const problem = `${name} is paused: somebody wants nothing to be rolled out in it`
    faults.push({ input: 'workload', problem, example: sh`kubectl rollout resume ${name}` })
  }
  if (rolloutOf(canary).revisionHistoryLimit === 0) {
    const problem = `${name} would have revisionHistoryLimit 0: the template that serves now would be gone as soon as the new one runs, so that nothing could be undone`
    faults.push({ input: 'workload', problem, example: 'revisionHistoryLimit: 2' })
  }
  return faults
}

/**
 * In place a Service that was narrowed to one version gets its wide selector back, by which other versions with pods
 * would get traffic.
 */
const reachedFaults = ({ slots, stable, service }: Observed, selector: Labels): Fault[] =>
  Object.values(slots)
    .filter(
      ({ metadata, spec }) =>
        metadata.name !== stable.deployment.metadata.name &&
        spec.replicas !== 0 &&
        selects(selector, templateLabels(spec.template))
    )
    .map(({ metadata }) => ({
      input: 'workload',
      problem: `service/${service.metadata.name} would select ${printSelector(selector)}, and with it the pods of deployment/${metadata.name}`,
      example: sh`kubectl scale deployment/${metadata.name} --replicas=0`
    }))
