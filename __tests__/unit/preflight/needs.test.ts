import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import type { InPlace, Release } from '../../../src/domain/record.ts'
import { WATCHDOG_SCRIPT } from '../../../src/execute/watchdog/script.ts'
import type { SmokeTest } from '../../../src/inputs/smoke-test.ts'
import { parseSmokeTest } from '../../../src/inputs/parse-smoke-test.ts'
import { DEFAULT_CANARY_STEPS, parseStep, type TrafficStep } from '../../../src/inputs/step.ts'
import { JOB, type Job } from '../../../src/kubernetes/job.ts'
import { parseManifests } from '../../../src/kubernetes/manifests.ts'
import type { Deployment, KubernetesObject } from '../../../src/kubernetes/objects.ts'
import { describeAllMissing, type Right, type Rule } from '../../../src/kubernetes/rights.ts'
import { OBSERVE_NEEDS } from '../../../src/observe/needs.ts'
import { NOWHERE } from '../../../src/kubernetes/ports.ts'
import { roleFileFor } from '../../../src/kubernetes/role-files.ts'
import { planFirst } from '../../../src/plan/first-steps.ts'
import { planInPlace } from '../../../src/plan/in-place.ts'
import { ALL_AT_ONCE, planProgressive } from '../../../src/plan/progressive.ts'
import { planRetirement } from '../../../src/plan/retirement.ts'
import { planRollback, planSettle } from '../../../src/plan/rollback.ts'
import type { Step } from '../../../src/plan/step.ts'
import {
  CONFIG_REMOVAL_NEEDS,
  needsOf,
  STATUS_NEEDS,
  TEMPLATE_NEEDS,
  wayBack,
  wayOut
} from '../../../src/preflight/needs.ts'
import { canaryEngine } from '../../../src/engines/canary/canary.ts'
import { rolloutEngine } from '../../../src/engines/rollout/rollout.ts'
import { needsElsewhere, needsOfDriven } from '../../../src/preflight/driven-needs.ts'
import { ROUTES as allRoutes } from '../../../src/routes/index.ts'
import type { Route } from '../../../src/routes/route.ts'
import { manifest, NAMESPACE, service, workload } from '../../scenarios/scene.ts'

/** What a watchdog takes, and may do itself. */
const WATCHDOG = 'role-watchdog.yaml'
/** What Jobs before and after a release take. */
const JOBS = 'role-jobs.yaml'
/** What preflight looks at where it may, and does without where it may not. */
const OPTIONAL = 'role-preflight.yaml'
/** What ConfigMaps and Secrets in the manifests take. */
const CONFIG = 'role-config.yaml'
/** What takes a first installation. */
const INSTALL = 'role-install.yaml'
/** Stands in the place of role.yaml where versions replace each other. */
const IN_PLACE = 'role-in-place.yaml'

/** What a workload takes that Argo Rollouts releases. */
const ROLLOUT = 'role-rollout.yaml'
/** And one that Flagger releases. */
const CANARY = 'role-canary.yaml'

const folder = new URL('../../../examples/kubernetes/', import.meta.url)

function published(file: string) {
  const { manifests, faults } = parseManifests(readFileSync(new URL(file, folder), 'utf8'), file)
  const objects = manifests.map(({ object }) => object)
  const role = objects.find(({ kind }) => kind === 'Role') as { rules?: readonly Rule[] } | undefined
  expect(faults).toEqual([])
  return { objects, rules: role?.rules ?? [] }
}

const print = ({ verb, group, resource, subresource }: Right): string =>
  `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}${group === '' ? '' : ` in ${group}`}`

