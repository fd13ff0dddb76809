import { describe, expect, it } from '@jest/globals'
import type { Release } from '../../../src/domain/record.ts'
import { parseStep } from '../../../src/inputs/step.ts'
import type { LimitRange, ResourceQuota } from '../../../src/kubernetes/limits.ts'
import type { Deployment, Pod, Resources } from '../../../src/kubernetes/objects.ts'
import type { ObservedRoute } from '../../../src/observe/observed.ts'
import type { Demand } from '../../../src/plan/demand.ts'
import { methodFor, methodOf } from '../../../src/plan/method.ts'
import { ALL_AT_ONCE } from '../../../src/plan/progressive.ts'
import { limitFaults, quotaFaults } from '../../../src/preflight/quota-demand.ts'
import { NAMESPACE, workload } from '../../scenarios/scene.ts'
import { observed } from '../plan/observed.ts'

const HALF: Resources = { requests: { cpu: '500m', memory: '256Mi' }, limits: { memory: '512Mi' } }

function sized(name: string, replicas: number, resources: Resources = HALF, rollout = {}): Deployment {
  const deployment = workload(name, { replicas })
  const { template } = deployment.spec
  const containers = template.spec.containers.map((container) => ({ ...container, resources }))
  return {
    ...deployment,
    spec: { ...deployment.spec, ...rollout, template: { ...template, spec: { containers } } }
  }
}

const quota = (
  hard: Readonly<Record<string, string>>,
  used: Readonly<Record<string, string>>,
  spec: ResourceQuota['spec'] = {}
): ResourceQuota => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name: 'team', namespace: NAMESPACE },
  spec: { hard, ...spec },
  status: { hard, used }
})

const release = (strategy?: Release['strategy']): Release =>
  (strategy === undefined ? {} : { strategy }) as Release

const steps = (...lines: string[]) =>
  lines.map((line) => {
    const parsed = parseStep(line)
    if ('problem' in parsed) throw new Error(parsed.problem)
    return parsed.value
  })

const beside = (
  canary: Deployment,
  lines: string[] = [],
  others = {},
  routes: readonly ObservedRoute[] = []
) =>
  methodOf(release()).demand(
    { canary, release: release(), steps: lines.length === 0 ? ALL_AT_ONCE : steps(...lines), routes },
    observed({ deployment: sized('web', 3), others })
  )

const inPlace = (strategy: 'rolling' | 'recreate', canary: Deployment): Demand =>
  methodFor(strategy).demand(
    { canary, release: release(strategy), steps: [], routes: [] },
    observed({ deployment: sized('web', 3) })
  )

describe('a release asks for', () => {
  it.each<[string, Demand, Demand['moments']]>([
    ['a second full set at once', beside(sized('web-green', 3)), [{ added: 3, replaced: 0 }]],
    [
      'its largest step by numbers of pods, which is more than a full set',
      beside(sized('web-green', 1), ['10% for 1m', '60% for 1m', '100%']),
      [{ added: 5, replaced: 0 }]
    ],
    [
      'a full set in the end on a route',
      beside(sized('web-green', 1), ['10% for 1m', '60% for 1m', '100%'], {}, [{} as ObservedRoute]),
      [{ added: 3, replaced: 0 }]
    ],
    [
      'less where the slot has pods',
      beside(sized('web-green', 3), [], { green: sized('web-green', 2) }),
      [{ added: 1, replaced: 2 }]
    ],
    [
      'all where it has none',
      beside(sized('web-green', 3), [], { green: sized('web-green', 0) }),
      [{ added: 3, replaced: 0 }]
    ],
    [
      'a quarter more, rounded up, one after the other',
      inPlace('rolling', sized('web', 3)),
      [
        { added: 0, replaced: 3 },
        { added: 1, replaced: 0 }
      ]
    ],
    [
      'its own surge',
      inPlace('rolling', sized('web', 3, HALF, { strategy: { rollingUpdate: { maxSurge: 2 } } })),
      [
        { added: 0, replaced: 3 },
        { added: 2, replaced: 0 }
      ]
    ],
    [
      'its own surge in per cent',
      inPlace('rolling', sized('web', 3, HALF, { strategy: { rollingUpdate: { maxSurge: '100%' } } })),
      [
        { added: 0, replaced: 3 },
        { added: 3, replaced: 0 }
      ]
    ],
    [
      'no surge where a pod may be missing',
      inPlace('rolling', sized('web', 3, HALF, { strategy: { rollingUpdate: { maxUnavailable: 1 } } })),
      [
        { added: 0, replaced: 3 },
        { added: 0, replaced: 0 }
      ]
    ],
    [
      'nothing more where the old ones end first',
      inPlace('recreate', sized('web', 3)),
      [{ added: 0, replaced: 3 }]
    ]
  ])('%s', (_, { moments }, expected) => {
    expect(moments).toEqual(expected)
  })
})

