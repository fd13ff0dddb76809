import { formatDuration } from '../../base/duration.ts'
import { isSettled } from '../../kubernetes/health.ts'
import type { Deployment, KubernetesObject } from '../../kubernetes/objects.ts'
import { countAt } from '../../kubernetes/read.ts'
import type { Activity, EngineState, Place, Seen } from '../engine.ts'
import { askedFor, hooksOfType, isKept, type HookType } from './hooks.ts'
import { intervalOf, isSuspended, statusOf, strategyOf, targetOf, thresholdOf, weightsOf } from './objects.ts'
import { placeOf, promotedPlace } from './place.ts'
import { templateHash } from './template-hash.ts'

/**
 * What a Canary is at. Nothing in its status says which template it is about, so that is told by the Deployment that serves,
 * and by what the status was when the template was written.
 */
export function stateOf(seen: Seen): EngineState {
  const wished = templateHash(seen.target)
  const stable = templateHash(seen.serving)
  const activity = activityOf(seen, wished !== '' && wished === stable)
  // A promoted template may have been changed on its way, e.g. by an admission webhook: Flagger says that it serves.
  return { ...activity, wished, stable: activity.at === 'rest' ? wished : stable }
}

/** @param isSame whether the template that is wished for is the one that serves */
function activityOf(seen: Seen, isSame: boolean): Activity {
  const { object, target } = seen
  const { phase } = statusOf(object)
  if (object.metadata.deletionTimestamp !== undefined) return moving(seen, 'it is being deleted')
  if (target === undefined) return { at: 'unseen', what: `its target ${targetTitle(object)} does not exist` }
  switch (phase) {
    case '':
      return { at: 'unseen', what: 'Flagger has not reported anything yet' }
    case 'Initialized':
    case 'Succeeded':
      return isSame || isTaken(seen) ? { at: 'rest' } : notTaken(object)
    case 'Failed':
      return failed(seen, isSame)
    case 'Waiting':
      return isSame ? { at: 'rest' } : atGate(seen, 'confirm-rollout', 'before its pods are started')
    case 'Progressing':
    case 'WaitingPromotion':
      return isSame ? goingOn(seen, target) : analysed(seen)
    case 'Promoting':
      return (
        heldIn(seen, promotedPlace(seen)) ?? {
          at: 'moving',
          what: 'replaces the pods that serve',
          ...promotedPlace(seen)
        }
      )
    case 'Finalising':
      return (
        heldIn(seen, promotedPlace(seen)) ?? {
          at: 'moving',
          what: 'ends the pods beside those that serve',
          ...promotedPlace(seen)
        }
      )
    default:
      return moving(seen, phase === 'Initializing' ? 'Flagger makes what it needs for it' : phase)
  }
}

function targetTitle(canary: KubernetesObject): string {
  const { kind, name } = targetOf(canary)
  return `${kind.toLowerCase()}/${name}`
}

const moving = (seen: Seen, what: string): Activity => ({ at: 'moving', what, ...placeOf(seen) })

/** What the status was when the template was written last: whose it was, and since when. */
export function notedIn(canary: KubernetesObject): string {
  const { applied, since } = statusOf(canary)
  return `${applied} ${since}`
}

/** Whether the phase has become another since then. Without knowing that, it has not. */
function isTaken({ object, noted }: Seen): boolean {
  const [, since] = noted?.split(' ') ?? []
  return since !== undefined && since !== statusOf(object).since
}

/** Flagger does nothing with it, whatever it is at, until somebody takes that away. */
const heldIn = ({ object }: Seen, place: Place): Activity | undefined =>
  isSuspended(object)
    ? {
        ...{ at: 'gate', gate: 'held', testable: false, ...place },
        what: 'somebody has suspended the whole Canary (spec.suspend)'
      }
    : undefined

const notTaken = (canary: KubernetesObject): Activity => ({
  at: 'unseen',
  what: isSuspended(canary)
    ? 'it is suspended'
    : `Flagger has not taken the last change of ${targetTitle(canary)} up, and looks every ${formatDuration(intervalOf(canary))}`
})

/**
 * While it is Failed, Flagger notes the template at every look, and only then finds out whether to begin with it: that the
 * status is of this failure shows in its phase alone.
 */