const granted = (rules: readonly Rule[]): string[] =>
  rules.flatMap(({ apiGroups = [], resources = [], verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((path) => {
        const [resource = '', subresource] = path.split('/')
        return verbs.map((verb) => print({ verb, group, resource, subresource }))
      })
    )
  )

const tests = (...lines: string[]): readonly SmokeTest[] =>
  lines.map((line) => {
    const parsed = parseSmokeTest(line)
    if ('problem' in parsed) throw new Error(parsed.problem)
    return parsed.value
  })

const release = (changes: Partial<Release> = {}): Release =>
  ({
    version: 1,
    id: '7-1',
    weight: 0,
    phase: 'running',
    exposed: true,
    selectors: { before: { app: 'web' } },
    history: [],
    ...changes
  }) as Release

const fresh = workload('web-green')
const live: Deployment = { ...fresh, metadata: { ...fresh.metadata, resourceVersion: '7' } }

interface Case {
  readonly steps?: readonly TrafficStep[]
  readonly canary?: Deployment
  readonly route?: Route
  readonly autoscaler?: boolean
  readonly smokeTests?: readonly SmokeTest[]
  readonly config?: readonly KubernetesObject[]
}

const recordOf = ({ route, autoscaler = false }: Case): Release =>
  release({
    ...(route === undefined ? {} : { routes: [{ kind: route.kind, name: 'web' }] }),
    ...(autoscaler ? { autoscaler: 'web' } : {})
  })

/** The canary's Service, which does not exist yet. */
const servicesFor = ({ route }: Case) => (route === undefined ? [] : [manifest(service())])

const needsFor = (steps: readonly Step[], record: Release, { route, smokeTests = [] }: Case): string[] =>
  needsOf({
    steps: [...steps, ...wayBack(record)],
    routes: route === undefined ? [] : [route],
    smokeTests
  }).map(print)

function beside(given: Case = {}): string[] {
  const { steps: shares = ALL_AT_ONCE, canary = fresh, smokeTests = [], config = [] } = given
  const progress = { steps: shares, checks: true, bake: 1, previous: 'scale-down', drain: 1 } as const
  const manifests = [...servicesFor(given), ...config.map((object) => manifest(object))]
  const steps = planProgressive(
    { ...progress, canary, manifests, smokeTests: smokeTests.length > 0, leftovers: ['web-blue'] },
    recordOf(given)
  )
  return needsFor(steps, recordOf(given), given)
}

function inPlace(strategy: InPlace, given: Case = {}): string[] {
  const smokeTests = (given.smokeTests ?? []).length > 0
  const manifests = (given.config ?? []).map((object) => manifest(object))
  const steps = planInPlace({ canary: live, manifests, checks: true, smokeTests, bake: 1 })
  return needsFor(steps, release({ strategy }), given)
}

function back(given: Case = {}): string[] {
  const steps = planRollback(
    {
      canary: live,
      manifests: servicesFor(given),
      previous: 'scale-down',
      settled: {},
      drain: 1,
      hasRecentUsers: true
    },
    recordOf(given)
  )
  return [...needsFor(steps, recordOf(given), given), ...TEMPLATE_NEEDS.map(print)]
}

/** Of a release that has died, of what was kept, and of a rollback that was not settled. */
function tidy(given: Case = {}): string[] {
  const left = [recordOf(given), release({ strategy: 'rolling' }), release({ phase: 'promoting' })]
  const steps = [...left.flatMap(wayOut), ...planRetirement(1), ...planSettle({})]
  const { route } = given
  const needs = needsOf({ steps, routes: route === undefined ? [] : [route] })
  return [...needs, ...TEMPLATE_NEEDS].map(print)
}

const everyTest = tests(
  'GET /health -> 200',
  'POST /orders {"sku":1} -> 201',
  'GET / at 5/s for 1s -> 200',
  'run: true'
)

/** Of every strategy and command, with and without whatever there may be. */
const allNeeds = (route?: Route): Set<string> =>
  new Set(
    [fresh, live].flatMap((canary) =>
      [false, true].flatMap((autoscaler) => {
        const given: Case = {
          canary,
          autoscaler,
          smokeTests: everyTest,
          ...(route === undefined ? {} : { route })
        }
        return [
          ...beside(given),
          ...back(given),
          ...tidy(given),
          ...(route === undefined ? [...inPlace('rolling', given), ...inPlace('recreate', given)] : [])
        ]
      })
    )
  )

const withoutRoutes = allNeeds()

describe('role.yaml', () => {
  it.each(['role.yaml', IN_PLACE])('or rather %s is there to be applied', (file) => {
    const { objects } = published(file)
    expect(objects.map(({ kind }) => kind)).toEqual(['ServiceAccount', 'Role', 'RoleBinding'])
    expect(new Set(objects.map(({ metadata }) => metadata.name))).toEqual(new Set(['greenlight']))
  })

  it('grants what the plans of all strategies and commands need, and nothing more', () => {
    const { rules } = published('role.yaml')
    expect(granted(rules).sort()).toEqual([...withoutRoutes].sort())
  })
})

describe('the Roles of the routes', () => {
  const kinds = [...new Set(allRoutes.map(({ kind }) => kind))].filter((kind) => kind !== 'service')

  it('are there for every kind', () => {
    const files = readdirSync(folder).filter((file) => file.startsWith('role-'))
    expect(files.sort()).toEqual(
      [
        ...kinds.map((kind) => `role-${kind}.yaml`),
        CONFIG,
        INSTALL,
        IN_PLACE,
        JOBS,
        OPTIONAL,
        ROLLOUT,
        CANARY,
        WATCHDOG
      ].sort()
    )
  })

  it.each([...kinds.map((kind) => `role-${kind}.yaml`), CONFIG, INSTALL, JOBS, OPTIONAL, ROLLOUT])(
    '%s is bound',
    (file) => {
      const [role, binding] = published(file).objects
      const name = file.replace('role', 'greenlight').replace('.yaml', '')
      expect(role).toMatchObject({ kind: 'Role', metadata: { name } })
      expect(binding).toMatchObject({
        kind: 'RoleBinding',
        metadata: { name },
        roleRef: { kind: 'Role', name },
        subjects: [
          { kind: 'ServiceAccount', name: 'greenlight' },
          { kind: 'Group', name: 'greenlight' }
        ]
      })
    }
  )

  it.each(kinds)('for %s grants what plans need besides role.yaml, and nothing more', (kind) => {
    const { rules } = published(`role-${kind}.yaml`)
    const needed = allRoutes.filter((route) => route.kind === kind).flatMap((route) => [...allNeeds(route)])
    expect(granted(rules).sort()).toEqual(
      [...new Set(needed)].filter((right) => !withoutRoutes.has(right)).sort()
    )
  })
})

const inNamespace = (kind: string, namespace = NAMESPACE): KubernetesObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name: 'web-config', namespace }
})

