import { canonical } from '../../kubernetes/canonical.ts'
import type { KubernetesObject, PodTemplate } from '../../kubernetes/objects.ts'
import { at } from '../../kubernetes/read.ts'
import { isTree, type Tree } from '../../kubernetes/tree.ts'
import type { PatchWrite, Seen, Wish, Write } from '../engine.ts'
import { specOf, specWrite } from '../spec-write.ts'
import { isKept, turn } from './hooks.ts'
import { statusOf, weightsOf } from './objects.ts'
import { stateOf } from './state.ts'
import { templateHash } from './template-hash.ts'

/** The Deployment that serves is Flagger's own: nothing here ever writes it. */

export function templateOf({ target }: Seen): PodTemplate | undefined {
  const template = at(target, 'spec', 'template')
  return isTree(template) && Array.isArray(at(template, 'spec', 'containers'))
    ? (template as unknown as PodTemplate)
    : undefined
}

export const wishOf = ({ object, target }: Seen): Wish => ({
  object: specOf(object),
  ...(target === undefined ? {} : { target: specOf(target) })
})

export const withTemplate = (_: Seen, wish: Wish, template: PodTemplate): Wish => ({
  ...wish,
  target: { ...wish.target, template }
})

/** How it is released comes before what is released. */
export const bring = ({ object, target }: Seen, wish: Wish): readonly PatchWrite[] => [
  ...specWrite(object, wish.object),
  ...(target === undefined || wish.target === undefined ? [] : specWrite(target, wish.target))
]

/** Whoever has wished for something else meanwhile keeps his wish; the template may be back already. */
export function revert({ object, target }: Seen, from: Wish, to: Wish): readonly Write[] {
  const isOurs = (one: KubernetesObject, brought: Tree | undefined): boolean =>
    canonical(specOf(one)) === canonical(brought ?? {})
  return [
    ...(isOurs(object, from.object) ? specWrite(object, to.object) : []),
    ...(target !== undefined && to.target !== undefined && isOurs(target, from.target)
      ? specWrite(target, to.target)
      : [])
  ]
}

/**
 * Puts the old template back: its pods replace the new ones at once, while Flagger listens to a no at its next look only, and
 * not at all as long as pods do not come up. The no is besides: without it, it would go on through its steps.
 */
export function veto(seen: Seen, hash: string, to: Wish): readonly Write[] {
  const { object, target } = seen
  const { phase } = statusOf(object)
  if (hash === '' || target === undefined || to.target === undefined || templateHash(target) !== hash)
    return []
  const hears = phase === 'Progressing' || phase === 'WaitingPromotion'
  const no = hears
    ? turn(object, 'rollback', 'open').map((call) => ({ ...call, mayFail: true as const }))
    : []
  return [...specWrite(target, to.target), ...no]
}

/** Opens the gates. They are one to the load tester, so it is closed again once this one has been passed. */
export function proceed(seen: Seen): readonly Write[] {
  const state = stateOf(seen)
  return state.at === 'gate' && state.gate === 'pause' ? turn(seen.object, 'gate', 'open') : []
}

/** With its first share it is asked again before every other one, where one yes is enough. */
export function passed({ object }: Seen): readonly Write[] {
  const { phase, weight } = statusOf(object)
  const isSharing = phase === 'Progressing' && weight > 0 && isKept(object, 'confirm-traffic-increase')
  return isSharing ? [] : turn(object, 'gate', 'close')
}

/** With one gate before the shares and before the promotion, that which was opened for the former is open for the latter. */
function isHeldOpen({ object }: Seen): boolean {
  const { phase, weight } = statusOf(object)
  const isSharing = phase === 'Progressing' && weight > 0 && weight < (weightsOf(object).at(-1) ?? 100)
  return isSharing && isKept(object, 'confirm-traffic-increase') && isKept(object, 'confirm-promotion')
}

export const lapse = (seen: Seen): readonly Write[] =>
  isHeldOpen(seen) ? turn(seen.object, 'gate', 'close') : []

export const resume = (seen: Seen): readonly Write[] =>
  isHeldOpen(seen) ? turn(seen.object, 'gate', 'open') : []

export const settle = ({ object }: Seen): readonly Write[] => [
  ...turn(object, 'gate', 'close'),
  ...turn(object, 'rollback', 'close')
]

/** Flagger knows no way past its steps for what has served before, but its gates need not wait for anybody. */
export function hasten(seen: Seen, hash: string): readonly Write[] {
  const state = stateOf(seen)
  return state.wished === hash && state.at !== 'rest' ? turn(seen.object, 'gate', 'open') : []
}