function failed(seen: Seen, isSame: boolean): Activity {
  const { object, target, noted } = seen
  const { weight, message } = statusOf(object)
  // The pods that serve did not come up with it, so all users are on those beside them.
  if (weight > 0 && !isSame && isSettled(target as Deployment)) return { at: 'rest' }
  if (weight === 0 && isSame) return { at: 'rest' }
  if (noted !== undefined && !isSame && !isTaken(seen)) return notTaken(object)
  return {
    at: 'failed',
    why: message || 'its analysis failed',
    aborted: weight === 0,
    weight: { now: weight, wanted: weight }
  }
}

/** It goes on with the version that serves already, as somebody has brought that back: nothing is at stake. */
function goingOn(seen: Seen, target: KubernetesObject): Activity {
  if (!isSettled(target as Deployment))
    return { at: 'unseen', what: `${targetTitle(seen.object)} has not replaced its pods yet` }
  return moving(seen, 'Flagger goes on with the version that serves')
}

function analysed(seen: Seen): Activity {
  const { object, noted } = seen
  const { applied, phase, failedChecks } = statusOf(object)
  if (noted?.split(' ')[0] === applied) return notTaken(object)
  const held = heldIn(seen, placeOf(seen))
  if (held !== undefined) return held
  if (phase === 'WaitingPromotion') return atGate(seen, 'confirm-promotion', 'before the promotion')
  const gate = hiddenGate(seen)
  if (gate !== undefined) return gate
  const checks = failedChecks === 0 ? '' : `, ${failedChecks} of ${thresholdOf(object)} failed checks`
  const what = isSuspended(object) ? 'is suspended' : `looks every ${formatDuration(intervalOf(object))}`
  return { at: 'moving', what: `Flagger ${what}${checks}`, ...placeOf(seen), ...dueBy(seen) }
}

/**
 * Flagger tells in an Event alone that it waits before it gives a share. The first time is a gate: once it has led past, it
 * stays open, but for a last time where the promotion is asked for as well.
 */
function hiddenGate(seen: Seen): Activity | undefined {
  const { object, target } = seen
  if (strategyOf(object) !== 'weights' || !isKept(object, 'confirm-traffic-increase')) return undefined
  const { weight } = statusOf(object)
  const most = weightsOf(object).at(-1) ?? 100
  if (weight >= most && isKept(object, 'confirm-promotion'))
    return atGate(seen, 'confirm-promotion', 'before the promotion')
  const isUp = isSettled(target as Deployment) && areReady(target)
  return weight === 0 && isUp ? atGate(seen, 'confirm-traffic-increase', 'before its first users') : undefined
}

/**
 * Until when it writes something anew: at every look, unless pods are not ready, or it asks somebody, who may keep it waiting
 * for as long as he likes.
 */
function dueBy({ object, target, serving }: Seen): { readonly until?: number } {
  const isAsked = hooksOfType(object, 'confirm-traffic-increase').length > 0
  const areUp = [target, serving].every((one) => areReady(one) && isSettled(one as Deployment))
  const wroteAt = Date.parse(statusOf(object).wroteAt)
  if (isAsked || !areUp || isSuspended(object) || Number.isNaN(wroteAt)) return {}
  return { until: wroteAt + 2 * intervalOf(object) + askedFor(object) }
}

function areReady(target: unknown): boolean {
  const wanted = countAt(target, 'spec', 'replicas') ?? 1
  return wanted > 0 && (countAt(target, 'status', 'availableReplicas') ?? 0) >= wanted
}

/** A gate of others may open at any time, so it is a time that passes. */
function atGate(seen: Seen, type: HookType, when: string): Activity {
  const { object, target } = seen
  const place = placeOf(seen)
  const hooks = hooksOfType(object, type)
  const halted = hooks.find(({ kind }) => kind === 'halt')
  if (halted !== undefined)
    return {
      ...{ at: 'gate', gate: 'held', testable: false, ...place },
      what: `its webhook ${halted.name} says no by ${halted.url}, ${when}`
    }
  const kept = hooks.find(({ kind }) => kind === 'gate')
  if (kept !== undefined)
    return {
      ...{ at: 'gate', gate: 'pause', ...place },
      what: `its webhook ${kept.name} wants a yes ${when}`,
      testable: areReady(target) && place.weight.now === 0
    }
  const [foreign] = hooks
  return moving(seen, `its webhook ${foreign?.name ?? type} has not said yes ${when}`)
}