const problems = (...args: Parameters<typeof quotaFaults>): string[] =>
  quotaFaults(...args).map(({ problem }) => problem.replace(/^deployment.* in namespace shop: /, ''))

describe('a quota', () => {
  const three = beside(sized('web-green', 3))

  it('is told with all figures, and the one that would do', () => {
    expect(quotaFaults(three, [quota({ 'requests.cpu': '2' }, { 'requests.cpu': '1500m' })], [])).toEqual([
      {
        input: 'workload',
        problem:
          'deployment/web-green does not fit into resourcequota/team in namespace shop: requests.cpu: 1500m more are wanted (500m a pod), 1500m of 2 are in use',
        example: 'requests.cpu: "3" in spec.hard of that quota'
      }
    ])
  })

  it.each<[string, Demand, ResourceQuota, string[]]>([
    ['that is just enough', three, quota({ 'requests.cpu': '3' }, { 'requests.cpu': '1500m' }), []],
    [
      'of cpu means requests',
      three,
      quota({ cpu: '2' }, { cpu: '1500m' }),
      ['cpu: 1500m more are wanted (500m a pod), 1500m of 2 are in use']
    ],
    [
      'of memory',
      three,
      quota({ 'requests.memory': '1Gi' }, { 'requests.memory': '768Mi' }),
      ['requests.memory: 768Mi more are wanted (256Mi a pod), 768Mi of 1Gi are in use']
    ],
    [
      'of memory limits',
      three,
      quota({ 'limits.memory': '2Gi' }, { 'limits.memory': '1536Mi' }),
      ['limits.memory: 1536Mi more are wanted (512Mi a pod), 1536Mi of 2Gi are in use']
    ],
    ['of cpu limits that nobody sets', three, quota({ 'limits.cpu': '1' }, { 'limits.cpu': '1' }), []],
    [
      'of pods',
      three,
      quota({ pods: '5' }, { pods: '3' }),
      ['pods: 3 more are wanted (1 a pod), 3 of 5 are in use']
    ],
    [
      'of counted pods',
      three,
      quota({ 'count/pods': '5' }, { 'count/pods': '3' }),
      ['count/pods: 3 more are wanted (1 a pod), 3 of 5 are in use']
    ],
    ['of something else', three, quota({ 'count/secrets': '1' }, { 'count/secrets': '1' }), []],
    ['that cannot be read', three, quota({ pods: 'five' }, { pods: '3' }), []],
    ['for some pods only', three, quota({ pods: '5' }, { pods: '3' }, { scopes: ['NotTerminating'] }), []],
    ['for a class of pods', three, quota({ pods: '5' }, { pods: '3' }, { scopeSelector: {} }), []],
    [
      'exceeded already, for pods that take no more',
      inPlace('recreate', sized('web', 3)),
      quota({ 'requests.cpu': '1' }, { 'requests.cpu': '1500m' }),
      []
    ],
    [
      'for larger pods in place',
      inPlace('recreate', sized('web', 3, { requests: { cpu: '1' } })),
      quota({ 'requests.cpu': '2' }, { 'requests.cpu': '1500m' }),
      ['requests.cpu: 1500m more are wanted (1 a pod), 1500m of 2 are in use']
    ],
    [
      'without room for the surge',
      inPlace('rolling', sized('web', 3)),
      quota({ pods: '3' }, { pods: '3' }),
      ['pods: 1 more are wanted (1 a pod), 3 of 3 are in use']
    ],
    [
      'with room for the surge alone',
      inPlace('rolling', sized('web', 3)),
      quota({ pods: '4' }, { pods: '3' }),
      []
    ]
  ])('%s', (_, demand, one, expected) => {
    expect(problems(demand, [one], [])).toEqual(expected)
  })

  it('counts what a LimitRange gives', () => {
    const bare = beside(sized('web-green', 3, {}))
    const tight = quota({ 'requests.cpu': '2' }, { 'requests.cpu': '1' })
    expect(problems(bare, [tight], [])).toEqual([])
    expect(
      problems(bare, [tight], [limits('Container', {}, { defaultRequest: { cpu: '400m' } })])
    ).toHaveLength(1)
  })

  it('has the room of what an earlier release has left, which ends first', () => {
    const tight = quota({ 'requests.cpu': '4' }, { 'requests.cpu': '4' })
    const left = { blue: sized('web-blue', 3) }
    const demand = (leftovers: readonly string[]): Demand =>
      methodOf(release()).demand(
        { canary: sized('web-green', 3), release: release(), steps: ALL_AT_ONCE, routes: [], leftovers },
        observed({ deployment: sized('web', 3), others: left })
      )
    expect(problems(demand([]), [tight], [])).toHaveLength(1)
    expect(problems(demand(['web-blue']), [tight], [])).toEqual([])
  })

  it('has the room of pods that are just ending', () => {
    const tight = quota({ 'requests.cpu': '2' }, { 'requests.cpu': '1' })
    const ending = { spec: sized('web', 1).spec.template.spec } as Pod
    expect(problems(three, [tight], [])).toHaveLength(1)
    expect(problems(three, [tight], [], [ending])).toEqual([])
  })
})

