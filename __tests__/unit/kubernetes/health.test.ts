import { describe, expect, it } from '@jest/globals'
import { health, isEnding, isReady, resolvePort } from '../../../src/kubernetes/health.ts'
import type { Condition, ContainerState, Deployment, Pod } from '../../../src/kubernetes/objects.ts'
import { EPOCH } from '../../support/fake-clock.ts'
import { workload } from '../core/scene.ts'

const seconds = (count: number): string => new Date(EPOCH + count * 1000).toISOString()

/** A Deployment of two pods that its controller has brought up. */
const deployment = (changes: Partial<NonNullable<Deployment['status']>> = {}, replicas = 2): Deployment => {
  const bare = workload('web', { replicas })
  return {
    ...bare,
    metadata: { ...bare.metadata, generation: 4 },
    status: {
      observedGeneration: 4,
      replicas,
      updatedReplicas: replicas,
      readyReplicas: replicas,
      availableReplicas: replicas,
      ...changes
    }
  }
}

interface PodOptions {
  readonly owner?: string
  readonly hash?: string
  readonly ready?: boolean
  readonly phase?: string
  readonly ending?: boolean
  readonly conditions?: readonly Condition[]
  readonly container?: ContainerState
  readonly last?: ContainerState
  readonly init?: ContainerState
  readonly gate?: string
}

const pod = (name: string, options: PodOptions = {}): Pod => {
  const { owner = 'web', hash = 'aaa', ready = false, phase = 'Running', conditions = [] } = options
  const { container, last, init, gate, ending = false } = options
  const status = { ready, restartCount: 0 }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      labels: { app: 'web', 'pod-template-hash': hash },
      ownerReferences: [{ kind: 'ReplicaSet', name: `${owner}-${hash}`, uid: hash }],
      ...(ending ? { deletionTimestamp: seconds(0) } : {})
    },
    spec: { ...workload().spec.template.spec, ...(gate && { readinessGates: [{ conditionType: gate }] }) },
    status: {
      phase,
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }, ...conditions],
      ...(init && { initContainerStatuses: [{ ...status, name: 'migrate', state: init }] }),
      containerStatuses: [
        { ...status, name: 'web', ...(container && { state: container }), ...(last && { lastState: last }) }
      ]
    }
  }
}
const ready = (name: string, options: PodOptions = {}): Pod => pod(name, { ready: true, ...options })
const two = [ready('a'), ready('b')]

/** Judged so many seconds after the watching has begun. */
const judge = (object: Deployment, pods: readonly Pod[], after = 0) =>
  health(object, pods, EPOCH + after * 1000, EPOCH)

describe('a Deployment is ready', () => {
  it('with its pods and their template', () => {
    expect(judge(deployment(), two)).toEqual({ state: 'ready', pods: two, hash: 'aaa' })
  })

  it.each<[string, readonly Pod[]]>([
    [
      'pods of another Deployment with the same labels',
      [
        ready('c', { owner: 'web-green' }),
        pod('d', { owner: 'web-green', container: { waiting: { reason: 'CrashLoopBackOff' } } })
      ]
    ],
    ['pods of nobody', [{ ...ready('c'), metadata: { name: 'c', labels: { app: 'web' } } }]],
    ['pods that are ending', [ready('c', { ending: true })]],
    ['pods that were evicted', [pod('c', { phase: 'Failed' })]],
    ['pods that have done their work', [pod('c', { phase: 'Succeeded' })]]
  ])('whatever else there is: %s', (_, others) => {
    expect(judge(deployment(), [...two, ...others])).toMatchObject({ state: 'ready', pods: two })
  })

  it('with no pod when none is wanted', () => {
    expect(judge(deployment({}, 0), [])).toEqual({ state: 'ready', pods: [], hash: '' })
  })

  it('with one pod when it does not say how many', () => {
    const { replicas: _, ...spec } = deployment({}, 1).spec
    expect(judge({ ...deployment({}, 1), spec }, [ready('a')]).state).toBe('ready')
  })
})

