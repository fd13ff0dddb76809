import { describe, expect, it, jest } from '@jest/globals'
import { ClusterError } from '../../src/base/errors.ts'
import type { Manifest } from '../../src/kubernetes/manifests.ts'
import type { KubernetesObject, Service } from '../../src/kubernetes/objects.ts'
import type { Call } from '../support/memory/memory-cluster.ts'
import { waiting } from '../support/memory/controllers.ts'
import { httpRoute, openGateway } from '../support/memory/gateway-controller.ts'
import {
  autoscaler,
  manifest,
  NAMESPACE,
  openScene,
  service,
  workload,
  type RunOptions,
  type Scene
} from './scene.ts'

// Whole releases, one after the other: far more than they take even on a busy machine.
jest.setTimeout(60_000)

const VERBS: Readonly<Record<string, string>> = {
  replace: 'update',
  apply: 'patch',
  logs: 'get',
  send: 'get',
  remove: 'delete'
}

const RESOURCES: Readonly<Record<string, string>> = {
  Deployment: 'deployments in apps',
  ReplicaSet: 'replicasets in apps',
  HorizontalPodAutoscaler: 'horizontalpodautoscalers in autoscaling',
  Lease: 'leases in coordination.k8s.io',
  EndpointSlice: 'endpointslices in discovery.k8s.io',
  HTTPRoute: 'httproutes in gateway.networking.k8s.io',
  ConfigMap: 'configmaps in ',
  Event: 'events in ',
  Pod: 'pods in ',
  Secret: 'secrets in ',
  Service: 'services in '
}

/** The right that a call of the port asks for. */
function rightOf({ verb, kind }: Call): string {
  const resource = RESOURCES[kind] ?? kind
  const part = verb === 'logs' ? '/log' : verb === 'send' ? '/proxy' : ''
  return `${VERBS[verb] ?? verb} ${resource.replace(' in ', `${part} in `)}`
}

/** Old config is left where it is by whoever may not look for it. */
const TOLERATED: ReadonlySet<string> = new Set(['list configmaps in ', 'list secrets in '])

