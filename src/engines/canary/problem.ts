import type { Fault } from '../../base/errors.ts'
import { sh } from '../../base/shell.ts'
import type { KubernetesObject } from '../../kubernetes/objects.ts'
import type { EngineState, Seen } from '../engine.ts'
import { CANARY, isSuspended, statusOf, targetOf, titleOf } from './objects.ts'
import { stateOf } from './state.ts'
import { versionsOf } from './versions.ts'
import { templateOf } from './writes.ts'

const workload = (problem: string, example: string): Fault => ({ input: 'workload', problem, example })

const WAIT = 'wait for its end, or abort it'

/** Why a Canary cannot take a new version as it is. */
export function problem(seen: Seen, live = seen): readonly Fault[] {
  const { object } = live
  const where = `${titleOf(object)} in namespace ${object.metadata.namespace ?? ''}`
  const { deletionTimestamp } = object.metadata
  if (deletionTimestamp !== undefined)
    return [
      workload(
        `${where} is being deleted since ${deletionTimestamp}: a release on it would not last`,
        'wait until it is gone, and create it again before the release'
      )
    ]
  const shape = [...targetFaults(seen, where), ...rivals(live, where)]
  return shape.length > 0 ? shape : stateFaults(stateOf(live), live, where)
}

function targetFaults(seen: Seen, where: string): readonly Fault[] {
  const { kind, name } = targetOf(seen.object)
  const title = `${kind.toLowerCase()}/${name}`
  if (kind !== 'Deployment')
    return [
      workload(
        `${where} releases ${title}, and Greenlight can bring a version by a Deployment only`,
        'spec.targetRef: {apiVersion: apps/v1, kind: Deployment, name: web}'
      )
    ]
  if (seen.target === undefined)
    return [
      workload(
        `${where} releases ${title}, which does not exist there`,
        'the name of an existing Deployment in spec.targetRef.name'
      )
    ]
  return templateOf(seen) === undefined
    ? [workload(`${title}, which ${where} releases, has no template with containers`, 'spec.template')]
    : []
}

/** Two that judge one Deployment would scale and promote it against each other. */
function rivals({ object, made = [] }: Seen, where: string): readonly Fault[] {
  const { name } = targetOf(object)
  return made
    .filter(({ kind, metadata }) => kind === CANARY.kind && metadata.name !== object.metadata.name)
    .filter((other) => targetOf(other).name === name)
    .map((other) =>
      workload(
        `${where} and ${titleOf(other)} both release deployment/${name}: each would take back what the other does`,
        sh`kubectl -n ${object.metadata.namespace ?? ''} delete canary ${other.metadata.name}`
      )
    )
}

function stateFaults(state: EngineState, live: Seen, where: string): readonly Fault[] {
  const { object } = live
  const { phase } = statusOf(object)
  if (isSuspended(object))
    return [
      workload(
        `${where} is suspended: somebody wants nothing to be released in it`,
        'spec.suspend: false, once that is agreed'
      )
    ]
  if (phase === '' || phase === 'Initializing' || live.serving === undefined)
    return [
      workload(
        `${where} is not initialised (${phase || 'no phase yet'}): ${said(live) ?? 'Flagger has not made the pods that serve yet'}`,
        sh`kubectl -n ${object.metadata.namespace ?? ''} wait canary/${object.metadata.name} --for=condition=Promoted --timeout=5m`
      )
    ]
  const isUnderWay = state.wished !== state.stable || phase === 'Promoting' || phase === 'Finalising'
  if (state.at === 'moving' && isUnderWay)
    return [
      workload(`${where} is already releasing, with ${state.weight.now}% of the traffic: ${state.what}`, WAIT)
    ]
  if (state.at === 'gate')
    return [
      workload(
        `${where} is already releasing, with ${state.weight.now}% of the traffic, and waits: ${state.what}`,
        'open its gate, or bring the version back that serves'
      )
    ]
  const isKept = versionsOf(live).some(
    ({ hash, template }) => hash === state.stable && template !== undefined
  )
  return state.wished === state.stable || isKept ? [] : [untold(live, where)]
}

const untold = ({ object }: Seen, where: string): Fault =>
  workload(
    `${where} has a template that does not serve, and no revision of deployment/${targetOf(object).name} is the one that does: nobody could put that back`,
    `the template of deployment/${targetOf(object).name}-primary in deployment/${targetOf(object).name} first`
  )

/** What Flagger says besides at the end of whatever has failed. */
const AFTERWARDS = /^(?:Canary failed!|Rollback check )/

/** What Flagger has said last that is not good, and why it went back. */
export function said({ made = [] }: Seen, since = ''): string | undefined {
  const bad = eventsOf(made, since)
    .filter(({ type }) => type === 'Warning')
    .map(({ message = '' }) => message)
    .filter((message) => !AFTERWARDS.test(message))
  const last = bad.findLast((message) => !message.startsWith('Rolling back '))
  const back = bad.findLast((message) => message.startsWith('Rolling back '))
  const parts = [last, back].filter((part) => part !== undefined)
  return parts.length === 0 ? undefined : parts.join('; ')
}

interface FlaggerEvent extends KubernetesObject {
  readonly type?: string
  readonly message?: string
  readonly lastTimestamp?: string
  readonly count?: number
}

/** Oldest first. @param since the time of the first, without fractions of seconds */
export const eventsOf = (made: readonly KubernetesObject[], since = ''): readonly FlaggerEvent[] =>
  made
    .filter((one): one is FlaggerEvent => one.kind === 'Event')
    .filter(({ lastTimestamp = '' }) => lastTimestamp.slice(0, 19) >= since.slice(0, 19))
    .sort((one, other) => (one.lastTimestamp ?? '').localeCompare(other.lastTimestamp ?? ''))
