import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { describe, expect, it } from '@jest/globals'
import type { Lease } from '../../src/kubernetes/objects.ts'
import type { Ended } from '../support/action.ts'
import { startApiDoor, through } from '../support/cluster/api-door.ts'
import { atOnce } from '../support/cluster/at-once.ts'
import { admin } from '../support/cluster/real-cluster.ts'
import { httpRoute, uniqueHost } from '../support/cluster/gateway.ts'
import { leaseOf, leftovers, routeOf } from '../support/cluster/leftovers.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { ONE_OF_MANY, openLiveScene, type LiveScene, type Seen } from '../support/cluster/live-scene.ts'
import { image, service, workload } from '../support/cluster/workload.ts'

/** Two runs want to move the same traffic, and somebody lends one of them a hand. */

playLiveScenes()

const CANARY = { strategy: 'canary', route: 'httproute/web', bake: '1s' }
const FIRST = { ...CANARY, images: image(2), steps: '20% for 20s\n100%' }
const SECOND = { route: 'httproute/web', images: image(3), bake: '0s' }

/** What somebody does to the Lease of the first run, while a part of the users is on its version. */
type Hand = (namespace: string) => Promise<unknown>

const deletes: Hand = (namespace) => {
  const { apiVersion, kind, name } = leaseOf(namespace)
  return admin.remove({ apiVersion, kind, metadata: { namespace, name } })
}
const gives =
  (holder: string): Hand =>
  (namespace) =>
    admin.patch(leaseOf(namespace), [{ op: 'replace', path: '/spec/holderIdentity', value: holder }])

interface Plot {
  readonly name: string
  readonly hand: Hand
  /** Whether the first run hears of it before the second one comes, or not until that has the lock. */
  readonly sooner: 'first' | 'second'
}

const PLOTS: readonly Plot[] = [
  { name: 'deletes the lock, and the first run is sooner', hand: deletes, sooner: 'first' },
  { name: 'clears the lock, and the first run is sooner', hand: gives(''), sooner: 'first' },
  { name: 'deletes the lock, and the second run is sooner', hand: deletes, sooner: 'second' },
  { name: 'clears the lock, and the second run is sooner', hand: gives(''), sooner: 'second' },
  { name: 'writes a name of their own into the lock', hand: gives('somebody'), sooner: 'second' }
]

/** Long enough never to be reached by a slow machine. */
const LONGEST = 400_000
const AT_ONCE = 5

interface Played {
  readonly name: string
  readonly first: Ended
  readonly second: Ended
  readonly seen: Seen
  readonly isRouteAsBefore: boolean
  readonly left: readonly string[]
}

async function holderIn(namespace: string): Promise<string> {
  const lease = await admin.get<Lease>(leaseOf(namespace))
  return lease?.spec?.holderIdentity ?? ''
}

async function untilHeld(namespace: string, isRight: (holder: string) => boolean): Promise<void> {
  for (let left = 600; left > 0; left -= 1) {
    if (isRight(await holderIn(namespace))) return
    await sleep(100)
  }
  throw new Error(`the lock in ${namespace} is held by "${await holderIn(namespace)}" after a minute`)
}

function openOnRoute(): Promise<LiveScene> {
  const host = uniqueHost()
  return openLiveScene([workload({ replicas: 2 }), service(), httpRoute({ host })], host, ONE_OF_MANY)
}