const limits = (
  type: string,
  max: Readonly<Record<string, string>>,
  more: Readonly<Record<string, Readonly<Record<string, string>>>> = {}
): LimitRange => ({
  apiVersion: 'v1',
  kind: 'LimitRange',
  metadata: { name: 'team', namespace: NAMESPACE },
  spec: { limits: [{ type, max, ...more }] }
})

describe('a LimitRange', () => {
  const demand = beside(sized('web-green', 3))

  it.each<[string, Demand, LimitRange, string | undefined]>([
    [
      'for containers, with a limit above it',
      demand,
      limits('Container', { memory: '256Mi' }),
      'container web of deployment/web-green would have limits.memory of 512Mi, and limitrange/team in namespace shop allows memory up to 256Mi'
    ],
    [
      'for containers, with a request above it',
      demand,
      limits('Container', { cpu: '100m' }),
      'container web of deployment/web-green would have requests.cpu of 500m, and limitrange/team in namespace shop allows cpu up to 100m'
    ],
    [
      'for pods',
      demand,
      limits('Pod', { memory: '500Mi' }),
      'a pod of deployment/web-green would have limits.memory of 512Mi, and limitrange/team in namespace shop allows memory up to 500Mi'
    ],
    ['that is just enough', demand, limits('Container', { memory: '512Mi', cpu: '500m' }), undefined],
    ['of volumes', demand, limits('PersistentVolumeClaim', { storage: '1Gi' }), undefined]
  ])('%s', (_, one, range, expected) => {
    expect(limitFaults(one, [range]).map(({ problem }) => problem)).toEqual(
      expected === undefined ? [] : [expected]
    )
  })
})
