import type { Fault } from '../../base/errors.ts'
import type { KubernetesObject } from '../../kubernetes/objects.ts'
import { countAt, textAt, treeAt } from '../../kubernetes/read.ts'
import { isTree } from '../../kubernetes/tree.ts'
import { REPLICA_SET } from '../../kubernetes/workload.ts'
import type { Seen, Wish } from '../engine.ts'
import { keptTemplate } from './kept-template.ts'
import { blueGreenOf, canaryOf, HASH_LABEL, statusOf, stepsOf, strategyOf, titleOf } from './objects.ts'
import { isWithinWindow } from './rollback-window.ts'
import { isMadeOf, isSameTemplate } from './same-template.ts'
import { stateOf } from './state.ts'

/** On a ReplicaSet whose version has been replaced or aborted: until when its pods stay. */
const DEADLINE = 'scale-down-deadline'

/**
 * Why Argo Rollouts would move all users at once, past steps, pause and analysis, whatever the Rollout says: to a version
 * that it takes for one to go back to, to pods that are still there of the release before, or because it does not find its
 * own mark in the Service.
 * @param tests whether something is to be tested before users come
 */
export function shortcuts(
  seen: Seen,
  wish: Wish,
  beside: readonly KubernetesObject[],
  tests: boolean
): readonly Fault[] {
  const rollout = { spec: wish.object }
  if (!(tests || isHeld(rollout))) return []
  const window = withinWindow(seen, wish)
  if (strategyOf(rollout) !== 'blueGreen') return window
  return [...window, ...leftovers(seen, wish), ...unmarked(seen, rollout, beside)]
}

/** Whether it goes step by step, waits, or analyses, before all users are on it. */
function isHeld(rollout: unknown): boolean {
  if (strategyOf(rollout) === 'canary')
    return stepsOf(rollout).length > 0 || isTree(canaryOf(rollout).analysis)
  const { autoPromotionEnabled, prePromotionAnalysis } = blueGreenOf(rollout)
  const seconds = countAt(blueGreenOf(rollout), 'autoPromotionSeconds') ?? 0
  return autoPromotionEnabled === false || seconds > 0 || isTree(prePromotionAnalysis)
}

const fault = (object: KubernetesObject, problem: string, example: string): Fault => ({
  input: 'workload',
  problem: `${titleOf(object)}: ${problem}`,
  example
})

const templateIn = ({ object, target }: Wish): unknown => treeAt(target ?? object, 'template')

/** Told for good, so what is taken for the same template has to be the same. */
function withinWindow(seen: Seen, wish: Wish): readonly Fault[] {
  const rollout = { spec: wish.object }
  return (seen.made ?? [])
    .filter(({ kind }) => kind === REPLICA_SET.kind)
    .filter((one) => isWithinWindow(rollout, seen, one))
    .filter((one) => isSameTemplate(keptTemplate(one), templateIn(wish)))
    .map(({ metadata }) =>
      fault(
        seen.object,
        `it has served this very version before (replicaset/${metadata.name}), within its spec.rollbackWindow: Argo Rollouts would send all users to it at once, without steps, pause, analysis or smoke tests`,
        'command: rollback with it as `to`, if it is to serve at once; else no spec.rollbackWindow'
      )
    )
}

/**
 * Told until the pods are gone: to take another template for this one costs half a minute, to overlook one would cost the
 * users' safety.
 */
function leftovers({ object, made = [] }: Seen, wish: Wish): readonly Fault[] {
  return made
    .filter(({ metadata }) => (metadata.annotations?.[DEADLINE] ?? '') !== '')
    .filter((one) => isMadeOf(treeAt(one, 'spec', 'template'), templateIn(wish)))
    .map(({ metadata }) =>
      fault(
        object,
        `pods of replicaset/${metadata.name} are still there from a release of this very version, until ${metadata.annotations?.[DEADLINE] ?? ''}: Argo Rollouts would send all users to them at once, without pause, analysis or smoke tests`,
        'run it again when they are gone'
      )
    )
}

function unmarked(seen: Seen, rollout: unknown, beside: readonly KubernetesObject[]): readonly Fault[] {
  const { object } = seen
  const name = textAt(blueGreenOf(rollout), 'activeService')
  const active = beside.find(({ kind, metadata }) => kind === 'Service' && metadata.name === name)
  const { stable } = statusOf(object)
  if (active === undefined || stable === '') return []
  if (HASH_LABEL in treeAt(active, 'spec', 'selector')) return []
  const state = stateOf(seen)
  return [
    state.at === 'moving'
      ? fault(
          object,
          `service/${name} has no ${HASH_LABEL} in its selector, which Argo Rollouts adds when the first pods are available (${state.what}): until then it would send all users to the new version at once, without pause, analysis or smoke tests`,
          'run it again when the Rollout is Healthy'
        )
      : fault(
          object,
          `service/${name} has lost ${HASH_LABEL} from its selector, perhaps by an apply: Argo Rollouts would send all users to the new version at once, without pause, analysis or smoke tests`,
          `the selector ${HASH_LABEL}: ${stable} in that Service`
        )
  ]
}
