import { describe, expect, it } from '@jest/globals'
import { ClusterError, InputError } from '../../src/base/errors.ts'
import type { KubernetesObject } from '../../src/kubernetes/objects.ts'
import { copyOf } from '../../src/plan/config-copy.ts'
import { absenceFaults } from '../../src/preflight/dry-run.ts'
import type { Call, Reviewed } from '../support/memory/memory-cluster.ts'
import { manifest, NAMESPACE, openScene, type Scene } from './scene.ts'

/** A cluster whose credentials lack some rights. */
async function without(...denied: readonly string[]): Promise<Scene> {
  const scene = await openScene()
  scene.cluster.listsRules = false
  deny(scene, ...denied)
  return scene
}

function deny({ cluster }: Scene, ...denied: readonly string[]): void {
  cluster.isDenied = ({ verb, resource }: Reviewed) => denied.includes(`${verb} ${resource}`)
}

const forbidden = (verb: string, resource: string, group = ''): ClusterError =>
  new ClusterError(
    `cannot ${verb} ${resource}: User "ci" cannot ${verb} resource "${resource}" in API group "${group}" in the namespace "${NAMESPACE}"`,
    403
  )

/** What the API server says to some trial writes. */
const saying =
  (verb: string, kind: string, error: ClusterError) =>
  (call: Call): void => {
    if (call.dryRun && call.verb === verb && call.kind === kind) throw error
  }

const object = (apiVersion: string, kind: string, name: string, more: object = {}): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { name, namespace: NAMESPACE },
  ...more
})

const configMap = (name: string) => manifest(object('v1', 'ConfigMap', name, { data: { GREETING: name } }))

/** What a run that may not begin says, line by line. */
async function problemsOf(run: Promise<unknown>): Promise<readonly string[]> {
  const error = await run.then(
    () => undefined,
    (thrown: unknown) => thrown
  )
  if (!(error instanceof InputError)) throw new Error('it was not refused', { cause: error })
  return error.faults.map(({ problem }) => problem)
}

const rule = (verb: string, resource: string, group = '', verbs = [verb]): string =>
  `cannot ${verb} ${resource} in namespace ${NAMESPACE}: give the ServiceAccount this rule: {apiGroups: ["${group}"], resources: ["${resource}"], verbs: ${JSON.stringify(verbs)}}, or apply examples/kubernetes/${resource === 'configmaps' ? 'role-config' : 'role'}.yaml there`

describe('a release without rights', () => {
  it('names each once, whatever else is refused for the want of it', async () => {
    const scene = await without('patch configmaps', 'create deployments')
    const before = (call: Call): void => {
      saying('apply', 'ConfigMap', forbidden('patch', 'configmaps'))(call)
      saying('create', 'Deployment', forbidden('create', 'deployments', 'apps'))(call)
    }
    const manifests = [configMap('one'), configMap('two')]
    const problems = await problemsOf(scene.run({ manifests, before }).deploy())
    expect([...problems].sort()).toEqual([rule('create', 'deployments', 'apps'), rule('patch', 'configmaps')])
    expect(scene.story).toEqual([])
  })

  it('for other kinds in the manifests names what they take together, once', async () => {
    const scene = await without()
    const budget = (name: string, source: string) => ({
      object: object('policy/v1', 'PodDisruptionBudget', name),
      source
    })
    const before = saying(
      'apply',
      'PodDisruptionBudget',
      forbidden('create', 'poddisruptionbudgets', 'policy')
    )
    const manifests = [budget('one', 'a.yaml'), budget('two', 'a.yaml'), budget('three', 'b.yaml')]
    expect(await problemsOf(scene.run({ manifests, before }).deploy())).toEqual([
      'a.yaml, b.yaml: cannot create poddisruptionbudgets in namespace shop: give the ServiceAccount this rule: {apiGroups: ["policy"], resources: ["poddisruptionbudgets"], verbs: ["create","patch"]}'
    ])
  })

  it('is told of what refuses besides: a quota, a policy', async () => {
    const scene = await without('patch services')
    const quota = new ClusterError('cannot create deployment/web-green: exceeded quota: team', 403)
    const policy = new ClusterError('cannot patch configmap/one: admission webhook "policy" denied it', 403)
    const before = (call: Call): void => {
      saying('create', 'Deployment', quota)(call)
      saying('apply', 'ConfigMap', policy)(call)
    }
    const problems = await problemsOf(scene.run({ manifests: [configMap('one')], before }).deploy())
    expect([...problems].sort()).toEqual([
      quota.message,
      rule('patch', 'services'),
      `k8s/web.yaml, line 1: ${policy.message}`
    ])
  })

  it('is refused where the API server says no to what it has said yes to', async () => {
    const scene = await without()
    const error = forbidden('create', 'deployments', 'apps')
    const before = saying('create', 'Deployment', error)
    expect(await problemsOf(scene.run({ before }).deploy())).toEqual([error.message])
  })

  it('has a plan that says the same', async () => {
    const scene = await without('create deployments', 'list events')
    const asPlanned = await problemsOf(scene.run().plan())
    expect(asPlanned).toEqual(await problemsOf(scene.run().deploy()))
    expect(asPlanned).toHaveLength(2)
  })
})

