import type { KubernetesObject } from '../../kubernetes/objects.ts'
import { countAt, listAt, textAt } from '../../kubernetes/read.ts'
import type { Listener } from '../../kubernetes/reach.ts'
import { durationIn } from '../durations.ts'
import type { CallWrite } from '../engine.ts'
import { analysisOf } from './objects.ts'

/** The webhooks by which Flagger asks whether it may go on, or is to go back. */
export type HookType = 'confirm-rollout' | 'confirm-traffic-increase' | 'confirm-promotion' | 'rollback'

export interface Hook {
  readonly type: HookType
  readonly name: string
  readonly url: string
  /** Flagger's own load tester, where it is that. */
  readonly tester?: Listener
  /**
   * What it does: `gate` and `rollback` can be opened and closed there, `approve` is always open, `halt` never. Anything else
   * is decided by others.
   */
  readonly kind: 'gate' | 'rollback' | 'approve' | 'halt' | 'foreign'
}

const TYPES: ReadonlySet<string> = new Set<HookType>([
  'confirm-rollout',
  'confirm-traffic-increase',
  'confirm-promotion',
  'rollback'
])

const KINDS: Readonly<Record<string, Hook['kind']>> = {
  '/gate/check': 'gate',
  '/gate/approve': 'approve',
  '/gate/halt': 'halt',
  '/rollback/check': 'rollback'
}

export const hooksOf = (canary: KubernetesObject): readonly Hook[] =>
  listAt(analysisOf(canary), 'webhooks')
    .filter((hook) => TYPES.has(textAt(hook, 'type')))
    .map((hook) => {
      const url = textAt(hook, 'url')
      return {
        type: textAt(hook, 'type') as HookType,
        name: textAt(hook, 'name'),
        url,
        ...askedAt(url, canary.metadata.namespace ?? '')
      }
    })

/** A Service in the cluster: `name`, `name.namespace` or `name.namespace.svc…`, by a path that the load tester has. */
function askedAt(url: string, namespace: string): Pick<Hook, 'kind' | 'tester'> {
  if (!URL.canParse(url)) return { kind: 'foreign' }
  const { protocol, hostname, port, pathname } = new URL(url)
  const [name = '', where = namespace, svc = 'svc'] = hostname.split('.')
  const kind = KINDS[pathname]
  if (kind === undefined || svc !== 'svc' || !/^https?:$/.test(protocol)) return { kind: 'foreign' }
  const isPlain = protocol === 'http:'
  const tester: Listener = {
    ...{ kind: 'services', namespace: where, name },
    port: Number(port) || (isPlain ? 80 : 443),
    ...(isPlain ? {} : { scheme: 'https' })
  }
  return { kind, tester }
}

const TIMEOUT = 10_000

/** Milliseconds that it may wait for the answers of all its webhooks in one look. */
export const askedFor = (canary: KubernetesObject): number =>
  listAt(analysisOf(canary), 'webhooks').reduce<number>((sum, hook) => {
    const times = 1 + (countAt(hook, 'retries') ?? 0)
    return sum + times * (durationIn(textAt(hook, 'timeout')) ?? TIMEOUT)
  }, 0)

export const hooksOfType = (canary: KubernetesObject, type: HookType): readonly Hook[] =>
  hooksOf(canary).filter((hook) => hook.type === type)

/** Whether people or we can open it; `halt` opens by an edit of the Canary alone. */
export const isKept = (canary: KubernetesObject, type: HookType): boolean =>
  hooksOfType(canary, type).some(({ kind }) => kind === (type === 'rollback' ? 'rollback' : 'gate'))

/** The load testers that keep gates or hear a no, each once. */
export function testersOf(canary: KubernetesObject, kind: 'gate' | 'rollback'): readonly Listener[] {
  const found = hooksOf(canary)
    .filter((hook) => hook.kind === kind && (kind === 'rollback') === (hook.type === 'rollback'))
    .flatMap(({ tester }) => tester ?? [])
  return [...new Map(found.map((tester) => [JSON.stringify(tester), tester])).values()]
}

/** Opens or closes all gates of this Canary, or says no to its release, at everything that keeps that. */
export const turn = (
  canary: KubernetesObject,
  kind: 'gate' | 'rollback',
  to: 'open' | 'close'
): readonly CallWrite[] =>
  testersOf(canary, kind).map((tester) => ({
    to: tester,
    path: `/${kind}/${to}`,
    body: { name: canary.metadata.name, namespace: canary.metadata.namespace ?? '' }
  }))
