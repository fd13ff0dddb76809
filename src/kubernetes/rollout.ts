import type { Deployment } from './objects.ts'

/** The strategy in a Deployment's spec: how its controller lets pods of a new template take over. */
export interface RolloutStrategy {
  readonly type?: string
  readonly rollingUpdate?: unknown
}

/** A Deployment's spec but for what runs in it, how often, and by what it is found. */
export type Rollout = Omit<Deployment['spec'], 'template' | 'replicas' | 'selector'> & {
  readonly strategy?: RolloutStrategy
  readonly revisionHistoryLimit?: number
}

export function rolloutOf({ spec }: Deployment): Rollout {
  const { template: _, replicas: __, selector: ___, ...rollout } = spec
  return rollout
}

/** The Deployment with the template of another, and with its settings for how pods of that come up. */
export function withRollout(
  deployment: Deployment,
  rollout: Rollout,
  template: Deployment['spec']['template'] = deployment.spec.template
): Deployment {
  const { replicas, selector } = deployment.spec
  return {
    ...deployment,
    spec: { ...rollout, ...(replicas === undefined ? {} : { replicas }), selector, template }
  }
}

/** What the API server makes of a Deployment that names none. */
export const DEFAULT_STRATEGY: RolloutStrategy = { type: 'RollingUpdate' }

/**
 * How pods have to be replaced, whatever the Deployment says: by `recreate` old pods end before new ones start, by
 * `rolling` they never do.
 */
export function forcedStrategy(
  replacing: 'rolling' | 'recreate',
  own: RolloutStrategy = DEFAULT_STRATEGY
): RolloutStrategy {
  if (replacing === 'recreate') return { type: 'Recreate' }
  return own.type === 'Recreate' ? DEFAULT_STRATEGY : own
}