describe('a rollback without rights', () => {
  const slots = async (): Promise<Scene> => {
    const scene = await without()
    for (const version of [2, 3]) await scene.run({ inputs: { images: `shop/web:${version}` } }).deploy()
    return scene
  }

  it.each<[string, Readonly<Record<string, string>>]>([
    ['to the version before', {}],
    ['to another one', { command: 'rollback', to: 'shop/web:1' }]
  ])('%s names all that its own way takes', async (_, inputs) => {
    const scene = await slots()
    deny(scene, 'update deployments', 'create deployments', 'create services', 'list events')
    const story = scene.story.length
    expect(await problemsOf(scene.run({ inputs }).rollback())).toEqual([
      rule('update', 'deployments', 'apps'),
      rule('list', 'events')
    ])
    expect(scene.story.length).toBe(story)
  })

  it('needs to read the templates, with or without a name', async () => {
    const scene = await slots()
    deny(scene, 'list replicasets')
    const missing = [rule('list', 'replicasets', 'apps')]
    expect(await problemsOf(scene.run().rollback())).toEqual(missing)
    const inputs = { command: 'rollback', to: 'shop/web:1' }
    expect(await problemsOf(scene.run({ inputs }).rollback())).toEqual(missing)
  })

  it('says in its own words that there is nothing to go back to', async () => {
    const scene = await openScene()
    await expect(scene.run().rollback()).rejects.toThrow('nothing to roll back to')
  })
})

describe('a cleanup without rights', () => {
  const kept = async (): Promise<Scene> => {
    const scene = await without()
    await scene.run({ inputs: { previous: 'keep' } }).deploy()
    return scene
  }

  it('names what its own work takes', async () => {
    const scene = await kept()
    deny(scene, 'patch deployments', 'patch services', 'update deployments')
    expect(await problemsOf(scene.run().cleanup())).toEqual([rule('patch', 'deployments', 'apps')])
  })

  it('does not need any for what is not to be done', async () => {
    const scene = await kept()
    await scene.run().cleanup()
    deny(scene, 'patch deployments')
    expect(await scene.run().cleanup()).toMatchObject({ result: 'unchanged' })
  })

  it('leaves old config where it is without the right to remove it', async () => {
    const scene = await without()
    await scene.run().deploy()
    const old = { ...configMap('web-config').object, kind: 'ConfigMap' } as const
    const copy = scene.cluster.create(copyOf(old, 'web', NAMESPACE))
    deny(scene, 'delete configmaps')
    expect(await scene.run().cleanup()).toMatchObject({ result: 'unchanged' })
    deny(scene)
    expect(await scene.run().cleanup()).toMatchObject({
      reason: `configmap/${copy.metadata.name} was removed, which no version refers to`
    })
  })
})

describe('a manifest for which something is not there', () => {
  const monitor = object('monitoring.example.com/v1', 'Monitor', 'web')
  const NO_KIND = 'the cluster has no kind Monitor in monitoring.example.com/v1; is its CRD installed?'
  const definition = {
    ...object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'monitors.monitoring.example.com'),
    spec: { group: 'monitoring.example.com', names: { kind: 'Monitor' } }
  }

  it('is refused before anything is changed', async () => {
    const scene = await openScene()
    const manifests = [configMap('one'), manifest(monitor), manifest(definition)]
    const before = (call: Call): void => {
      saying('apply', 'Monitor', new ClusterError(NO_KIND, 404))(call)
      if (call.kind === 'CustomResourceDefinition') throw new ClusterError('no such thing in memory', 404)
    }
    for (const command of ['plan', 'deploy'] as const)
      expect(await problemsOf(scene.run({ manifests, before })[command]())).toContainEqual(
        `k8s/web.yaml, line 1: Monitor web: ${NO_KIND}`
      )
    expect(scene.story).toEqual([])
  })

  it('is no matter where an earlier manifest brings it', () => {
    const manifests = [definition, monitor].map(manifest)
    const tried = manifests.map((one, at) => ({
      manifest: one,
      warned: [],
      kept: undefined,
      ...(at === 0 ? {} : { lacking: NO_KIND })
    }))
    expect(absenceFaults(tried)).toEqual([])
    expect(absenceFaults(tried.toReversed())).toHaveLength(1)
    const inOther = { ...configMap('two').object, metadata: { name: 'two', namespace: 'other' } }
    const words = 'namespaces "other" not found'
    const inNamespace = { manifest: manifest(inOther), warned: [], kept: undefined, lacking: words }
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'other' } }
    expect(absenceFaults([inNamespace])).toEqual([
      { input: 'manifests', problem: `k8s/web.yaml, line 1: ConfigMap two: ${words}` }
    ])
    expect(
      absenceFaults([{ manifest: manifest(namespace), warned: [], kept: namespace }, inNamespace])
    ).toEqual([])
  })
})
