import { describe, expect, it } from '@jest/globals'
import { InputError } from '../../src/base/errors.ts'
import type { Job } from '../../src/kubernetes/job.ts'
import type { Deployment, KubernetesObject, Service } from '../../src/kubernetes/objects.ts'
import { autoscaler, manifest, NAMESPACE, openScene, service, workload, type Scene } from './scene.ts'

/** What a run that may not begin says, line by line. */
async function problemsOf(run: Promise<unknown>): Promise<readonly string[]> {
  const error = await run.then(
    () => undefined,
    (thrown: unknown) => thrown
  )
  if (!(error instanceof InputError)) throw new Error('it was not refused', { cause: error })
  return error.faults.map(({ problem }) => problem)
}

const job = (name: string, moments: string): Job => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name, annotations: { 'helm.sh/hook': moments } },
  spec: {
    template: { spec: { restartPolicy: 'Never', containers: [{ name: 'task', image: 'shop/task:1' }] } }
  }
})

const jobsIn = ({ cluster }: Scene): readonly string[] =>
  cluster
    .all({ apiVersion: 'batch/v1', kind: 'Job', namespace: NAMESPACE })
    .map(({ metadata }) => metadata.name)

describe('hooks that a chart has rendered', () => {
  const testPod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web-test-connection', annotations: { 'helm.sh/hook': 'test' } },
    spec: { restartPolicy: 'Never', containers: [{ name: 'wget', image: 'shop/wget:1' }] }
  }

  it('are never applied where they are for another moment, and no reason for a warning', async () => {
    const scene = await openScene()
    const manifests = [workload('web', { version: 2 }), job('web-drop-data', 'pre-delete'), testPod].map(
      manifest
    )
    const planned = await scene.run({ manifests }).plan()
    const outcome = await scene.run({ manifests }).deploy()
    expect(outcome.result).toBe('promoted')
    expect(jobsIn(scene)).toEqual([])
    for (const { warnings } of [planned, outcome]) expect(warnings).toEqual([])
    expect(JSON.stringify(planned.plan)).not.toContain('web-drop-data')
  })

  it('refuse a release that would leave out what is no Job, before anything is changed', async () => {
    const scene = await openScene()
    const migrate = {
      ...testPod,
      metadata: { name: 'web-migrate', annotations: { 'helm.sh/hook': 'pre-upgrade' } }
    }
    const manifests = [workload('web', { version: 2 }), migrate].map(manifest)
    for (const command of ['plan', 'deploy'] as const)
      expect(await problemsOf(scene.run({ manifests })[command]())).toEqual([
        expect.stringContaining('Pod web-migrate is a hook (helm.sh/hook: pre-upgrade)')
      ])
    expect(scene.story).toEqual([])
  })

  it('are no matter when there is nothing to release', async () => {
    const scene = await openScene()
    const manifests = [workload(), job('web-migrate', 'pre-upgrade')].map(manifest)
    const outcome = await scene.run({ manifests, inputs: { images: 'shop/web:1' } }).deploy()
    expect(outcome.result).toBe('unchanged')
    expect(jobsIn(scene)).toEqual([])
  })
})

/** Smoke tests are asked for, so that a plan and a reason tell the port. */
const TESTED = { 'smoke-tests': 'GET /health -> 200' }

const withPorts = (ports: Service['spec']['ports'], more: Partial<Service['spec']> = {}): Service => ({
  ...service(),
  spec: { selector: { app: 'web' }, ...(ports === undefined ? {} : { ports }), ...more }
})

describe('the port that the new version is asked on', () => {
  it('is that of users, not the first of the Service, and is told', async () => {
    const ports = [
      { name: 'metrics', port: 9090, targetPort: 9090 },
      { name: 'http', port: 80, targetPort: 'http' }
    ]
    const scene = await openScene([workload(), withPorts(ports)])
    const { plan } = await scene.run({ inputs: TESTED }).plan()
    expect(plan?.steps).toContain('Smoke tests on web-green, port 8080')
    const named = { 'smoke-tests': 'GET :metrics/ -> 200\nGET :9091/ -> 200' }
    expect((await scene.run({ inputs: named }).plan()).result).toBe('planned')
  })

  it('cannot be one that nobody has', async () => {
    const scene = await openScene()
    expect(await problemsOf(scene.run({ inputs: { 'smoke-tests': 'GET :admin/ -> 200' } }).plan())).toEqual([
      'GET :admin/ -> 200: neither service/web nor a container of the new version has a port named admin; there are http'
    ])
  })
})