describe('role-install.yaml', () => {
  const steps = planFirst({
    canary: workload(),
    live: undefined,
    manifests: [manifest(service())],
    entrance: NOWHERE,
    checks: true,
    smokeTests: true,
    bake: 1
  })
  const back = wayBack({ ...release(), first: true })
  const needed = needsOf({ steps: [...steps, ...back], routes: [], services: [service()] })

  it('grants what a first installation needs besides role.yaml, and nothing more', () => {
    const besides = [...new Set(needed.map(print))].filter((right) => !withoutRoutes.has(right))
    expect(besides).toEqual(['create services'])
    expect(granted(published(INSTALL).rules)).toEqual(besides)
  })

  it('is named where that right lacks for an installation, and not where it lacks for a route', () => {
    const [right] = needed.filter(({ verb, resource }) => verb === 'create' && resource === 'services')
    expect(right && roleFileFor(right)).toBe(`examples/kubernetes/${INSTALL}`)
    expect(roleFileFor({ verb: 'create', group: '', resource: 'services' })).not.toContain(INSTALL)
  })

  it('is not needed to take back what one has begun, nor is any right to delete', () => {
    const rights = needsOf({ steps: back, routes: [] }).map(print)
    expect(rights).not.toContain('create services')
    expect(needed.map(({ verb }) => verb)).not.toContain('delete')
  })
})

