import { describe, expect, it } from '@jest/globals'
import { health, isEnding, isReady } from '../../../src/kubernetes/health.ts'
import type {
  ClusterEvent,
  Condition,
  ContainerState,
  Deployment,
  Pod
} from '../../../src/kubernetes/objects.ts'
import {
  CONTAINER_STATES,
  CREATION_STATES,
  EVENT_STATES,
  UNSCHEDULABLE
} from '../../../src/kubernetes/patience.ts'
import { resolvePort } from '../../../src/kubernetes/ports.ts'
import { isNodeComing } from '../../../src/kubernetes/trouble.ts'
import { workload } from '../../scenarios/scene.ts'
import { EPOCH } from '../../support/memory/fake-clock.ts'

const seconds = (count: number): string => new Date(EPOCH + count * 1000).toISOString()

/** A Deployment of two pods that its controller has brought up. */
function deployment(changes: Partial<NonNullable<Deployment['status']>> = {}, replicas = 2): Deployment {
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
  readonly restarts?: number
}

function pod(name: string, options: PodOptions = {}): Pod {
  const { owner = 'web', hash = 'aaa', ready = false, phase = 'Running', conditions = [] } = options
  const { container, last, init, gate, ending = false, restarts = 2 } = options
  const status = { ready, restartCount: restarts }
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

/** Judged when whatever is wrong has been so for so many seconds. */
const judge = (object: Deployment, pods: readonly Pod[], after = 0, events: readonly ClusterEvent[] = []) =>
  health(object, pods, { lasting: () => after * 1000, events })

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
      waits('CreateContainerConfigError', 'container has runAsNonRoot and image will run as root'),
      'container web: container has runAsNonRoot and image will run as root'
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

const unschedulable = pod('b', {
  conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes' }]
})

function refused(message: string): Deployment {
  const condition = { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }
  return deployment({ availableReplicas: 1, conditions: [condition] })
}

const some = deployment({ availableReplicas: 1 })
const crashed = (restarts: number, exit: ContainerState['terminated'] = { exitCode: 1 }) =>
  pod('b', { restarts, container: { waiting: { reason: 'CrashLoopBackOff' } }, last: { terminated: exit } })

describe('a Deployment is doomed when what often heals by itself has lasted for long:', () => {
  it.each<[string, string, number, Deployment, Pod]>([
    ['a quota refuses pods', 'FailedCreate', 20, refused('exceeded quota: small'), ready('b')],
    [
      'the pods of a webhook are not up',
      'FailedCreate',
      45,
      refused('failed calling webhook "x.y": no endpoints available for service "hooks"'),
      ready('b')
    ],
    [
      'a ServiceAccount is not there yet',
      'FailedCreate',
      45,
      refused('error looking up service account shop/web: serviceaccount "web" not found'),
      ready('b')
    ],
    [
      'a webhook denies pods',
      'FailedCreate',
      5,
      refused('admission webhook "x" denied the request'),
      ready('b')
    ],
    ['no node has room', 'Unschedulable', 30, some, unschedulable],
    ...(
      [
        ['CreateContainerConfigError', 'secret "web-db" not found', 30],
        ['CreateContainerConfigError', 'configmap "settings" not found', 30],
        ['CreateContainerConfigError', "couldn't find key url in Secret shop/web-db", 30],
        [
          'CreateContainerConfigError',
          'failed to sync secret cache: timed out waiting for the condition',
          60
        ],
        [
          'CreateContainerConfigError',
          'failed to sync configmap cache: timed out waiting for the condition',
          60
        ],
        [
          'CreateContainerConfigError',
          'services have not yet been read at least once, cannot construct envvars',
          60
        ],
        ['CreateContainerError', 'context deadline exceeded', 60],
        [
          'CreateContainerError',
          'failed to reserve container name "web_0": name "web_0" is reserved for "ab"',
          60
        ],
        ['RunContainerError', 'context deadline exceeded', 60],
        ['ErrImagePull', 'dial tcp: lookup ghcr.io on 10.0.0.10:53: no such host', 45],
        ['ErrImagePull', 'dial tcp: lookup ghcr.io on 10.0.0.10:53: server misbehaving', 45],
        ['ErrImagePull', 'net/http: TLS handshake timeout', 45],
        ['ErrImagePull', 'dial tcp 10.1.2.3:443: i/o timeout', 45],
        ['ErrImagePull', 'toomanyrequests: You have reached your pull rate limit', 45],
        [
          'ErrImagePull',
          'unexpected status from HEAD request to "https://x/v2": 503 Service Unavailable',
          45
        ],
        ['ErrImagePull', 'pull QPS exceeded', 45],
        ['ImagePullBackOff', 'Back-off pulling image "shop/not-found/denied:2"', 45]
      ] as const
    ).map(([reason, message, grace]): [string, string, number, Deployment, Pod] => [
      message,
      reason,
      grace,
      some,
      waits(reason, message)
    ]),
    ['a container has crashed twice', 'CrashLoopBackOff', 20, some, crashed(1)],
    ['and once', 'CrashLoopBackOff', 20, some, crashed(0)],
    [
      'a hook fails',
      'PostStartHookError',
      20,
      some,
      { ...pod('b', { restarts: 1, container: { waiting: { reason: 'PostStartHookError' } } }) }
    ]
  ])('%s (%s, %i s)', (_, reason, grace, object, sick) => {
    expect(judge(object, [ready('a'), sick], grace - 0.001).state).toBe('progressing')
    expect(judge(object, [ready('a'), sick], grace)).toMatchObject({ state: 'doomed', reason })
  })

  it('and at once when a container has crashed for the third time, or cannot even be started', () => {
    expect(judge(some, [ready('a'), crashed(2)]).state).toBe('doomed')
    expect(judge(some, [ready('a'), crashed(0, { exitCode: 128, reason: 'StartError' })]).state).toBe(
      'doomed'
    )
  })

  it('an init container as well', () => {
    const late = { waiting: { reason: 'CreateContainerConfigError', message: 'secret "db" not found' } }
    const sick = pod('b', { init: late, container: { waiting: { reason: 'PodInitializing' } } })
    expect(judge(some, [ready('a'), sick], 29).state).toBe('progressing')
    expect(judge(some, [ready('a'), sick], 30)).toMatchObject({
      state: 'doomed',
      message: 'container migrate: secret "db" not found'
    })
  })

  it('each pod counts for itself, from when it was first seen so', () => {
    const lasted: Readonly<Record<string, number>> = { b: 29_000, c: 30_000 }
    const sick = ['b', 'c'].map((name) => ({
      ...waits('CreateContainerConfigError', 'secret "db" not found'),
      metadata: { ...pod(name).metadata, uid: name }
    }))
    const judged = health(some, sick, { lasting: (key) => lasted[key.split('/')[0] ?? ''] ?? 0 })
    expect(judged).toMatchObject({ state: 'doomed', pod: { metadata: { name: 'c' } } })
  })
})

describe('a pod that has no container yet', () => {
  const stuck = pod('b', {
    phase: 'Pending',
    conditions: [{ type: 'PodScheduled', status: 'True' }],
    container: { waiting: { reason: 'ContainerCreating' } }
  })
  const event = (reason: string, message: string, second: number, type = 'Warning'): ClusterEvent => ({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${reason}-${second}` },
    involvedObject: { kind: 'Pod', name: 'b' },
    lastTimestamp: seconds(second),
    ...{ type, reason, message }
  })
  const missing = event(
    'FailedMount',
    'MountVolume.SetUp failed for volume "db" : secret "web-db" not found',
    8
  )

  it('is waited for 40 s when a Secret of its volumes is not there', () => {
    expect(judge(some, [ready('a'), stuck], 39, [missing])).toMatchObject({
      state: 'progressing',
      summary: expect.stringContaining('secret "web-db" not found')
    })
    expect(judge(some, [ready('a'), stuck], 40, [missing])).toMatchObject({
      state: 'doomed',
      reason: 'FailedMount',
      message: expect.stringContaining('secret "web-db" not found')
    })
  })

  it.each([
    ['FailedMount', 'driver name ebs.csi.aws.com not found in the list of registered CSI drivers'],
    ['FailedAttachVolume', 'Multi-Attach error for volume "pvc-1"'],
    ['FailedCreatePodSandBox', 'plugin type="calico" failed (add): no such file or directory']
  ])('until the timeout, which says so, by %s', (reason, message) => {
    expect(judge(some, [ready('a'), stuck], 3600, [event(reason, message, 8)])).toMatchObject({
      state: 'progressing',
      summary: expect.stringContaining(`b waits: web ContainerCreating (${reason}: ${message}`)
    })
  })

  it('and what a later event has overtaken says nothing any more', () => {
    const pulling = event('Pulling', 'Pulling image "shop/web:2"', 16, 'Normal')
    expect(judge(some, [ready('a'), stuck], 60, [pulling, missing])).toMatchObject({
      summary: '1 of 2 pods ready; b waits: web ContainerCreating'
    })
    const running = pod('b', {
      conditions: [{ type: 'PodScheduled', status: 'True' }],
      container: { running: {} }
    })
    expect(judge(some, [ready('a'), running], 60, [missing]).state).toBe('progressing')
  })

  it('is waited for while an autoscaler brings a node, and not when it has said since that it does not', () => {
    const comes = event('TriggeredScaleUp', 'pod triggered scale-up', 10, 'Normal')
    const gone = event('NotTriggerScaleUp', 'pod did not trigger scale-up', 20, 'Normal')
    const nominated = event('Nominated', 'Pod should schedule on: nodeclaim/default-x', 30, 'Normal')
    expect(isNodeComing([missing])).toBe(false)
    expect(isNodeComing([comes, missing])).toBe(true)
    expect(isNodeComing([gone, comes])).toBe(false)
    expect(isNodeComing([nominated, gone, comes])).toBe(true)
  })
})

describe('the table of states', () => {
  it('gives what cannot heal less than a minute, and says of each state who it is of and why', () => {
    const all = [...CONTAINER_STATES, ...EVENT_STATES, ...CREATION_STATES, UNSCHEDULABLE]
    for (const { source, reasons, grace, why } of all) {
      expect(reasons.length).toBeGreaterThan(0)
      expect([source, why].every((text) => text.length > 0)).toBe(true)
      expect(grace === Infinity || grace <= 60_000).toBe(true)
    }
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
  const port = { port: 80, ...(targetPort === undefined ? {} : { targetPort }) }
  expect(resolvePort(port, workload().spec.template.spec.containers)).toBe(expected)
})

it('a name leads to a port of the same protocol alone', () => {
  const containers = [
    { name: 'a', ports: [{ name: 'dns', containerPort: 5353, protocol: 'UDP' }] },
    { name: 'b', ports: [{ name: 'dns', containerPort: 5354 }] }
  ]
  expect(resolvePort({ port: 53, targetPort: 'dns', protocol: 'UDP' }, containers)).toBe(5353)
  expect(resolvePort({ port: 53, targetPort: 'dns' }, containers)).toBe(5354)
  expect(resolvePort({ port: 53, targetPort: 'dns', protocol: 'SCTP' }, containers)).toBeUndefined()
})