describe('a Deployment is not ready yet', () => {
  it.each<[string, Deployment, readonly Pod[]]>([
    ['its controller has not seen the last change', deployment({ observedGeneration: 3 }), two],
    ['its controller has not said anything', { ...deployment(), status: {} }, two],
    ['not every pod is of the new template', deployment({ updatedReplicas: 1 }), two],
    ['pods of the old template are left', deployment({ replicas: 3 }), two],
    ['a pod has not been ready for minReadySeconds', deployment({ availableReplicas: 1 }), two],
    ['a pod is missing', deployment(), [ready('a')]],
    ['a pod is not ready', deployment(), [ready('a'), pod('b')]],
    ['a pod too many is there', deployment(), [...two, ready('c')]],
    ['two templates are there', deployment(), [ready('a'), ready('b', { hash: 'bbb' })]]
  ])('while %s', (_, object, pods) => {
    expect(judge(object, pods).state).toBe('progressing')
  })

  it.each<[string, readonly Pod[], string]>([
    ['nothing', [], '0 of 2 pods ready'],
    [
      'a container',
      [ready('a'), pod('b', { container: { waiting: { reason: 'ContainerCreating' } } })],
      '1 of 2 pods ready; b waits: web ContainerCreating'
    ],
    [
      'an init container',
      [pod('b', { init: { waiting: { reason: 'PodInitializing' } } })],
      '0 of 2 pods ready; b waits: migrate PodInitializing'
    ],
    [
      'a readiness gate',
      [pod('b', { gate: 'lb/target' })],
      '0 of 2 pods ready; b waits for readiness gate lb/target'
    ],
    ['its readiness probe', [pod('b')], '0 of 2 pods ready; b runs but is not ready'],
    ['a node', [pod('b', { phase: 'Pending' })], '0 of 2 pods ready; b is Pending']
  ])('and says what it waits for: %s', (_, pods, summary) => {
    expect(judge(deployment({ availableReplicas: 0 }), pods)).toMatchObject({ state: 'progressing', summary })
  })
})

const waits = (reason: string, message = '') => pod('b', { container: { waiting: { reason, message } } })

describe('a Deployment is doomed at once', () => {
  it.each<[string, Pod, string]>([
    ['InvalidImageName', waits('InvalidImageName', 'cannot parse'), 'container web: cannot parse'],
    ['ErrImageNeverPull', waits('ErrImageNeverPull', 'not present'), 'container web: not present'],
    [
      'CreateContainerConfigError',
      waits('CreateContainerConfigError', 'secret "db" not found'),
      'container web: secret "db" not found'
    ],
    ['CreateContainerError', waits('CreateContainerError', 'no command'), 'container web: no command'],
    ['RunContainerError', waits('RunContainerError', 'exec: not found'), 'container web: exec: not found'],
    ['CrashLoopBackOff', waits('CrashLoopBackOff', 'back-off 10s'), 'container web keeps crashing'],
    [
      'CrashLoopBackOff',
      pod('b', {
        container: { waiting: { reason: 'CrashLoopBackOff' } },
        last: { terminated: { exitCode: 137, reason: 'OOMKilled' } }
      }),
      'container web keeps crashing: exit code 137 (OOMKilled)'
    ],
    [
      'CrashLoopBackOff',
      pod('b', { init: { waiting: { reason: 'CrashLoopBackOff' } } }),
      'container migrate keeps crashing'
    ],
    ...[
      'manifest unknown',
      'pull access denied',
      'unauthorized',
      'Unauthorised',
      '403 Forbidden',
      'lookup ghcr.io: no such host',
      'repository does not exist'
    ].map((message): [string, Pod, string] => [
      'ErrImagePull',
      waits('ErrImagePull', message),
      `container web: ${message}`
    ])
  ])('by %s of a container', (reason, sick, message) => {
    const object = deployment({ availableReplicas: 1 })
    expect(judge(object, [ready('a'), sick])).toEqual({ state: 'doomed', reason, message, pod: sick })
  })

  it('by the progress deadline', () => {
    const conditions = [
      { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'too slow' }
    ]
    const object = deployment({ availableReplicas: 1, conditions })
    expect(judge(object, two)).toEqual({
      state: 'doomed',
      reason: 'ProgressDeadlineExceeded',
      message: 'too slow'
    })
  })

  it('but not by a deadline that was exceeded before the last change', () => {
    const conditions = [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }]
    expect(judge(deployment({ observedGeneration: 3, conditions }), two).state).toBe('progressing')
  })

  it('but not by a container of a pod that is ending', () => {
    const ending = pod('b', { ending: true, container: { waiting: { reason: 'CrashLoopBackOff' } } })
    expect(judge(deployment({ availableReplicas: 1 }), [ready('a'), ending]).state).toBe('progressing')
  })
})

