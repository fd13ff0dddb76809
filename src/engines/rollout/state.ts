import type { EngineState, Gate, Place, Seen, Weight } from '../engine.ts'
import {
  blueGreenOf,
  isRouted,
  statusOf,
  stepsOf,
  strategyOf,
  wholeWeight,
  workloadGenerationOf,
  workloadRefOf,
  type RolloutStatus
} from './objects.ts'
import { at, countAt, isTrueAt, textAt, treeAt } from '../../kubernetes/read.ts'
import { durationIn } from '../durations.ts'
import { shareOf } from '../share.ts'
import { describeStep, pauseOf } from './steps.ts'

/**
 * What a Rollout is at. Its phase is to be trusted only when the controller has seen the present spec: until then the
 * status tells of the release before, and calls that Healthy.
 */
export function stateOf(seen: Seen): EngineState {
  const status = statusOf(seen.object)
  const versions = { stable: status.stable, wished: status.current }
  const unseen = unseenIn(seen, status)
  if (unseen !== undefined) return { at: 'unseen', what: unseen, ...versions }
  const place = placeOf(seen, status)
  const failed = failureIn(status)
  if (failed !== undefined) return { at: 'failed', ...failed, ...place, ...versions }
  const gate = gateIn(seen, status)
  if (gate !== undefined)
    return { at: 'gate', ...gate, testable: isTestable(seen, status, place), ...place, ...versions }
  return isAtRest(status)
    ? { at: 'rest', ...versions }
    : { at: 'moving', what: describeMove(seen, status), ...endOfPause(seen, status), ...place, ...versions }
}

/** Why the status cannot be about the present wish. */
function unseenIn({ object, target }: Seen, status: RolloutStatus): string | undefined {
  if (!status.exists) return 'its controller has not reported anything yet'
  const { generation = 0 } = object.metadata
  // A text of digits. Anything else is that of a controller from before 1.0, which wrote a hash.
  if (!/^\d+$/.test(status.observedGeneration)) return 'its controller has not said which spec it has seen'
  if (Number(status.observedGeneration) < generation)
    return `its controller has seen generation ${status.observedGeneration} and not yet ${generation}`
  if (workloadRefOf(object) !== undefined && target !== undefined) {
    const wanted = String(target.metadata.generation ?? 0)
    const noted = workloadGenerationOf(object)
    if (noted !== wanted || status.workloadObservedGeneration !== noted)
      return `its controller has seen generation ${status.workloadObservedGeneration || 'none'} of ${target.kind.toLowerCase()}/${target.metadata.name} and not yet ${wanted}`
  }
  // Both are in the status, so no generation tells that the controller has not taken a yes yet.
  if (status.controllerPause && status.pauses.length === 0 && !status.abort)
    return 'its controller is about to go on'
  return undefined
}

/** What is said of an abort when nothing of the controller's own has led to it. */
const UNREASONED = /^RolloutAborted: Rollout aborted update to (?:revision )?[^\s:]+$/

function failureIn({
  phase,
  message,
  abort,
  stable,
  current
}: RolloutStatus): { why: string; aborted: boolean; asked?: true } | undefined {
  // An abort that came after the end has no effect, and stays in the status.
  if (abort && !(phase === 'Healthy' && stable === current)) {
    // The controller's own abort comes with its phase and its reason; until it has taken another one up, the message is an older one.
    if (phase !== 'Degraded') return { why: 'somebody has aborted the release', aborted: true, asked: true }
    return {
      why: message || 'the release was aborted',
      aborted: true,
      ...(UNREASONED.test(message) ? { asked: true } : {})
    }
  }
  return phase === 'Degraded' ? { why: message || 'it is degraded', aborted: false } : undefined
}

const isAtRest = ({ phase, stable, current }: RolloutStatus): boolean =>
  phase === 'Healthy' && stable !== '' && stable === current

function gateIn({ object }: Seen, status: RolloutStatus): { gate: Gate; what: string } | undefined {
  if (isTrueAt(object, 'spec', 'paused'))
    return { gate: 'held', what: 'somebody has paused the whole Rollout (spec.paused)' }
  const reasons = status.pauses.map(({ reason }) => reason)
  if (reasons.includes('InconclusiveAnalysisRun')) {
    const run = status.runs.find(({ phase }) => phase === 'Inconclusive')
    const which = run === undefined ? 'an analysis' : `analysis ${run.name}`
    return { gate: 'inconclusive', what: `${which} of Argo Rollouts came to nothing${said(run?.message)}` }
  }
  if (
    reasons.includes('BlueGreenPause') &&
    !((countAt(blueGreenOf(object), 'autoPromotionSeconds') ?? 0) > 0)
  )
    return { gate: 'pause', what: 'the new version waits beside the old one' }
  if (reasons.includes('CanaryPauseStep') && pauseOf(currentStep(object, status)) === 'until-yes')
    return { gate: 'pause', what: 'a pause without a duration' }
  return undefined
}

