import type { Fault } from '../../base/errors.ts'
import { sh } from '../../base/shell.ts'
import { countAt } from '../../kubernetes/read.ts'
import type { EngineState, Seen } from '../engine.ts'
import { statusOf, strategyOf, titleOf, workloadRefOf } from './objects.ts'
import { stateOf } from './state.ts'
import { templateOf } from './writes.ts'

const workload = (problem: string, example: string): Fault => ({ input: 'workload', problem, example })

/** Why a Rollout cannot take a new version as it is. */
export function problem(seen: Seen): readonly Fault[] {
  const { object } = seen
  const where = `${titleOf(object)} in namespace ${object.metadata.namespace ?? ''}`
  const { deletionTimestamp } = object.metadata
  if (deletionTimestamp !== undefined)
    return [
      workload(
        `${where} is being deleted since ${deletionTimestamp}: a release on it would not last`,
        'wait until it is gone, and create it again before the release'
      )
    ]
  return [...shapeFaults(seen, where), ...stateFaults(stateOf(seen), seen, where)]
}

function shapeFaults(seen: Seen, where: string): readonly Fault[] {
  const { object } = seen
  const faults = [...refFaults(seen, where)]
  if (strategyOf(object) === undefined)
    faults.push(
      workload(
        `${where} has to name exactly one of spec.strategy.canary and spec.strategy.blueGreen`,
        'strategy: {blueGreen: {activeService: web, previewService: web-preview, autoPromotionEnabled: false}}'
      )
    )
  if (faults.length === 0 && templateOf(seen) === undefined)
    faults.push(workload(`${where} has no template with containers`, 'spec.template as in a Deployment'))
  if (countAt(object, 'spec', 'replicas') === 0)
    faults.push(
      workload(
        `${where} is scaled to 0: there would be no pod to test`,
        sh`kubectl -n ${object.metadata.namespace ?? ''} scale ${titleOf(object)} --replicas=1`
      )
    )
  return faults
}

/** The template of a Rollout may be in a Deployment, which must not run pods of its own then. */
function refFaults({ object, target }: Seen, where: string): readonly Fault[] {
  const ref = workloadRefOf(object)
  if (ref === undefined) return []
  const name = `${ref.kind.toLowerCase()}/${ref.name}`
  if (ref.kind !== 'Deployment')
    return [
      workload(
        `${where} takes its template from ${name}, and Greenlight can write that of a Deployment only`,
        'spec.workloadRef: {apiVersion: apps/v1, kind: Deployment, name: web}'
      )
    ]
  if (target === undefined)
    return [
      workload(
        `${where} takes its template from ${name}, which does not exist there`,
        'the name of an existing Deployment in spec.workloadRef.name'
      )
    ]
  const replicas = countAt(target, 'spec', 'replicas') ?? 1
  if (replicas === 0) return []
  return [
    workload(
      `${name} has ${replicas} pods of its own beside those of ${where}: it would roll a new version out to its users at once, without any step of the Rollout`,
      sh`kubectl -n ${object.metadata.namespace ?? ''} scale ${name} --replicas=0`
    )
  ]
}

function stateFaults(state: EngineState, { object }: Seen, where: string): readonly Fault[] {
  const { stable, wished } = state
  const of = `template ${wished || 'unknown'} over ${stable || 'none'}`
  if (state.at === 'moving' && stable === '')
    return [
      workload(
        `${where} is in its first release (${state.what}): there is no version to go back to yet`,
        WAIT
      )
    ]
  // Pods of what serves may come and go: that is no release, and may be why there is to be another one.
  if (state.at === 'moving' && wished === stable) return []
  if (state.at === 'moving')
    return [workload(`${where} is already releasing ${of}, ${placeOf(state)}: ${state.what}`, WAIT)]
  if (state.at === 'gate' && state.gate === 'held')
    return [
      workload(
        `${where} is paused by hand: somebody wants nothing to be released in it`,
        'spec.paused: false, once that is agreed'
      )
    ]
  if (state.at === 'gate')
    return [
      workload(
        `${where} is already releasing ${of}, ${placeOf(state)}, and waits: ${state.what}`,
        sh`kubectl argo rollouts -n ${object.metadata.namespace ?? ''} abort ${object.metadata.name}, or promote it`
      )
    ]
  if (state.at === 'failed' && isInvalid(object))
    return [workload(`${where} is refused by Argo Rollouts: ${state.why}`, 'mend its spec first')]
  return []
}

const WAIT = 'wait for its end, or command: abort'

const isInvalid = (object: Seen['object']): boolean => statusOf(object).message.startsWith('InvalidSpec')

function placeOf({ weight, step, of }: Extract<EngineState, { at: 'moving' | 'gate' }>): string {
  const at = step === undefined || of === undefined ? '' : `step ${step} of ${of} with `
  return `at ${at}${weight.now}% of the traffic`
}
