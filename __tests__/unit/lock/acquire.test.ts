import { afterEach, describe, expect, it } from '@jest/globals'
import { ClusterError, TakenOver } from '../../../src/base/errors.ts'
import type { Lease } from '../../../src/kubernetes/objects.ts'
import { acquire, LockedError } from '../../../src/lock/acquire.ts'
import { EPOCH, FakeClock } from '../../support/memory/fake-clock.ts'
import { MemoryCluster, type Hooks } from '../../support/memory/memory-cluster.ts'

const ref = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  namespace: 'shop',
  name: 'greenlight-service-web'
}
const none = (): void => undefined

const clocks: FakeClock[] = []
afterEach(() => {
  for (const clock of clocks.splice(0)) clock.stop()
})

function open() {
  const clock = new FakeClock({ auto: true })
  clocks.push(clock)
  const cluster = new MemoryCluster(clock)
  const lines: string[] = []
  const line = (text: string): void => void lines.push(text)
  const log = { group: none, endGroup: none, line, warning: line, error: line, quote: line }
  const take = (id: string, hooks: Hooks = {}, signal = new AbortController().signal) =>
    acquire(ref, { id, run: `https://ci/${id}` }, { cluster: cluster.connect(hooks), clock, log }, signal)
  const lease = () => cluster.read<Lease>(ref)
  /** Writes a Lease as a run would have left it. */
  const left = (spec: NonNullable<Lease['spec']>) =>
    cluster.create({
      apiVersion: ref.apiVersion,
      kind: ref.kind,
      metadata: { name: ref.name, namespace: ref.namespace },
      spec
    })
  return { clock, cluster, lines, take, lease, left }
}

describe('a lock that nobody has', () => {
  it('is taken, with the name and address of the run', async () => {
    const { take, lease } = open()
    const { lost } = await take('7-1')
    expect(lost.aborted).toBe(false)
    expect(lease()).toMatchObject({
      metadata: { annotations: { 'greenlight.dev/run': 'https://ci/7-1' } },
      spec: { holderIdentity: '7-1', leaseDurationSeconds: 15, leaseTransitions: 0 }
    })
    expect(lease()?.spec?.renewTime).toMatch(/^2026-11-03T14:00:00\.\d{6}Z$/)
  })

  it('is taken at once after it was given back, and counts its holders', async () => {
    const { take, lease, clock } = open()
    await (await take('7-1')).release()
    expect(lease()?.spec?.holderIdentity).toBe('')
    const before = clock.now()
    await take('8-1')
    expect(clock.now() - before).toBeLessThan(100)
    expect(lease()?.spec).toMatchObject({ holderIdentity: '8-1', leaseTransitions: 1 })
  })

  it('goes to one of two that come at once', async () => {
    const { take, lease } = open()
    const [one, other] = await Promise.allSettled([take('7-1'), take('8-1')])
    expect([one.status, other.status].sort()).toEqual(['fulfilled', 'rejected'])
    const refused = [one, other].find((result) => result.status === 'rejected')
    expect(refused?.reason).toBeInstanceOf(LockedError)
    expect((refused?.reason as Error).message).toContain('at the same moment. Run again.')
    expect(lease()?.spec?.holderIdentity).toBe(one.status === 'fulfilled' ? '7-1' : '8-1')
  })

  it('goes to one of two that come at once for one that was given back', async () => {
    const { take } = open()
    await (await take('6-1')).release()
    const results = await Promise.allSettled([take('7-1'), take('8-1')])
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })
})