describe('a Service without ports', () => {
  const headless = withPorts(undefined, { clusterIP: 'None' })

  it.each(['blue-green', 'canary', 'rolling', 'recreate'])('is released: %s', async (strategy) => {
    const scene = await openScene([workload(), headless])
    const inputs = { strategy, ...(strategy === 'canary' ? { steps: '50% for 1s\n100%' } : {}) }
    expect(await scene.run({ inputs }).deploy()).toMatchObject({ result: 'promoted' })
    expect(scene.traffic()).toContain('v2 3')
    if (strategy === 'blue-green' || strategy === 'canary')
      expect(scene.harm.filter((line) => line !== 'two versions serve (app=web)')).toEqual([])
  })

  it('leaves the port to the readiness probe, or to the line', async () => {
    const scene = await openScene([workload(), headless])
    const { plan } = await scene.run({ inputs: TESTED }).plan()
    expect(plan?.steps).toContain('Smoke tests on web-green, port 8080')
  })

  it('is told where nothing else says where the new version listens', async () => {
    const { spec, ...rest } = workload()
    const [container] = spec.template.spec.containers
    const mute = {
      ...rest,
      spec: {
        ...spec,
        template: { ...spec.template, spec: { containers: [{ name: 'web', image: container?.image ?? '' }] } }
      }
    }
    const scene = await openScene([mute, headless])
    const lines = 'GET /health -> 200\nGET :8080/health -> 200\nrun: true'
    expect(await problemsOf(scene.run({ inputs: { 'smoke-tests': lines } }).plan())).toEqual([
      'GET /health -> 200: service/web has no ports and no readiness probe tells one, so that nothing says where the new version listens',
      'run: true: service/web has no ports and no readiness probe tells one, so that nothing says where the new version listens'
    ])
    expect((await scene.run().deploy()).result).toBe('promoted')
  })
})

describe('a Service without pods of its own', () => {
  it('is told', async () => {
    const external: Service = { ...service(), spec: { type: 'ExternalName' } }
    const scene = await openScene([workload(), external])
    expect(await problemsOf(scene.run({ inputs: { route: 'service/web' } }).plan())).toEqual([
      expect.stringContaining('service/web is of type ExternalName')
    ])
  })
})

const claim = (...accessModes: readonly string[]): KubernetesObject =>
  ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'web-data', namespace: NAMESPACE },
    spec: { accessModes }
  }) as KubernetesObject

/** A workload that mounts the claim, and replaces its pods in this way. */
function mounting(type?: string, version = 1): Deployment {
  const { spec, ...rest } = workload('web', { version })
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'web-data' } }]
  const template = { ...spec.template, spec: { ...spec.template.spec, volumes } }
  return {
    ...rest,
    spec: { ...spec, ...(type === undefined ? {} : { strategy: { type } }), template }
  }
}

function denyClaims({ cluster }: Scene): void {
  cluster.listsRules = false
  cluster.isDenied = ({ resource }) => resource === 'persistentvolumeclaims'
}

