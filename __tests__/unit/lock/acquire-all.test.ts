import { afterEach, describe, expect, it } from '@jest/globals'
import type { Lease } from '../../../src/kubernetes/objects.ts'
import { acquireAll, LockedError, readLeases, type SeenLeases } from '../../../src/lock/acquire.ts'
import { FakeClock } from '../../support/memory/fake-clock.ts'
import { MemoryCluster, type Call, type Hooks } from '../../support/memory/memory-cluster.ts'

/** Two Leases, of which a run takes both or none. */

const ref = (name: string) =>
  ({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace: 'shop', name }) as const
const REFS = [ref('first'), ref('second')] as const
const none = (): void => undefined

const clocks: FakeClock[] = []
afterEach(() => {
  for (const clock of clocks.splice(0)) clock.stop()
})

function open() {
  const clock = new FakeClock({ auto: true })
  clocks.push(clock)
  const cluster = new MemoryCluster(clock)
  const log = { group: none, endGroup: none, line: none, warning: none, error: none, quote: none }
  const take = (id: string, seen?: SeenLeases, hooks: Hooks = {}) => {
    const ports = { cluster: cluster.connect(hooks), clock, log }
    return acquireAll(REFS, { id, run: `https://ci/${id}` }, ports, new AbortController().signal, seen)
  }
  const holders = () => REFS.map((one) => cluster.read<Lease>(one)?.spec?.holderIdentity)
  return { clock, cluster, take, holders }
}

describe('several locks', () => {
  it('are asked for at once', async () => {
    const { take, holders, clock } = open()
    const before = clock.now()
    const slow = (): Promise<void> => clock.sleep(100)
    await take('7-1', [{ lease: undefined }, { lease: undefined }], { before: slow })
    expect(clock.now() - before).toBeLessThan(150)
    expect(holders()).toEqual(['7-1', '7-1'])
  })

  it('are all of one run, when another has come first to one of them and gives it back', async () => {
    const { take, holders, clock } = open()
    const none = { lease: undefined }
    // The first request of one run and the second one of the other are slow.
    const slowly = (name: string) => (call: Call) =>
      call.verb === 'create' && call.name === name ? clock.sleep(50) : undefined
    const results = await Promise.allSettled([
      take('7-1', [none, none], { before: slowly('second') }),
      take('8-1', [none, none], { before: slowly('first') })
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    expect(results[1]).toMatchObject({ reason: expect.any(LockedError) })
    expect(holders()).toEqual(['7-1', '7-1'])
  })

  it('are given back when one of them has a living holder', async () => {
    const { take, holders, cluster, clock } = open()
    await take('7-1')
    cluster.patch(ref('first'), [{ op: 'replace', path: '/spec/holderIdentity', value: '' }])
    await expect(take('8-1')).rejects.toThrow('7-1 (https://ci/7-1) holds lease/')
    await clock.sleep(6000)
    expect(holders()).not.toContain('8-1')
  })

  it('are asked for anew where they have changed since they were seen', async () => {
    const { take, holders, cluster, clock } = open()
    const seen = await readLeases(REFS, { cluster: cluster.connect() })
    const run = await take('7-1')
    await run.release()
    await take('8-1', seen)
    expect(holders()).toEqual(['8-1', '8-1'])
    await expect(take('9-1', seen)).rejects.toThrow('another run is releasing here right now: 8-1')
    expect(clock.now()).toBeGreaterThan(0)
  })

  it('count as unseen where they could not be read', async () => {
    const { cluster } = open()
    const broken = cluster.connect({
      before: () => {
        throw new Error('no right to it')
      }
    })
    expect(await readLeases(REFS, { cluster: broken })).toEqual([undefined, undefined])
  })
})