/** What a run does, beyond what it has asked for first. */
async function unasked(
  scene: Scene,
  options: RunOptions,
  command: 'deploy' | 'rollback' | 'plan' | 'cleanup' = 'deploy'
): Promise<string[]> {
  const done = new Set<string>()
  scene.cluster.reviewed.splice(0)
  const before = (call: Call): void => {
    if (!call.kind.includes('Review')) done.add(rightOf(call))
  }
  await scene.run({ ...options, before })[command]()
  const asked = scene.cluster.reviewed.map(
    ({ verb, resource, subresource, group }) =>
      `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`} in ${group}`
  )
  expect(asked.length).toBeGreaterThan(10)
  return [...done].filter((right) => !asked.includes(right) && !TOLERATED.has(right))
}

async function open(...objects: readonly KubernetesObject[]): Promise<Scene> {
  const scene = await openScene([workload(), service(), ...objects])
  openGateway(scene.cluster)
  scene.cluster.listsRules = false
  return scene
}

/** The workload with a variable from a ConfigMap of this content. */
function withConfig(text: string): readonly Manifest[] {
  const config = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'web-config', namespace: NAMESPACE },
    data: { GREETING: text }
  }
  const { spec, ...rest } = workload()
  const containers = spec.template.spec.containers.map((container) => ({
    ...container,
    envFrom: [{ configMapRef: { name: 'web-config' } }]
  }))
  const template = { ...spec.template, spec: { ...spec.template.spec, containers } }
  return [manifest(config), manifest({ ...rest, spec: { ...spec, template } } as KubernetesObject)]
}

const CANARY = { strategy: 'canary', steps: '10% for 3s\n100%', bake: '3s' }

describe('nothing is done without the right for it having been looked at', () => {
  it.each<[string, Readonly<Record<string, string>>, readonly KubernetesObject[]]>([
    ['blue-green', {}, []],
    ['with an autoscaler', {}, [autoscaler()]],
    ['with smoke tests', { 'smoke-tests': 'GET / -> 200' }, []],
    ['by numbers of pods', CANARY, []],
    ['on an HTTPRoute', { ...CANARY, route: 'httproute/web' }, [httpRoute()]],
    ['rolling', { strategy: 'rolling' }, []],
    ['recreate', { strategy: 'recreate' }, []]
  ])('%s: the first, the second, the way back, and one that fails', async (_, inputs, objects) => {
    const scene = await open(...objects)
    expect(await unasked(scene, { inputs })).toEqual([])
    expect(await unasked(scene, { inputs: { ...inputs, images: 'shop/web:3' } })).toEqual([])
    expect(await unasked(scene, { inputs }, 'rollback')).toEqual([])
    expect(await unasked(scene, { inputs: { command: 'rollback', to: 'shop/web:3' } }, 'rollback')).toEqual(
      []
    )
    scene.controllers.life = () => ({ after: 500, status: waiting('CrashLoopBackOff') })
    expect(await unasked(scene, { inputs: { ...inputs, images: 'shop/web:4' } })).toEqual([])
    expect(scene.record()?.history.map(({ served }) => served)).toContain(true)
  })

  it.each<['rollback' | 'cleanup' | 'deploy', Readonly<Record<string, string>>, string]>([
    ['rollback', {}, 'v3'],
    ['rollback', { command: 'rollback', to: 'shop/web:1' }, 'v1'],
    ['cleanup', {}, 'v3'],
    ['deploy', { images: 'shop/web:5' }, 'v5']
  ])('what a dead run has left is ended with no other right: %s %j', async (command, inputs, serving) => {
    const scene = await open(autoscaler())
    await scene.run({ inputs: { images: 'shop/web:3', previous: 'keep' } }).deploy()
    const run = scene.run({ inputs: { images: 'shop/web:4' } })
    await Promise.race([
      run.deploy(),
      scene.when('(running 100 %)', 100, () => {
        run.kill()
      })
    ])
    expect(scene.record()).toMatchObject({ phase: 'running', canary: { images: ['shop/web:4'] } })
    expect(await unasked(scene, { inputs }, command)).toEqual([])
    expect(scene.traffic()).toContain(`-> ${serving} `)
  })

  it('a rollback finishes what had passed, and goes back from there, with no other right', async () => {
    const scene = await open(httpRoute())
    const inputs = { route: 'httproute/web' }
    const run = scene.run({ inputs })
    await Promise.race([
      run.deploy(),
      scene.when('(promoting 100 %)', 0, () => {
        run.kill()
      })
    ])
    expect(scene.record()).toMatchObject({ phase: 'promoting' })
    expect(await unasked(scene, { inputs }, 'rollback')).toEqual([])
    expect(scene.traffic()).toContain('-> v1 ')
  })

  it('what was kept is scaled down with no other right, by a cleanup and by the next release', async () => {
    const scene = await open()
    await scene.run({ inputs: { images: 'shop/web:2', previous: 'keep' } }).deploy()
    expect(await unasked(scene, {}, 'cleanup')).toEqual([])
    for (const version of [3, 4, 5])
      expect(await unasked(scene, { inputs: { images: `shop/web:${version}`, previous: 'keep' } })).toEqual(
        []
      )
  })

  it('a plan looks at what the release needs', async () => {
    const scene = await open(autoscaler())
    expect(await unasked(scene, {}, 'plan')).toEqual([])
    const asked = new Set(scene.cluster.reviewed.map((right) => JSON.stringify(right)))
    await unasked(scene, {})
    expect(new Set(scene.cluster.reviewed.map((right) => JSON.stringify(right)))).toEqual(asked)
  })

  it('the answer to the creation of the canary may be lost', async () => {
    const scene = await open()
    let lost = 0
    const after = ({ verb, kind, dryRun }: Call): void => {
      if (verb !== 'create' || kind !== 'Deployment' || dryRun || lost > 0) return
      lost += 1
      throw new ClusterError('cannot create deployment/web-green: no answer', 0)
    }
    expect(await unasked(scene, { after })).toEqual([])
    expect(lost).toBe(1)
    expect(scene.record()).toMatchObject({ phase: 'promoted' })
  })

  it('config is applied with rights that were asked for; those to remove it a release does without', async () => {
    const scene = await open()
    const given = (text: string): RunOptions => ({ manifests: withConfig(text), inputs: { images: '' } })
    for (const text of ['one', 'two']) {
      const rights = await unasked(scene, given(text))
      const removal = ['list replicasets in apps', 'list Job', 'delete configmaps in ']
      expect(rights.filter((right) => !removal.includes(right))).toEqual([])
    }
    expect(scene.cluster.all({ apiVersion: 'v1', kind: 'ConfigMap' }).length).toBeGreaterThan(0)
  })
})

async function withQuota(hard: Readonly<Record<string, string>>, used: Readonly<Record<string, string>>) {
  const scene = await openScene()
  const kind = { apiVersion: 'v1', kind: 'ResourceQuota' }
  scene.cluster.create({ ...kind, metadata: { name: 'team', namespace: NAMESPACE }, spec: { hard } })
  scene.cluster.setStatus({ ...kind, namespace: NAMESPACE, name: 'team' }, { hard, used })
  return scene
}

describe('a canary that cannot fit', () => {
  it('ends the run before anything is changed, with the figures', async () => {
    const scene = await withQuota({ pods: '5' }, { pods: '3' })
    await expect(scene.run().deploy()).rejects.toThrow(
      'deployment/web-green does not fit into resourcequota/team in namespace shop: pods: 3 more are wanted (1 a pod), 3 of 5 are in use'
    )
    expect(scene.story).toEqual([])
  })

  it('is no matter when there is nothing to release', async () => {
    const scene = await withQuota({ pods: '5' }, { pods: '3' })
    const outcome = await scene.run({ inputs: { images: 'shop/web:1' } }).deploy()
    expect(outcome.result).toBe('unchanged')
  })

  it('fits when it replaces one pod after the other', async () => {
    const scene = await withQuota({ pods: '5' }, { pods: '3' })
    const outcome = await scene.run({ inputs: { strategy: 'rolling' } }).deploy()
    expect(outcome.result).toBe('promoted')
  })

  it('is not looked at without the right to', async () => {
    const scene = await withQuota({ pods: '5' }, { pods: '3' })
    scene.cluster.listsRules = false
    expect((await scene.run().deploy()).result).toBe('promoted')
  })
})

function tracked<T extends KubernetesObject>(object: T): T {
  const { kind, apiVersion, metadata } = object
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : ''
  return {
    ...object,
    metadata: {
      ...metadata,
      labels: { 'app.kubernetes.io/instance': 'storefront' },
      annotations: {
        'argocd.argoproj.io/tracking-id': `storefront:${group}/${kind}:${NAMESPACE}/${metadata.name}`,
        'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(object)
      }
    }
  }
}

const application = (spec: object): KubernetesObject =>
  ({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'storefront', namespace: 'argocd' },
    spec
  }) as KubernetesObject

const heals = { automated: { selfHeal: true } }

describe('Argo CD', () => {
  it('that would put the old size back ends the run before anything is changed, with the lines to add', async () => {
    const scene = await openScene([
      tracked(workload()),
      tracked(service()),
      application({ syncPolicy: heals })
    ])
    await expect(scene.run().deploy()).rejects.toThrow(
      'Application storefront of Argo CD has selfHeal and would revert the release in seconds: in Git it has /spec/replicas of deployment/web — for example: spec.ignoreDifferences: [{group: apps, kind: Deployment, name: web, jsonPointers: [/spec/replicas]}] and spec.syncPolicy.syncOptions: [RespectIgnoreDifferences=true] in it'
    )
    expect(scene.story).toEqual([])
  })

  it('with those lines is no matter, and the new version does not pass for a part of the Application', async () => {
    const ignoreDifferences = [
      { group: 'apps', kind: 'Deployment', name: 'web', jsonPointers: ['/spec/replicas'] }
    ]
    const syncPolicy = { ...heals, syncOptions: ['RespectIgnoreDifferences=true'] }
    const scene = await openScene([
      tracked(workload()),
      tracked(service()),
      application({ ignoreDifferences, syncPolicy })
    ])
    expect(await scene.run().deploy()).toMatchObject({ result: 'promoted', warnings: [] })
    const { labels, annotations = {} } = scene.deployment('web-green').metadata
    expect(labels).toEqual({ 'greenlight.dev/slot': 'green' })
    expect(Object.keys(annotations).filter((key) => key.includes('argo'))).toEqual([])
    expect(scene.deployment('web').metadata.labels).toEqual({ 'app.kubernetes.io/instance': 'storefront' })
  })

  it('whose Application cannot be read is a warning', async () => {
    const scene = await openScene([tracked(workload()), tracked(service())])
    const outcome = await scene.run().deploy()
    expect(outcome.result).toBe('promoted')
    expect(outcome.warnings).toEqual([
      expect.stringContaining('whether it would revert the release cannot be read')
    ])
  })
})

it('pods that would drop connections are told, and the release goes on', async () => {
  const hasty = workload()
  const { template } = hasty.spec
  const spec = { ...template.spec, terminationGracePeriodSeconds: 0 }
  const scene = await openScene([
    { ...hasty, spec: { ...hasty.spec, template: { ...template, spec } } } as KubernetesObject,
    service()
  ])
  const outcome = await scene.run().deploy()
  expect(outcome).toMatchObject({ result: 'promoted' })
  expect(outcome.warnings).toEqual([
    expect.stringMatching(
      /^deployment\/web and deployment\/web-green: terminationGracePeriodSeconds: 0 kills/
    )
  ])
})

it('what a manifest brings is tried: a Service of its own needs to be made', async () => {
  const scene = await openScene()
  scene.cluster.listsRules = false
  const other: Service = { ...service({ app: 'api' }), metadata: { name: 'api', namespace: NAMESPACE } }
  await scene.run({ manifests: [manifest(other)] }).deploy()
  expect(scene.cluster.reviewed.map(({ verb, resource }) => `${verb} ${resource}`)).toContain(
    'create services'
  )
})
