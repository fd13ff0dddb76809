import { canonical } from '../../kubernetes/canonical.ts'
import type { JsonPatch } from '../../kubernetes/json-patch.ts'
import type { KubernetesObject, PodTemplate } from '../../kubernetes/objects.ts'
import { at } from '../../kubernetes/read.ts'
import { refOf } from '../../kubernetes/ref.ts'
import { isTree } from '../../kubernetes/tree.ts'
import type { PatchWrite, Seen, Wish, Write } from '../engine.ts'
import { specOf, specWrite } from '../spec-write.ts'
import { HASH_LABEL, statusOf, stepsOf, workloadRefOf } from './objects.ts'
import { isWithinWindow } from './rollback-window.ts'
import { stateOf } from './state.ts'

/** What holds the template: the Rollout, or the Deployment that it refers to. */
export const holderOf = ({ object, target }: Seen): KubernetesObject | undefined =>
  workloadRefOf(object) === undefined ? object : target

export function templateOf(seen: Seen): PodTemplate | undefined {
  const template = at(holderOf(seen), 'spec', 'template')
  return isTree(template) && Array.isArray(at(template, 'spec', 'containers'))
    ? (template as unknown as PodTemplate)
    : undefined
}

export const wishOf = ({ object, target }: Seen): Wish => ({
  object: specOf(object),
  ...(workloadRefOf(object) === undefined || target === undefined ? {} : { target: specOf(target) })
})

export const withTemplate = ({ object }: Seen, wish: Wish, template: PodTemplate): Wish =>
  workloadRefOf(object) === undefined
    ? { ...wish, object: { ...wish.object, template } }
    : { ...wish, target: { ...wish.target, template } }

/** How it is released comes before what is released. */
export function bring(seen: Seen, wish: Wish): readonly PatchWrite[] {
  const { object, target } = seen
  const ofTarget = target === undefined || wish.target === undefined ? [] : specWrite(target, wish.target)
  return [...specWrite(object, wish.object), ...ofTarget]
}

/** Whoever has wished for something else meanwhile keeps his wish. */
export function revert(seen: Seen, from: Wish, to: Wish): readonly PatchWrite[] {
  const { object, target } = wishOf(seen)
  const isOurs =
    canonical(object) === canonical(from.object) && canonical(target ?? {}) === canonical(from.target ?? {})
  return isOurs ? bring(seen, to) : []
}

/** A write to the status, of the very version and step that were seen. */
function statusWrite({ object }: Seen, change: JsonPatch): Write {
  const { uid } = object.metadata
  const current = at(object, 'status', 'currentPodHash') ?? null
  const index = at(object, 'status', 'currentStepIndex') ?? null
  return {
    ref: refOf(object),
    subresource: 'status',
    patch: [
      { op: 'test', path: '/metadata/uid', value: uid },
      { op: 'test', path: '/status/currentPodHash', value: current },
      ...(index === null ? [] : [{ op: 'test', path: '/status/currentStepIndex', value: index } as const]),
      ...change
    ]
  }
}

/**
 * Ends this pause alone: the conditions that were seen are tested. While an analysis runs nothing is written, since the
 * only way on would be to skip it. One that came to nothing has ended: a yes leads past it.
 */
export function proceed(seen: Seen): readonly Write[] {
  const state = stateOf(seen)
  if (state.at !== 'gate' || state.gate === 'held') return []
  const conditions = at(seen.object, 'status', 'pauseConditions')
  const { stepIndex = 0, controllerPause, runs } = statusOf(seen.object)
  if (runs.some(({ kind, phase }) => kind !== 'background' && phase === 'Running')) return []
  const isPastStep = runs.some(({ kind, phase }) => kind === 'step' && phase === 'Inconclusive')
  const past: JsonPatch =
    isPastStep && controllerPause
      ? [
          { op: 'add', path: '/status/controllerPause', value: false },
          {
            op: 'add',
            path: '/status/currentStepIndex',
            value: Math.min(stepIndex + 1, stepsOf(seen.object).length)
          }
        ]
      : []
  return [
    statusWrite(seen, [
      { op: 'test', path: '/status/pauseConditions', value: conditions },
      { op: 'remove', path: '/status/pauseConditions' },
      ...past
    ])
  ]
}

/** Skips all steps and analyses: only for a version that has served before, while it is the one that is released. */
export function hasten(seen: Seen, hash: string): readonly Write[] {
  const { current, stable, abort, promoteFull } = statusOf(seen.object)
  if (current !== hash || current === stable || abort || promoteFull) return []
  return [versionWrite(seen, hash, { op: 'add', path: '/status/promoteFull', value: true })]
}

/**
 * Nothing once the version has served fully: then only the template of before brings that back. Nor within the rollback
 * window: there, and while a version is to take everything at once, Argo Rollouts takes every abort out again.
 */
export function veto(seen: Seen, hash: string): readonly Write[] {
  const { object, made = [] } = seen
  const { current, stable, abort, promoteFull } = statusOf(object)
  if (hash === '' || current !== hash || current === stable || abort) return []
  const version = made.find(
    ({ kind, metadata }) => kind === 'ReplicaSet' && metadata.labels?.[HASH_LABEL] === hash
  )
  if (version !== undefined && isWithinWindow(object, seen, version)) return []
  const slower: JsonPatch = promoteFull ? [{ op: 'add', path: '/status/promoteFull', value: false }] : []
  return [versionWrite(seen, hash, ...slower, { op: 'add', path: '/status/abort', value: true })]
}

/** Whatever the step: it may be another one by now, and the verdict is over the version. */
const versionWrite = ({ object }: Seen, hash: string, ...change: JsonPatch): Write => ({
  ref: refOf(object),
  subresource: 'status',
  patch: [
    { op: 'test', path: '/metadata/uid', value: object.metadata.uid },
    { op: 'test', path: '/status/currentPodHash', value: hash },
    ...change
  ]
})

/**
 * A write to the status within 200 ms of one of the controller's own may be overlooked: it stands in the object, and the
 * controller hears of it at the next event only, which may take a quarter of an hour. The message is its own, and written
 * anew by it each time.
 */
export function nudge({ object }: Seen): readonly Write[] {
  const { message, exists } = statusOf(object)
  if (!exists) return []
  const value = message.endsWith(' ') ? message.trimEnd() : `${message} `
  return [
    {
      ref: refOf(object),
      subresource: 'status',
      patch: [
        { op: 'test', path: '/metadata/uid', value: object.metadata.uid },
        { op: 'add', path: '/status/message', value }
      ]
    }
  ]
}