describe('role-config.yaml', () => {
  it('grants what config in the manifests and its removal need besides role.yaml, and nothing more', () => {
    const { rules } = published(CONFIG)
    const config = [inNamespace('ConfigMap'), inNamespace('Secret')]
    const needed = [...beside({ config }), ...CONFIG_REMOVAL_NEEDS.map(print)]
    expect(granted(rules).sort()).toEqual(
      [...new Set(needed)].filter((right) => !withoutRoutes.has(right)).sort()
    )
  })

  it('is not needed for other manifests, nor beyond their kinds', () => {
    const besides = (...config: KubernetesObject[]): string[] =>
      beside({ config }).filter((right) => !withoutRoutes.has(right))
    expect(besides(inNamespace('Namespace'))).toEqual([])
    expect(besides(inNamespace('Secret')).sort()).toEqual(['create secrets', 'patch secrets'])
  })

  it('has nothing to do with objects of other namespaces', () => {
    const steps: Step[] = [{ kind: 'apply', manifest: manifest(inNamespace('Secret', 'billing')) }]
    const needs = needsOf({ steps, routes: [], services: [service()] }).map(print)
    expect(needs.filter((right) => right.includes('secrets'))).toEqual([])
  })
})

describe('role-jobs.yaml', () => {
  it('grants what Jobs need besides role.yaml, and nothing more', () => {
    const { rules } = published(JOBS)
    const job: Job = { ...JOB, metadata: { name: 'migrate' }, spec: { template: workload().spec.template } }
    const steps: Step[] = [{ kind: 'run-job', job, moment: 'before' }]
    const needed = needsOf({ steps, routes: [] })
    expect(granted(rules).sort()).toEqual(
      [...new Set(needed.map(print))].filter((right) => !withoutRoutes.has(right)).sort()
    )
    const missing = needed.filter(({ resource }) => resource === 'jobs')
    expect(describeAllMissing(missing, NAMESPACE)).toEqual([expect.stringContaining(`kubernetes/${JOBS}`)])
  })
})

describe('role-canary.yaml', () => {
  const tester = 'http://flagger-loadtester.test/gate/check'
  const canary = (url?: string): KubernetesObject => {
    const hook = { type: 'confirm-promotion', name: 'gate', url }
    const analysis = { stepWeight: 10, webhooks: url === undefined ? [] : [hook] }
    return { ...inNamespace('Canary', 'test'), spec: { analysis } } as KubernetesObject
  }
  const driven = { engine: canaryEngine, namespace: 'test' }
  const needed = (
    object: KubernetesObject,
    first: readonly KubernetesObject[] = [],
    isOwn = false
  ): string[] =>
    needsOfDriven(
      driven,
      { asked: { object, target: inNamespace('Deployment') }, first: first.map(manifest), isOwn },
      { smokeTests: everyTest }
    ).map(print)
  const besides = (rights: readonly string[]): string[] =>
    rights.filter((right) => !withoutRoutes.has(right)).sort()

  it('grants what releases of all Canaries need besides role.yaml, and nothing more', () => {
    const all = needed(canary(tester), [inNamespace('MetricTemplate')], true)
    expect(granted(published(CANARY).rules).sort()).toEqual(besides(all))
  })

  it('is needed as far as there are gates of a load tester there, and Canary or MetricTemplates in the manifests', () => {
    const least = ['get canaries', 'get metrictemplates', 'list canaries', 'watch canaries']
    expect(besides(needed(canary()))).toEqual(least.map((right) => `${right} in flagger.app`))
    expect(needed(canary(tester))).toContain('create services/proxy')
    expect(needed(canary('http://flagger-loadtester.other/gate/check'))).not.toContain(
      'create services/proxy'
    )
    expect(needed(canary(), [], true)).toContain('patch canaries in flagger.app')
  })

  it('names the load tester, wherever that is', () => {
    const needs = needsElsewhere(driven, {
      asked: { object: canary('https://tester.other.svc.cluster.local:9443/gate/check') }
    })
    expect(needs).toEqual([
      {
        namespace: 'other',
        needs: [
          { verb: 'create', group: '', resource: 'services', subresource: 'proxy', name: 'https:tester:9443' }
        ]
      }
    ])
    expect(needsElsewhere(driven, { asked: { object: canary(tester) } })).toEqual([])
  })
})