describe('a lock that another run has', () => {
  it('is refused as soon as that one shows that it is alive, with its name and address', async () => {
    const { take, clock } = open()
    await take('7-1')
    const before = clock.now()
    await expect(take('8-1')).rejects.toThrow(
      'another run is releasing here right now: 7-1 (https://ci/7-1) holds lease/greenlight-service-web in namespace shop. Wait for it'
    )
    expect(clock.now() - before).toBeLessThan(6500)
  })

  it('is taken over when that one has not renewed it for its whole duration by our clock', async () => {
    const { take, left, lease, clock } = open()
    left({
      holderIdentity: '7-1',
      leaseDurationSeconds: 15,
      renewTime: '2026-11-03T13:00:00.000000Z',
      leaseTransitions: 4
    })
    const before = clock.now()
    await take('8-1')
    expect(clock.now() - before).toBeGreaterThanOrEqual(15_000)
    expect(clock.now() - before).toBeLessThan(17_000)
    expect(lease()?.spec).toMatchObject({ holderIdentity: '8-1', leaseTransitions: 5 })
  })

  it.each([
    ['an hour behind', '2026-11-03T13:00:00.000000Z'],
    ['an hour ahead', '2026-11-03T15:00:00.000000Z']
  ])('is not taken from one whose clock is %s', async (_, renewTime) => {
    const { take, left, cluster, clock } = open()
    left({ holderIdentity: '7-1', leaseDurationSeconds: 15, renewTime })
    void clock.sleep(9000).then(() => {
      cluster.patch(ref, [{ op: 'replace', path: '/spec/renewTime', value: renewTime.replace('00.', '05.') }])
    })
    await expect(take('8-1')).rejects.toBeInstanceOf(LockedError)
  })

  it('is waited for as long as that one has asked for', async () => {
    const { take, left, clock } = open()
    left({ holderIdentity: '7-1', leaseDurationSeconds: 40, renewTime: 'then' })
    await take('8-1')
    expect(clock.now() - EPOCH).toBeGreaterThanOrEqual(40_000)
  })

  it.each([
    ['gives it back', { op: 'replace', path: '/spec/holderIdentity', value: '' }],
    ['is replaced by nobody', { op: 'remove', path: '/spec/holderIdentity' }]
  ] as const)('is free as soon as that one %s', async (_, operation) => {
    const { take, left, cluster, clock } = open()
    left({ holderIdentity: '7-1', renewTime: 'then' })
    void clock.sleep(3000).then(() => cluster.patch(ref, [operation]))
    await take('8-1')
    expect(clock.now() - EPOCH).toBeLessThan(5000)
  })

  it.each<[string, unknown, number]>([
    ['for ever', 2_147_483_647, 60],
    ['no time at all', 0, 15],
    ['less than that', -5, 15],
    ['not a number', 'long', 15],
    ['nothing', null, 15],
    ['one second', 1, 1]
  ])('and dead, that asks for %s, is waited for as long as one may', async (_, seconds, waited) => {
    const { take, left, clock } = open()
    left({ holderIdentity: '7-1', renewTime: 'then', leaseDurationSeconds: seconds as number })
    const before = clock.now()
    await take('8-1')
    expect((clock.now() - before) / 1000).toBeGreaterThanOrEqual(waited)
    expect((clock.now() - before) / 1000).toBeLessThan(waited + 2)
  })

  it.each([0, -1])('and alive, that asks for %i s, is not taken from it', async (leaseDurationSeconds) => {
    const { take, clock, cluster, lease } = open()
    await take('7-1')
    await clock.sleep(100)
    const live = lease()
    cluster.replace({ ...live, spec: { ...live?.spec, leaseDurationSeconds } } as Lease)
    await expect(take('8-1')).rejects.toBeInstanceOf(LockedError)
  })

  it.each<[string, object | null]>([
    ['no spec', null],
    ['a name that is none', { holderIdentity: 5, renewTime: {}, leaseTransitions: 'many' }],
    ['nulls', { holderIdentity: null, renewTime: null, leaseTransitions: null, leaseDurationSeconds: null }],
    ['lists', { holderIdentity: [], renewTime: [], leaseTransitions: [1], leaseDurationSeconds: [] }]
  ])('but says it by %s, is taken in the end, and written right', async (_, spec) => {
    const { take, left, lease } = open()
    left(spec as NonNullable<Lease['spec']>)
    await take('8-1')
    expect(lease()?.spec).toMatchObject({ holderIdentity: '8-1', leaseDurationSeconds: 15 })
    expect(lease()?.spec?.leaseTransitions).toBe(1)
  })

  it('is made anew when somebody deletes it', async () => {
    const { take, left, cluster, clock, lease } = open()
    left({ holderIdentity: '7-1', renewTime: 'then' })
    void clock.sleep(3000).then(() => {
      cluster.remove(ref)
    })
    await take('8-1')
    expect(lease()?.spec?.holderIdentity).toBe('8-1')
  })

  it('goes to one of two that wait for its death', async () => {
    const { take, left } = open()
    left({ holderIdentity: '6-1', renewTime: 'then' })
    const results = await Promise.allSettled([take('7-1'), take('8-1')])
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(
      results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
    ).toEqual([expect.any(LockedError)])
  })

  it('is waited for no longer than the run lives', async () => {
    const { take, left, clock } = open()
    left({ holderIdentity: '7-1', renewTime: 'then' })
    const cancelled = new AbortController()
    void clock.sleep(2500).then(() => {
      cancelled.abort(new Error('cancelled'))
    })
    await expect(take('8-1', {}, cancelled.signal)).rejects.toThrow('cancelled')
    expect(clock.now() - EPOCH).toBeLessThan(3000)
  })

  it('is no other when it is the same run, that comes back to tidy up', async () => {
    const { take, left, clock } = open()
    left({ holderIdentity: '7-1', renewTime: 'then', leaseTransitions: 2 })
    await take('7-1')
    expect(clock.now() - EPOCH).toBeLessThan(100)
  })
})