const said = (message = ''): string => (message === '' ? '' : `: ${message}`)

const currentStep = (rollout: unknown, { stepIndex = 0 }: RolloutStatus): unknown =>
  stepsOf(rollout)[stepIndex]

function placeOf({ object }: Seen, status: RolloutStatus): Place {
  const steps = stepsOf(object)
  const weight = strategyOf(object) === 'blueGreen' ? switched(status) : shared(object, status)
  if (steps.length === 0 || strategyOf(object) !== 'canary') return { weight }
  return { weight, step: Math.min((status.stepIndex ?? 0) + 1, steps.length), of: steps.length }
}

function switched({ activeSelector, current, abort, pauses }: RolloutStatus): Weight {
  const now = current !== '' && activeSelector === current ? 100 : 0
  if (abort) return { now, wanted: 0 }
  return { now, wanted: pauses.length > 0 ? now : 100 }
}

function shared(rollout: unknown, status: RolloutStatus): Weight {
  return { now: weightNow(rollout, status), wanted: weightWanted(rollout, status) }
}

/** As the router was told; where the number of pods decides, as many of them as are of the new version. */
function weightNow(rollout: unknown, { current, stable, replicas, updated }: RolloutStatus): number {
  const weights = treeAt(rollout, 'status', 'canary', 'weights')
  if (current === stable && current !== '') return 100
  if (isRouted(rollout)) {
    const hash = textAt(weights, 'canary', 'podTemplateHash')
    // The weight of the version before is no weight of this one.
    const isOurs = hash === '' || hash === current
    return isOurs ? percentOf(countAt(weights, 'canary', 'weight') ?? 0, wholeWeight(rollout)) : 0
  }
  return replicas === 0 ? 0 : percentOf(updated, replicas)
}

/** The last weight that the steps until now have named, as the controller reckons. */
function weightWanted(rollout: unknown, status: RolloutStatus): number {
  const { abort, promoteFull, stepIndex = 0 } = status
  const steps = stepsOf(rollout)
  if (abort) return 0
  if (promoteFull || stepIndex >= steps.length) return 100
  const named = steps.slice(0, stepIndex + 1).flatMap((step) => countAt(step, 'setWeight') ?? [])
  return percentOf(named.at(-1) ?? 0, wholeWeight(rollout))
}

const percentOf = (part: number, whole: number): number =>
  whole > 0 ? shareOf(Number(((part / whole) * 100).toFixed(1))) : 0

/** Before a switch the new version has no users; with a router neither, while its weight is 0. */
const isTestable = ({ object }: Seen, { updated }: RolloutStatus, { weight }: Place): boolean =>
  updated > 0 && weight.now === 0 && (strategyOf(object) === 'blueGreen' || isRouted(object))

function describeMove({ object }: Seen, status: RolloutStatus): string {
  const { message, promoteFull, pauses, runs, phase } = status
  const running = runs.filter((run) => run.phase === 'Running' || run.phase === 'Pending')
  if (promoteFull) return 'it takes all traffic without further steps'
  if (pauses.length > 0) {
    const since = pauses[0]?.startTime ?? ''
    return `${describeTimed(object, status)}${since === '' ? '' : `, since ${since}`}`
  }
  if (running.length > 0) return `Argo Rollouts analyses: ${running.map(({ name }) => name).join(', ')}`
  return message || (phase === '' ? 'its controller has not named a phase' : phase)
}

/** When a pause with a duration is over. */
function endOfPause({ object }: Seen, status: RolloutStatus): { until?: number } {
  const { pauses, stepIndex = 0 } = status
  const reason = strategyOf(object) === 'blueGreen' ? 'BlueGreenPause' : 'CanaryPauseStep'
  const since = Date.parse(pauses.find((pause) => pause.reason === reason)?.startTime ?? '')
  const seconds = countAt(blueGreenOf(object), 'autoPromotionSeconds')
  const length = reason === 'BlueGreenPause' ? durationIn(seconds) : pauseOf(stepsOf(object)[stepIndex])
  return typeof length === 'number' && !Number.isNaN(since) ? { until: since + length } : {}
}

function describeTimed(rollout: unknown, status: RolloutStatus): string {
  const seconds = countAt(blueGreenOf(rollout), 'autoPromotionSeconds')
  if (strategyOf(rollout) === 'blueGreen') return `switches by itself after ${seconds ?? 0} s`
  const step = currentStep(rollout, status)
  return at(step, 'pause') === undefined ? 'pauses' : describeStep(step)
}