describe('role-rollout.yaml', () => {
  const object: KubernetesObject = inNamespace('Rollout')
  const needed = (target?: KubernetesObject, first: readonly KubernetesObject[] = []): string[] =>
    needsOfDriven(
      { engine: rolloutEngine, namespace: 'shop' },
      { asked: { object, target }, first: first.map(manifest), isOwn: true },
      { smokeTests: everyTest }
    ).map(print)
  const besides = (rights: readonly string[]): string[] =>
    rights.filter((right) => !withoutRoutes.has(right)).sort()

  it('grants what releases of all Rollouts need besides role.yaml, and nothing more', () => {
    const all = needed(inNamespace('Deployment'), [inNamespace('AnalysisTemplate')])
    expect(granted(published(ROLLOUT).rules).sort()).toEqual(besides(all))
  })

  it('is needed as far as there are AnalysisTemplates in the manifests, and a Deployment with the template', () => {
    const template = ['create', 'patch'].map((verb) => `${verb} analysistemplates in argoproj.io`)
    expect(besides(needed(undefined, [inNamespace('AnalysisTemplate')]))).toEqual(
      [...besides(needed()), ...template].sort()
    )
    expect(needed().filter((right) => right.endsWith('deployments in apps'))).toEqual([
      'get deployments in apps'
    ])
    expect(needed(inNamespace('Deployment'))).toEqual(
      expect.arrayContaining(['list', 'watch', 'patch'].map((verb) => `${verb} deployments in apps`))
    )
  })
})

it('role-preflight.yaml grants what nothing needs', () => {
  const { rules } = published(OPTIONAL)
  const all = new Set(allRoutes.flatMap((route) => [...allNeeds(route)]))
  expect(granted(rules).sort()).toEqual([
    'get persistentvolumeclaims',
    'list limitranges',
    'list poddisruptionbudgets in policy',
    'list resourcequotas',
    'list verticalpodautoscalers in autoscaling.k8s.io'
  ])
  expect(granted(rules).filter((right) => withoutRoutes.has(right) || all.has(right))).toEqual([])
})

const scaling = 'patch horizontalpodautoscalers in autoscaling'
const [httpRoute] = allRoutes.filter(({ kind }) => kind === 'httproute')

describe('a plan needs', () => {
  it.each<[string, string[], string, boolean]>([
    ['no autoscaler moved where there is none', beside(), scaling, false],
    ['the autoscaler moved where there is one', beside({ autoscaler: true }), scaling, true],
    ['no Service made on a plain Service', beside(), 'create services', false],
    [
      'a Service made for a route',
      beside({ ...(httpRoute && { route: httpRoute }) }),
      'create services',
      true
    ],
    ['a Deployment made for a first release', beside(), 'create deployments in apps', true],
    [
      'one changed then too, to see whether a write whose answer was lost has arrived',
      beside(),
      'update deployments in apps',
      true
    ],
    ['none made where the slot exists', beside({ canary: live }), 'create deployments in apps', false],
    ['the slot changed where it exists', beside({ canary: live }), 'update deployments in apps', true],
    ['none made to roll back', back(), 'create deployments in apps', false],
    ['none made in place', inPlace('rolling'), 'create deployments in apps', false],
    ['none scaled in place', inPlace('recreate'), 'patch deployments in apps', false],
    ['the template that served, in place', inPlace('rolling'), 'get replicasets in apps', true],
    ['no template beside it', beside(), 'get replicasets in apps', false],
    ['no way to pods without tests', beside(), 'create pods/portforward', false],
    [
      'no POST through the proxy for a GET',
      beside({ smokeTests: tests('GET / -> 200') }),
      'create pods/proxy',
      false
    ],
    ['a GET for a GET', beside({ smokeTests: tests('GET / -> 200') }), 'get pods/proxy', true],
    ['a POST for a POST', beside({ smokeTests: tests('POST / {} -> 200') }), 'create pods/proxy', true],
    ['a port for a command', beside({ smokeTests: tests('run: true') }), 'create pods/portforward', true],
    ['no proxy for a command', beside({ smokeTests: tests('run: true') }), 'get pods/proxy', false],
    [
      'nothing for a URL, which is asked from here',
      beside({ smokeTests: tests('GET https://shop.example.com/ -> 200') }),
      'create pods/portforward',
      false
    ]
  ])('%s', (_, needs, right, expected) => {
    expect(needs.includes(right)).toBe(expected)
  })

  it('nothing twice', () => {
    const needs = beside({ autoscaler: true, smokeTests: everyTest })
    expect(needs).toEqual([...new Set(needs)])
  })

  it('no Service made where it exists', () => {
    const steps: Step[] = [{ kind: 'apply', manifest: manifest(service()) }]
    const needs = needsOf({ steps, routes: [], services: [service()] }).map(print)
    expect(needs).toContain('patch services')
    expect(needs).not.toContain('create services')
  })
})