async function play({ name, hand, sooner }: Plot): Promise<Played> {
  const scene = await openOnRoute()
  const { namespace, inputs } = scene
  const before = await routeOf(namespace)
  const door = await startApiDoor()
  const first = scene.start({ ...FIRST, ...through(door, inputs) })
  await first.seen(/for 20s: watch/)
  const id = await holderIn(namespace)
  const told = Promise.withResolvers<undefined>()
  // A renewal that takes its time on the way: so the other run is sooner, however fast this machine is.
  if (sooner === 'second')
    door.befall((request) => (/^PUT \S+\/leases\//.test(request) ? { held: told.promise } : undefined))
  await hand(namespace)
  if (sooner === 'first') await untilHeld(namespace, (holder) => holder === id)
  const second = scene.start(SECOND)
  if (sooner === 'second') {
    await Promise.race([untilHeld(namespace, (holder) => /^\d/.test(holder) && holder !== id), second.ended])
    told.resolve(undefined)
  }
  const ended = { first: await first.ended, second: await second.ended }
  door.close()
  return { name, ...ended, ...(await curtain(scene, before)) }
}

async function curtain(
  scene: LiveScene,
  before: unknown
): Promise<Pick<Played, 'seen' | 'isRouteAsBefore' | 'left'>> {
  return {
    seen: await scene.end(),
    isRouteAsBefore: isDeepStrictEqual(await routeOf(scene.namespace), before),
    left: await leftovers(scene.namespace)
  }
}

const told = ({ outputs }: Ended): string =>
  `${outputs.result ?? ''}${outputs.reason === '' ? '' : `: ${outputs.reason ?? ''}`}`

const print = ({ name, first, second, seen, left }: Played): string =>
  [
    `Somebody ${name}`,
    `  first   ${told(first)}`,
    `  second  ${told(second)}`,
    `  failed requests: ${seen.users.failed} of ${seen.users.total}; left over: ${left.join(', ') || 'nothing'}`
  ].join('\n')

function expectOneOutcome({ seen, isRouteAsBefore, left }: Played): void {
  expect(seen.users.failures).toEqual([])
  expect(seen.empty).toEqual([])
  expect(isRouteAsBefore).toBe(true)
  expect(left).toEqual([])
}

const REFUSED =
  /^another run (is releasing here right now: \d+-1-\S+ \(https:\S+\) holds|\(\d+-1-\S+ \(https:\S+\)\) took) lease\/greenlight-(service|deployment)-web/
const OVERTAKEN =
  /^(another run( \(\S+\))? has taken over (lease\/greenlight-(service|deployment)-web|httproute\/web)|the record on \S+ was written by another run): this one changes nothing any more$/

/** Both want the same, nobody helps. */
async function playTwins(): Promise<Played> {
  const scene = await openOnRoute()
  const before = await routeOf(scene.namespace)
  const inputs = { ...CANARY, steps: '20% for 3s\n100%' }
  const runs = [2, 3].map((version) => scene.run({ ...inputs, images: image(version) }))
  const [one, other] = (await Promise.all(runs)) as [Ended, Ended]
  const [first, second] = one.outputs.result === 'promoted' ? [one, other] : [other, one]
  return { name: 'starts two runs at once', first, second, ...(await curtain(scene, before)) }
}

/** The second one has changed nothing. */
function expectRefusal({ first, second, seen }: Played): void {
  expect(first).toMatchObject({ exitCode: 0, outputs: { result: 'promoted' } })
  expect(second).toMatchObject({ exitCode: 1, outputs: { result: 'failed' } })
  expect(second.outputs.reason).toMatch(REFUSED)
  const released = first.outputs.image === image(2) ? 'v2' : 'v3'
  expect(Object.keys(seen.users.versions).sort()).toEqual(['v1', released])
}

function expectTakeover({ first, second }: Played): void {
  expect(first).toMatchObject({ exitCode: 1, outputs: { result: 'failed' } })
  expect(first.outputs.reason).toMatch(OVERTAKEN)
  expect(second).toMatchObject({ exitCode: 0, outputs: { result: 'promoted', image: image(3) } })
  expect(second.log).toContain('was left unfinished: stable is put back first')
}

describe('two runs on the same Service', () => {
  it(
    'at the same moment, or with a lock that somebody takes away by hand: one releases, the other says why it does not',
    async () => {
      const [twins, played] = await Promise.all([playTwins(), atOnce(PLOTS, AT_ONCE, play)])
      console.log([twins, ...played].map(print).join('\n'))
      for (const one of [twins, ...played]) expectOneOutcome(one)
      expectRefusal(twins)
      played.forEach((one, index) => {
        if (PLOTS[index]?.sooner === 'first') expectRefusal(one)
        else expectTakeover(one)
      })
    },
    LONGEST
  )
})
