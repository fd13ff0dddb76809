import type { Fault } from '../base/errors.ts'
import type { MetricsSource } from '../routes/metrics-source.ts'
import type { WorkloadName } from './names.ts'

/** Inputs that say how a Deployment is released, and where the objects of other kinds say that themselves. */
const DECIDED: Readonly<
  Record<Exclude<WorkloadName['kind'], 'deployment'>, Readonly<Record<string, string>>>
> = {
  rollout: {
    route: 'by the Services and routes that its spec.strategy names',
    strategy: 'by spec.strategy.blueGreen or spec.strategy.canary',
    steps: 'by spec.strategy.canary.steps',
    previous: 'by scaleDownDelaySeconds of its strategy',
    watchdog: 'by its controller, which goes on without a runner'
  },
  canary: {
    route: 'by its spec.provider and spec.service',
    strategy: 'by its spec.analysis: stepWeight or stepWeights, or iterations',
    steps: 'by stepWeight and maxWeight, or stepWeights, of its spec.analysis',
    previous: 'by Flagger, which replaces the pods that serve and keeps none',
    watchdog: 'by Flagger, which goes on without a runner'
  }
}

/** What is not there beside a controller, and what tells the same. A silent nothing would be taken for an answer. */
const ABSENT: Readonly<Record<string, string>> = {
  probe: 'the share of the users is what the controller tells',
  replay: 'plan tries the checks on what serves now',
  before: 'a Job that has to be done first is for a step before this one',
  after: 'a Job that comes after it is for a step of its own'
}

/** What is chosen beside a workload, as far as it could be read. */
interface Beside {
  readonly command?: unknown
  readonly metrics?: MetricsSource | undefined
}

/**
 * What has no say in a workload of this kind. An input that says what it says by default cannot be told from one that was left
 * out.
 * @param workload undefined where it could not be read: it may have been meant as anything
 * @param isChosen whether the user has written something else than the default
 */
export function engineFaults(
  workload: WorkloadName | undefined,
  { command, metrics }: Beside,
  isChosen: (input: string) => boolean
): readonly Fault[] {
  if (workload === undefined) return []
  if (workload.kind === 'deployment')
    return [...leavingFaults(isChosen), ...(command === 'follow' ? [followFault] : [])]
  return [
    ...decidedFaults(workload, isChosen),
    ...absentFaults(workload, isChosen),
    ...metricsFaults(workload, metrics)
  ]
}

const decidedFaults = (
  { kind, name }: WorkloadName,
  isChosen: (input: string) => boolean
): readonly Fault[] =>
  Object.entries(kind === 'deployment' ? {} : DECIDED[kind])
    .filter(([input]) => isChosen(input))
    .map(([input, how]) => ({
      input,
      problem: `${input} has no say in ${kind}/${name}: that is decided ${how}`,
      example: `no ${input}, or workload: deployment/${name}`
    }))

const absentFaults = ({ kind, name }: WorkloadName, isChosen: (input: string) => boolean): readonly Fault[] =>
  Object.entries(ABSENT)
    .filter(([input]) => isChosen(input))
    .map(([input, instead]) => ({
      input,
      problem: `${input} is for Deployments, and does nothing with ${kind}/${name}: ${instead}`,
      example: `no ${input}`
    }))

/**
 * Metrics of a router beside a controller: its two versions have one name there, or the old version's Service becomes the new
 * one's. Their pods' own metrics tell them apart until the end.
 */
const metricsFaults = ({ kind, name }: WorkloadName, metrics: MetricsSource | undefined): readonly Fault[] =>
  metrics === undefined || metrics === 'http'
    ? []
    : [
        {
          input: 'metrics',
          problem: `the versions of ${kind}/${name} cannot be told apart in the metrics of ${metrics}, only in those of their pods`,
          example: 'no metrics, or metrics: http'
        }
      ]

/** Nobody but the run itself carries out the release of a Deployment. */
const leavingFaults = (isChosen: (input: string) => boolean): readonly Fault[] =>
  isChosen('leave-after')
    ? [
        {
          input: 'leave-after',
          problem:
            'leave-after belongs to workloads that a controller releases: the release of a Deployment ends when its run does',
          example: 'no leave-after, or workload: rollout/web'
        }
      ]
    : []

/** There is nothing to follow where no controller goes on without its run. */
export const followFault: Fault = {
  input: 'command',
  problem:
    'follow takes up a release that a controller carries out, and a Deployment is released by its run alone',
  example: 'workload: rollout/web'
}
