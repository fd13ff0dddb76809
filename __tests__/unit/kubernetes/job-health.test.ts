import { describe, expect, it } from '@jest/globals'
import { jobHealth } from '../../../src/kubernetes/job-health.ts'
import { JOB, type Job } from '../../../src/kubernetes/job.ts'
import type { ClusterEvent, ContainerStatus, Pod } from '../../../src/kubernetes/objects.ts'

const job = (status: Job['status'] = {}, spec: Partial<Job['spec']> = {}): Job => ({
  ...JOB,
  metadata: { name: 'migrate-1-1', namespace: 'shop' },
  spec: { template: { spec: { containers: [] } }, ...spec },
  status
})

const pod = (state: ContainerStatus['state'], restartCount = 0): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'migrate-1-1-x', uid: 'x' },
  spec: { containers: [] },
  status: {
    phase: 'Pending',
    containerStatuses: [
      { name: 'migrate', ready: false, restartCount, ...(state === undefined ? {} : { state }) }
    ]
  }
})

const waits = (reason: string, message = '', restarts = 0): Pod =>
  pod({ waiting: { reason, message } }, restarts)

const event = (reason: string, message: string): ClusterEvent => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: 'one' },
  reason,
  message,
  type: 'Warning',
  involvedObject: { kind: 'Job', name: 'migrate-1-1' },
  lastTimestamp: '2026-11-27T09:00:00Z'
})

/** After so many milliseconds of whatever is wrong. */
const after = (
  milliseconds: number,
  pods: readonly Pod[],
  one = job(),
  events: readonly ClusterEvent[] = []
) => jobHealth(one, pods, { lasting: () => milliseconds, events })

describe('the health of a Job', () => {
  it('is what its controller says of its end', () => {
    const ended = (type: string) =>
      job({ conditions: [{ type, status: 'True', reason: 'Why', message: 'words' }] })
    expect(after(0, [], ended('Complete'))).toEqual({ state: 'complete' })
    expect(after(0, [], ended('Failed'))).toEqual({ state: 'failed', why: 'Why: words' })
    for (const one of [job({ conditions: null }), ended('FailureTarget'), job({})])
      expect(after(0, [pod({ running: {} })], one).state).toBe('running')
  })

  it('is hopeless when no pod can begin, after the grace of what keeps it', () => {
    expect(after(0, [waits('InvalidImageName')])).toMatchObject({ state: 'doomed' })
    expect(after(0, [waits('ErrImagePull', 'manifest unknown: not found')])).toMatchObject({
      state: 'doomed'
    })
    const late = waits('CreateContainerConfigError', 'secret "db" not found')
    expect([after(0, [late]).state, after(30_000, [late]).state]).toEqual(['running', 'doomed'])
  })

  it('is its own matter where a pod crashes: backoffLimit says how often', () => {
    expect(after(600_000, [waits('CrashLoopBackOff', '', 5)]).state).toBe('running')
  })

  it('is not hopeless while another pod of it runs', () => {
    expect(after(60_000, [waits('InvalidImageName'), pod({ running: {} })]).state).toBe('running')
  })

  it('is hopeless when its pods are refused', () => {
    const quota = [event('FailedCreate', 'exceeded quota: team')]
    expect(after(0, [], job(), quota).state).toBe('running')
    expect(after(20_000, [], job(), quota)).toMatchObject({
      state: 'doomed',
      trouble: { reason: 'FailedCreate', message: 'exceeded quota: team' }
    })
    expect(after(60_000, [], job(), [event('SuccessfulCreate', 'created pod')]).state).toBe('running')
  })

  it('is told while it runs', () => {
    const told = (...given: Parameters<typeof after>): unknown => {
      const health = after(...given)
      return health.state === 'running' ? health.summary : health
    }
    expect(told(0, [])).toBe('it has no pod')
    expect(told(0, [pod({ running: {} })], job({ failed: 2 }))).toBe(
      'pod migrate-1-1-x runs, 2 failed before'
    )
    expect(told(0, [waits('ContainerCreating')])).toBe('pod migrate-1-1-x is being made')
    expect(told(0, [], job({}, { suspend: true }))).toBe('it is suspended')
    expect(told(0, [waits('ImagePullBackOff', 'connection refused')])).toMatch(
      /^ImagePullBackOff: container migrate/
    )
  })
})