describe('a Deployment is doomed after a grace, which begins when it began, but not before we watched:', () => {
  const unschedulable = (since?: number) =>
    pod('b', {
      conditions: [
        {
          type: 'PodScheduled',
          status: 'False',
          reason: 'Unschedulable',
          message: '0/3 nodes',
          ...(since === undefined ? {} : { lastTransitionTime: seconds(since) })
        }
      ]
    })
  const quota = (since: number) =>
    deployment({
      availableReplicas: 1,
      conditions: [
        {
          type: 'ReplicaFailure',
          status: 'True',
          reason: 'FailedCreate',
          message: 'exceeded quota',
          lastTransitionTime: seconds(since)
        }
      ]
    })
  const some = deployment({ availableReplicas: 1 })

  it.each<[string, string, number, Deployment, Pod]>([
    ['a quota refuses pods', 'FailedCreate', 5, quota(0), ready('b')],
    ['a quota has refused pods for long', 'FailedCreate', 5, quota(-3600), ready('b')],
    ['a quota refuses pods later', 'FailedCreate', 25, quota(20), ready('b')],
    ['no node has room', 'Unschedulable', 10, some, unschedulable(0)],
    ['no node has had room for long', 'Unschedulable', 10, some, unschedulable(-3600)],
    ['a node loses its room later', 'Unschedulable', 30, some, unschedulable(20)],
    ['no node has room, since nobody knows when', 'Unschedulable', 10, some, unschedulable()],
    ['a registry stutters', 'ErrImagePull', 15, some, waits('ErrImagePull', 'i/o timeout')],
    [
      'a registry stutters on',
      'ImagePullBackOff',
      15,
      some,
      waits('ImagePullBackOff', 'Back-off pulling image')
    ]
  ])('%s (%s, %i s)', (_, reason, grace, object, sick) => {
    expect(judge(object, [ready('a'), sick], grace - 0.001).state).toBe('progressing')
    expect(judge(object, [ready('a'), sick], grace)).toMatchObject({ state: 'doomed', reason })
  })
})

describe('a pod', () => {
  it.each<[string, Pod, boolean, boolean]>([
    ['that is ready', ready('a'), true, false],
    ['that is not ready', pod('a'), false, false],
    ['that is ready and ending', ready('a', { ending: true }), false, true],
    ['that was evicted', pod('a', { phase: 'Failed' }), false, true],
    ['without any status', { ...pod('a'), status: {} }, false, false]
  ])('%s is ready: %p, ending: %p', (_, object, isReadyNow, isEndingNow) => {
    expect([isReady(object), isEnding(object)]).toEqual([isReadyNow, isEndingNow])
  })
})

it.each<[string, number | string | undefined, number | undefined]>([
  ['a number is that port', 9000, 9000],
  ['none is the port of the Service', undefined, 80],
  ['a name is the container port that has it', 'http', 8080],
  ['a name that no container has is none', 'grpc', undefined]
])('the port of the pods that a target port leads to: %s', (_, targetPort, expected) => {
  expect(resolvePort(targetPort, 80, workload().spec.template.spec.containers)).toBe(expected)
})