it('a release that has all traffic is ended forwards, so the old version may be scaled down', () => {
  expect(wayOut(release({ phase: 'promoting' })).map(({ kind }) => kind)).toContain('finish')
  expect(wayOut(release()).map(({ kind }) => kind)).not.toContain('finish')
})

it('looking needs to read only, and no more than a release', () => {
  expect([...new Set(OBSERVE_NEEDS.map(({ verb }) => verb))].sort()).toEqual(['get', 'list'])
  expect(OBSERVE_NEEDS.map(print).filter((right) => !beside().includes(right))).toEqual([])
})

it('status needs to read only, and the templates besides', () => {
  expect([...new Set(STATUS_NEEDS.map(({ verb }) => verb))].sort()).toEqual(['get', 'list'])
  const more = STATUS_NEEDS.map(print).filter((right) => !OBSERVE_NEEDS.map(print).includes(right))
  expect(more).toEqual(['list replicasets in apps'])
  expect(STATUS_NEEDS.map(print).filter((right) => !withoutRoutes.has(right))).toEqual([])
})

it('role-watchdog.yaml grants starting and removing a watchdog, and to that as much as its script does', () => {
  const { objects, rules } = published(WATCHDOG)
  const steps: readonly Step[] = [
    { kind: 'start-watchdog', image: 'kubectl:1' },
    { kind: 'await-watchdog' },
    { kind: 'stop-watchdog' }
  ]
  const besides = needsOf({ steps, routes: [] })
    .map(print)
    .filter((right) => !withoutRoutes.has(right))
  expect(granted(rules).sort()).toEqual(besides.sort())
  const [, own] = objects.filter(({ kind }) => kind === 'Role') as { rules?: readonly Rule[] }[]
  const done = [...WATCHDOG_SCRIPT.matchAll(/\b(get|patch|annotate) (lease|service|deployment)\b/g)].map(
    ([, verb, kind = '']) => `${verb === 'get' ? 'get' : 'patch'} ${kind}s`
  )
  const ownRights = granted(own?.rules ?? []).map((right) => right.replace(/ in .*/, ''))
  expect(ownRights.sort()).toEqual([...new Set(done)].sort())
})