describe('a volume that one version at a time can have', () => {
  it('refuses two versions beside each other where the Deployment replaces its pods, and names the way out', async () => {
    const scene = await openScene([mounting('Recreate'), service(), claim('ReadWriteOnce')])
    for (const run of [scene.run().plan(), scene.run().deploy()]) {
      expect(await problemsOf(run)).toEqual([
        'deployment/web-green mounts persistentvolumeclaim/web-data (ReadWriteOnce) and has strategy.type: Recreate: with strategy: blue-green both versions would run at the same time, and write to one volume or wait for it on another node'
      ])
    }
    expect(scene.story).toEqual([])
    expect((await scene.run({ inputs: { strategy: 'recreate' } }).deploy()).result).toBe('promoted')
  })

  it('refuses it whether the strategy stands in the manifest or is live, and the claim is live or in the manifests', async () => {
    const scene = await openScene([mounting(), service()])
    const manifests = [manifest(mounting('Recreate', 2)), manifest(claim('ReadWriteOnce'))]
    denyClaims(scene)
    expect(await problemsOf(scene.run({ manifests, inputs: { strategy: 'canary' } }).plan())).toEqual([
      expect.stringContaining('(ReadWriteOnce) and has strategy.type: Recreate: with strategy: canary')
    ])
  })

  it('is taken for one where it may not be read', async () => {
    const scene = await openScene([mounting('Recreate'), service(), claim('ReadWriteMany')])
    denyClaims(scene)
    expect(await problemsOf(scene.run().plan())).toEqual([
      expect.stringContaining('its accessModes cannot be read, which takes get on persistentvolumeclaims')
    ])
  })

  it('is told where the Deployment itself would start new pods beside old ones', async () => {
    const scene = await openScene([mounting(), service(), claim('ReadWriteOnce')])
    expect((await scene.run().plan()).warnings).toContainEqual(
      expect.stringContaining(
        'mounts persistentvolumeclaim/web-data (ReadWriteOnce): with strategy: blue-green'
      )
    )
    denyClaims(scene)
    expect(JSON.stringify((await scene.run().plan()).warnings)).not.toContain('web-data')
  })

  it('is told of one pod even where it may not be read', async () => {
    const { spec, ...rest } = mounting()
    const single: Deployment = { ...rest, spec: { ...spec, replicas: 1 } }
    const scene = await openScene([single, service(), claim('ReadWriteOnce')])
    denyClaims(scene)
    expect((await scene.run().plan()).warnings).toContainEqual(
      expect.stringMatching(/web-data \(its accessModes cannot be read.* unless it is for many nodes/)
    )
    expect(
      JSON.stringify((await scene.run({ inputs: { strategy: 'rolling' } }).plan()).warnings)
    ).not.toContain('web-data')
  })

  it.each(['blue-green', 'rolling'])('refuses %s where it is for one pod', async (strategy) => {
    const scene = await openScene([mounting(), service(), claim('ReadWriteOncePod')])
    expect(await problemsOf(scene.run({ inputs: { strategy } }).plan())).toEqual([
      expect.stringContaining('(ReadWriteOncePod), which one pod can have at a time')
    ])
  })

  it.each([['ReadWriteMany'], ['ReadOnlyMany'], ['ReadWriteOnce', 'ReadWriteMany']])(
    'is none that many can have: %s',
    async (...modes) => {
      const scene = await openScene([mounting('Recreate'), service(), claim(...modes)])
      const { result, warnings } = await scene.run().deploy()
      expect(result).toBe('promoted')
      expect(warnings).toContainEqual(expect.stringContaining('has strategy.type: Recreate'))
    }
  )

  it('is no matter to a version that has another one', async () => {
    const scene = await openScene([mounting('Recreate'), service(), claim('ReadWriteOnce')])
    const manifests = [manifest(workload('web', { version: 2 }))]
    expect((await scene.run({ manifests }).deploy()).result).toBe('promoted')
  })
})

describe('what runs beside the workload', () => {
  const beside = (kind: string, name: string, version: number): KubernetesObject => {
    const { apiVersion, metadata, spec } = workload(name, { version, labels: { app: name } })
    return { apiVersion, kind, metadata, spec } as KubernetesObject
  }
  const told = async (...objects: readonly KubernetesObject[]): Promise<readonly string[]> => {
    const scene = await openScene([
      workload(),
      service(),
      beside('Deployment', 'api', 1),
      beside('Deployment', 'jobs', 1)
    ])
    const manifests = [workload('web', { version: 2 }), ...objects].map(manifest)
    return (await scene.run({ manifests, inputs: { images: '' } }).plan()).warnings
  }

  it('is no reason for a warning where the manifests leave it as it is', async () => {
    expect(await told(beside('Deployment', 'api', 1), beside('Deployment', 'jobs', 1))).toEqual([])
  })

  it('is told in one warning where they change it or bring it', async () => {
    expect(await told(beside('Deployment', 'api', 1), beside('Deployment', 'jobs', 2))).toEqual([
      'Deployment jobs (k8s/web.yaml, line 1) is applied at once and not watched; only the workload is released step by step'
    ])
    expect(await told(beside('Deployment', 'api', 2), beside('StatefulSet', 'db', 1))).toEqual([
      'Deployment api (k8s/web.yaml, line 1), StatefulSet db (k8s/web.yaml, line 1) are applied at once and not watched; only the workload is released step by step'
    ])
  })
})

describe('manifests without a new version', () => {
  const config = (value: string): KubernetesObject & { readonly data: object } => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'theirs', namespace: NAMESPACE },
    data: { COLOUR: value }
  })
  const unchanged = async (...objects: readonly KubernetesObject[]): Promise<readonly string[]> => {
    const scene = await openScene([workload(), service(), config('red')])
    const { length } = scene.story
    const options = { manifests: [workload(), ...objects].map(manifest), inputs: { images: '' } }
    const [planned, deployed] = [await scene.run(options).plan(), await scene.run(options).deploy()]
    for (const { result } of [planned, deployed]) expect(result).toBe('unchanged')
    expect(deployed.warnings).toEqual(planned.warnings)
    expect(scene.story).toHaveLength(length)
    return deployed.warnings
  }

  it('are told where something else in them was not applied', async () => {
    expect(await unchanged(autoscaler(), config('blue'))).toEqual([
      'the version that would be released serves already, so that nothing of the manifests was applied: HorizontalPodAutoscaler web (new), ConfigMap theirs (changed). That comes with the next version'
    ])
  })

  it('are no reason for a warning where all of it is there', async () => {
    expect(await unchanged(service(), config('red'))).toEqual([])
  })
})
