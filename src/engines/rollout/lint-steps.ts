import { at, countAt, listAt, textAt } from '../../kubernetes/read.ts'
import { isTree } from '../../kubernetes/tree.ts'
import type { Finding } from './lint.ts'
import { canaryOf, isRouted, stepsOf, wholeWeight } from './objects.ts'
import { pauseOf } from './steps.ts'

const KINDS = [
  'setWeight',
  'pause',
  'experiment',
  'analysis',
  'setCanaryScale',
  'setHeaderRoute',
  'setMirrorRoute',
  'plugin'
] as const

/** What is wrong with the steps of a canary, each by itself. */
export const stepFaults = (rollout: unknown): readonly Finding[] => [
  ...routingFaults(rollout),
  ...stepsOf(rollout).flatMap((step, index) =>
    faultsOf(step, rollout).map(({ problem, mend }) => ({
      path: `spec.strategy.canary.steps[${index}]`,
      problem,
      mend
    }))
  )
]

/** Routers that share requests out between two Services. */
const BY_SERVICES = ['alb', 'smi', 'apisix', 'ambassador', 'nginx', 'appMesh', 'traefik'] as const

function routingFaults(rollout: unknown): readonly Finding[] {
  const canary = canaryOf(rollout)
  if (isTree(canary.pingPong)) return []
  const router = BY_SERVICES.find((name) => isTree(at(canary, 'trafficRouting', name)))
  if (router === undefined) return []
  return ['stableService', 'canaryService']
    .filter((key) => textAt(canary, key) === '')
    .map((key) => ({
      path: `spec.strategy.canary.${key}`,
      problem: `trafficRouting.${router} needs it`,
      mend: `${key}: web-${key.replace('Service', '')}`
    }))
}

function faultsOf(step: unknown, rollout: unknown): readonly Omit<Finding, 'path'>[] {
  const kinds = KINDS.filter((kind) => (at(step, kind) ?? undefined) !== undefined)
  const exclusive = kinds.filter((kind) => ['setWeight', 'pause', 'experiment', 'analysis'].includes(kind))
  if (kinds.length === 0)
    return [{ problem: 'it says nothing to do', mend: `one of ${KINDS.join(', ')}, e.g. pause: {}` }]
  if (exclusive.length > 1)
    return [{ problem: `it is ${exclusive.join(' and ')} at once`, mend: 'a step for each' }]
  return [
    ...weightFaults(step, rollout),
    ...pauseFaults(step),
    ...(kinds.includes('setCanaryScale') && !isRouted(rollout)
      ? [{ problem: 'setCanaryScale needs a router', mend: 'setWeight, or a trafficRouting' }]
      : []),
    ...routeFaults(step, rollout)
  ]
}

function weightFaults(step: unknown, rollout: unknown): readonly Omit<Finding, 'path'>[] {
  const given = at(step, 'setWeight')
  if (given === undefined || given === null) return []
  const weight = countAt(step, 'setWeight')
  const whole = wholeWeight(rollout)
  return typeof given === 'number' && weight !== undefined && weight >= 0 && weight <= whole
    ? []
    : [{ problem: `setWeight has to be a number from 0 to ${whole}`, mend: 'setWeight: 10' }]
}

function pauseFaults(step: unknown): readonly Omit<Finding, 'path'>[] {
  if (!isTree(at(step, 'pause'))) return []
  const pause = pauseOf(step)
  return pause === 'until-yes' || (pause !== undefined && pause >= 0)
    ? []
    : [
        {
          problem: `pause.duration ${JSON.stringify(at(step, 'pause', 'duration'))} is no duration`,
          mend: 'pause: {duration: 5m}'
        }
      ]
}

/** A route by header or copies has to be announced, so that Argo Rollouts may take it out again. */
function routeFaults(step: unknown, rollout: unknown): readonly Omit<Finding, 'path'>[] {
  const managed = listAt(canaryOf(rollout), 'trafficRouting', 'managedRoutes').map((one) =>
    textAt(one, 'name')
  )
  return ['setHeaderRoute', 'setMirrorRoute']
    .filter((kind) => isTree(at(step, kind)) && !managed.includes(textAt(step, kind, 'name')))
    .map((kind) => ({
      problem: `the route ${textAt(step, kind, 'name') || 'without a name'} is not among trafficRouting.managedRoutes`,
      mend: `managedRoutes: [{name: ${textAt(step, kind, 'name') || 'testers'}}]`
    }))
}