describe('every strategy on every route with every option', () => {
  const shares: readonly TrafficStep[] = [
    'header x-canary: true for 10m',
    'mirror 20% for 5m',
    '0% for 1m',
    '50% until approved'
  ].map((text) => {
    const parsed = parseStep(text)
    if ('problem' in parsed) throw new Error(parsed.problem)
    return parsed.value
  })
  const config = [inNamespace('ConfigMap'), inNamespace('Secret')]
  const onOff = [false, true]

  interface Combination {
    readonly strategy: 'blue-green' | 'canary' | InPlace
    /** The kind of route that users come by; undefined where the Service is all there is. */
    readonly kind?: string
    readonly tested: boolean
    readonly scaled: boolean
    readonly configured: boolean
  }

  const isInPlace = (strategy: Combination['strategy']): strategy is InPlace =>
    strategy === 'rolling' || strategy === 'recreate'

  const kindsFor = (strategy: Combination['strategy']): readonly (string | undefined)[] =>
    isInPlace(strategy) ? [undefined] : [undefined, ...kindsBesides]
  const kindsBesides = [...new Set(allRoutes.map(({ kind }) => kind))].filter((kind) => kind !== 'service')

  const combinations = (['blue-green', 'canary', 'rolling', 'recreate'] as const).flatMap((strategy) =>
    kindsFor(strategy).flatMap((kind) =>
      onOff.flatMap((tested) =>
        onOff.flatMap((scaled) =>
          onOff.map((configured): Combination => {
            const route = kind === undefined ? {} : { kind }
            return { strategy, ...route, tested, scaled, configured }
          })
        )
      )
    )
  )

  const caseOf = ({ tested, scaled, configured }: Combination, route: Route | undefined): Case => ({
    ...(route === undefined ? {} : { route }),
    ...(tested ? { smokeTests: everyTest } : {}),
    ...(configured ? { config } : {}),
    autoscaler: scaled
  })

  /** To release, to go back, and to end what a run that was lost has left. */
  const needsBeside = (strategy: 'blue-green' | 'canary', given: Case): readonly string[] => {
    const plans = strategy === 'blue-green' ? [ALL_AT_ONCE] : [DEFAULT_CANARY_STEPS, shares]
    return [
      ...plans.flatMap((steps) => [fresh, live].flatMap((canary) => beside({ ...given, steps, canary }))),
      ...back(given),
      ...tidy(given)
    ]
  }

  const needsInPlace = (strategy: InPlace, given: Case): readonly string[] => [
    ...inPlace(strategy, given),
    ...inPlace(strategy),
    ...needsOf({ steps: wayOut(release({ strategy })), routes: [] }).map(print),
    ...TEMPLATE_NEEDS.map(print)
  ]

  const neededFor = (combination: Combination): Set<string> => {
    const { strategy, kind, configured } = combination
    const routes = kind === undefined ? [undefined] : allRoutes.filter((route) => route.kind === kind)
    const needs = routes.flatMap((route) => {
      const given = caseOf(combination, route)
      return isInPlace(strategy) ? needsInPlace(strategy, given) : needsBeside(strategy, given)
    })
    return new Set([
      ...needs,
      ...STATUS_NEEDS.map(print),
      ...(configured ? CONFIG_REMOVAL_NEEDS.map(print) : [])
    ])
  }

  const grantedTo = ({ strategy, kind, configured }: Combination): Set<string> => {
    const files = [
      isInPlace(strategy) ? IN_PLACE : 'role.yaml',
      ...(kind === undefined ? [] : [`role-${kind}.yaml`]),
      ...(configured ? [CONFIG] : [])
    ]
    return new Set(files.flatMap((file) => granted(published(file).rules)))
  }

  const nameOf = ({ strategy, kind, tested, scaled, configured }: Combination): string =>
    [
      ...[strategy, kind ?? 'no route'],
      ...(tested ? ['smoke tests'] : []),
      ...(scaled ? ['autoscaler'] : []),
      ...(configured ? ['config'] : [])
    ].join(', ')

  it.each(combinations.map((one) => [nameOf(one), one] as const))('is granted: %s', (_, combination) => {
    const rights = grantedTo(combination)
    expect([...neededFor(combination)].filter((right) => !rights.has(right))).toEqual([])
  })

  const everything = combinations.filter(({ tested, scaled, configured }) => tested && scaled && configured)

  it.each(everything.map((one) => [nameOf(one), one] as const))('and nothing more: %s', (_, combination) => {
    const needed = neededFor(combination)
    expect([...grantedTo(combination)].filter((right) => !needed.has(right))).toEqual([])
  })

  it('to scale and to create, and nothing else, is what a release in place can do without', () => {
    const inPlaceRights = new Set(granted(published(IN_PLACE).rules))
    const besides = granted(published('role.yaml').rules).filter((right) => !inPlaceRights.has(right))
    expect(besides.sort()).toEqual([
      'create deployments in apps',
      'patch deployments in apps',
      'patch horizontalpodautoscalers in autoscaling'
    ])
  })
})