describe('a lock that we have', () => {
  it('is renewed every five seconds', async () => {
    const { take, lease, clock } = open()
    await take('7-1')
    await clock.sleep(21_000)
    expect(lease()?.spec?.renewTime).toMatch(/^2026-11-03T14:00:20/)
    expect(lease()?.spec?.acquireTime).toMatch(/^2026-11-03T14:00:00/)
  })

  it('is lost when another run has taken it, and is not given back then', async () => {
    const { take, lease, cluster, clock } = open()
    const lock = await take('7-1')
    cluster.patch(ref, [{ op: 'replace', path: '/spec/holderIdentity', value: '8-1' }])
    await clock.sleep(6000)
    expect(lock.lost.aborted).toBe(true)
    expect(lock.lost.reason).toBeInstanceOf(TakenOver)
    await lock.release()
    expect(lease()?.spec?.holderIdentity).toBe('8-1')
  })

  it('is kept through a time in which the cluster does not answer', async () => {
    const { take, lease, clock, lines } = open()
    const before = (): void => {
      const seconds = (clock.now() - EPOCH) / 1000
      if (seconds > 4 && seconds < 12) throw new ClusterError('no answer', 0)
    }
    const lock = await take('7-1', { before })
    await clock.sleep(16_000)
    expect(lock.lost.aborted).toBe(false)
    expect(lease()?.spec?.renewTime).toMatch(/^2026-11-03T14:00:15/)
    expect(lines).toEqual(Array(2).fill('the lock could not be renewed, trying again: no answer'))
  })

  it('is kept when the renewal has arrived and only its answer is lost', async () => {
    const { take, clock } = open()
    let renewals = 0
    const after = ({ verb }: { verb: string }): void => {
      if (verb === 'replace' && (renewals += 1) === 1) throw new ClusterError('no answer', 0)
    }
    const lock = await take('7-1', { after })
    await clock.sleep(16_000)
    expect(lock.lost.aborted).toBe(false)
  })

  it('is made anew when somebody deletes it', async () => {
    const { take, lease, cluster, clock } = open()
    const lock = await take('7-1')
    cluster.remove(ref)
    await clock.sleep(6000)
    expect(lock.lost.aborted).toBe(false)
    expect(lease()?.spec).toMatchObject({ holderIdentity: '7-1', leaseDurationSeconds: 15 })
    await expect(take('8-1')).rejects.toBeInstanceOf(LockedError)
    await lock.release()
    expect(lease()?.spec?.holderIdentity).toBe('')
  })

  it('is lost when somebody deletes it and another run is there first', async () => {
    const { take, lease, cluster, clock } = open()
    const lock = await take('7-1')
    cluster.remove(ref)
    await take('8-1')
    await clock.sleep(6000)
    expect(lock.lost.reason).toEqual(
      new TakenOver(
        'another run (8-1) has taken over lease/greenlight-service-web: this one changes nothing any more'
      )
    )
    await lock.release()
    expect(lease()?.spec?.holderIdentity).toBe('8-1')
  })

  it.each([
    ['clears it', { op: 'replace', path: '/spec/holderIdentity', value: '' }],
    ['takes its holder out', { op: 'remove', path: '/spec/holderIdentity' }]
  ] as const)('is taken again when somebody %s by hand', async (_, operation) => {
    const { take, lease, cluster, clock, lines } = open()
    const lock = await take('7-1')
    cluster.patch(ref, [operation])
    await clock.sleep(11_000)
    expect(lock.lost.aborted).toBe(false)
    expect(lease()?.spec).toMatchObject({ holderIdentity: '7-1', leaseTransitions: 1 })
    expect(lease()?.spec?.renewTime).toMatch(/^2026-11-03T14:00:10/)
    expect(lines).toEqual([
      'somebody has taken lease/greenlight-service-web from this run by hand: it takes it again'
    ])
  })

  it('is taken again when it is cleared, and deleted while we look at it', async () => {
    const { take, lease, cluster, clock } = open()
    const lock = await take('7-1', {
      before: ({ verb }) => {
        if (verb === 'get' && lease() !== undefined) cluster.remove(ref)
      }
    })
    cluster.patch(ref, [{ op: 'replace', path: '/spec/holderIdentity', value: '' }])
    await clock.sleep(6000)
    expect(lock.lost.aborted).toBe(false)
    expect(lease()?.spec?.holderIdentity).toBe('7-1')
  })

  it.each([
    ['took it while we slept', (cluster: MemoryCluster) => cluster],
    [
      'made it anew while we slept',
      (cluster: MemoryCluster) => {
        cluster.remove(ref)
      }
    ]
  ])('is lost when another run %s, and is over by now', async (_, before) => {
    const { take, left, lease, cluster, clock } = open()
    const slow = { sleeps: false }
    const lock = await take('7-1', {
      before: async ({ verb }) => {
        if (verb === 'replace' && slow.sleeps) await clock.sleep(30_000)
      }
    })
    slow.sleeps = true
    before(cluster)
    if (lease() === undefined) left({ holderIdentity: '' })
    await clock.sleep(5500)
    await (await take('8-1')).release()
    await clock.sleep(40_000)
    expect(lock.lost.reason).toEqual(
      new TakenOver(
        'another run has taken over lease/greenlight-service-web: this one changes nothing any more'
      )
    )
  })

  it('is given back although somebody has put a label on it', async () => {
    const { take, lease, cluster } = open()
    const lock = await take('7-1')
    cluster.patch(ref, [{ op: 'add', path: '/metadata/labels', value: { backup: 'no' } }])
    await lock.release()
    expect(lease()).toMatchObject({ metadata: { labels: { backup: 'no' } }, spec: { holderIdentity: '' } })
  })

  it('is not taken from another run by giving it back', async () => {
    const { take, lease, cluster } = open()
    const lock = await take('7-1')
    cluster.patch(ref, [{ op: 'replace', path: '/spec/holderIdentity', value: '8-1' }])
    await lock.release()
    expect(lease()?.spec?.holderIdentity).toBe('8-1')
  })

  it('is given back in the middle of a renewal', async () => {
    const { take, lease, clock } = open()
    const lock = await take('7-1')
    await clock.sleep(4999)
    await lock.release()
    expect(lease()?.spec?.holderIdentity).toBe('')
    await clock.sleep(20_000)
    expect(lease()?.spec?.holderIdentity).toBe('')
  })
})
