import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import { stringify } from 'yaml'
import type { Deployment, KubernetesObject } from '../../src/kubernetes/objects.ts'
import { admin, deleteNamespace, grant } from '../support/cluster/real-cluster.ts'
import { playTogether } from '../support/cluster/live-suite.ts'
import { manifestFile, ONE_OF_MANY, openLiveScene, openLiveStage } from '../support/cluster/live-scene.ts'
import { like, NEXT, refused, serviceOf, SMALL, warningsIn, withPods } from '../support/cluster/small.ts'
import { getDeployment, getService, image, service, workload } from '../support/cluster/workload.ts'

/** What charts render: ports, hooks, volumes, pairs and encodings, each in a namespace of its own. */

/** Several containers, one of them a sidecar, whose ports the Service calls by name. */
async function severalPorts(): Promise<void> {
  const [web] = SMALL.spec.template.spec.containers
  const pods = {
    containers: [
      { name: 'log', image: image(1), args: ['pause'], ports: [{ name: 'metrics', containerPort: 9090 }] },
      { ...web, ports: [...(web?.ports ?? []), { name: 'dns', containerPort: 5353, protocol: 'UDP' }] }
    ],
    initContainers: [
      {
        name: 'proxy',
        image: image(1),
        args: ['pause'],
        restartPolicy: 'Always',
        ports: [{ name: 'tls', containerPort: 8443 }]
      }
    ]
  }
  const ports = [
    { name: 'metrics', port: 9090, targetPort: 'metrics' },
    { name: 'dns', port: 53, protocol: 'UDP', targetPort: 'dns' },
    { name: 'grpc', port: 9000, targetPort: 'stale', appProtocol: 'kubernetes.io/h2c' },
    { name: 'tls', port: 443, targetPort: 'tls' },
    { name: 'http', port: 80, targetPort: 'http', appProtocol: 'http' }
  ]
  const stage = await openLiveStage([
    withPods(SMALL, pods),
    serviceOf(ports, { sessionAffinity: 'ClientIP' })
  ])
  const given = { ...NEXT, images: `web=${image(2)}` }
  const ended = await stage.run({ ...given, 'smoke-tests': 'GET /health -> 200\nGET :http/ -> 200' })
  expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted' } })
  expect(ended.log).toContain('Smoke tests on web-green, port 8080')
  expect(warningsIn(ended)).toContainEqual(like('port 9000 leads to the port named stale'))
  const asked = await stage.run({ images: `web=${image(3)}`, 'smoke-tests': 'GET :9090/health -> 200' })
  expect(asked).toMatchObject({ exitCode: 1, outputs: { result: 'rolled-back' } })
  expect(asked.outputs.reason).toMatch(/GET :9090\/health: web-blue-\S+ on port 9090: no answer/)
}

/** A number becomes a name that the new version does not have: its pods would be behind no port. */
async function namedPort(): Promise<void> {
  const scene = await openLiveScene(
    [SMALL, { ...serviceOf([{ name: 'http', port: 80, targetPort: 8080 }], { type: 'NodePort' }) }],
    undefined,
    ONE_OF_MANY
  )
  const [web] = SMALL.spec.template.spec.containers
  const renamed = withPods(SMALL, {
    containers: [
      {
        ...web,
        image: image(2),
        ports: [{ name: 'web', containerPort: 8080 }],
        readinessProbe: { httpGet: { path: '/health', port: 8080 }, periodSeconds: 1 }
      }
    ]
  })
  const manifests = manifestFile([renamed, serviceOf([{ name: 'http', port: 80, targetPort: 'http' }])])
  expect(await refused(scene, { manifests })).toContain(
    'service/web sends traffic to the port named http, which no container of deployment/web-green has'
  )
  const named = [
    workload({ image: image(2), replicas: 1 }),
    serviceOf([{ name: 'http', port: 80, targetPort: 'http' }])
  ]
  const ended = await scene.run({ manifests: manifestFile(named), bake: '0s' })
  expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted' } })
  expect((await scene.end()).users).toMatchObject({ failed: 0, failures: [] })
}

function hook(kind: string, name: string, annotations: Readonly<Record<string, string>>): KubernetesObject {
  const spec = { restartPolicy: 'Never', containers: [{ name: 'task', image: image(2), args: ['pause'] }] }
  if (kind === 'ConfigMap') return { apiVersion: 'v1', kind, metadata: { name, annotations } }
  return {
    apiVersion: kind === 'Job' ? 'batch/v1' : 'v1',
    kind,
    metadata: { name, annotations },
    spec: kind === 'Job' ? { backoffLimit: 0, template: { spec } } : spec
  } as KubernetesObject
}

async function hooks(): Promise<void> {
  const stage = await openLiveStage([SMALL, service()])
  const others = [
    hook('Job', 'drop-data', { 'helm.sh/hook': 'pre-delete', 'helm.sh/hook-weight': '-5' }),
    hook('Pod', 'report', { 'helm.sh/hook': 'post-upgrade,test', 'helm.sh/hook-weight': '3' }),
    hook('Job', 'skipped', { 'argocd.argoproj.io/hook': 'Skip' }),
    hook('Pod', 'notify', { 'argocd.argoproj.io/hook': 'PostSync,SyncFail' }),
    hook('Pod', 'test-connection', { 'helm.sh/hook': 'test' }),
    hook('ConfigMap', 'seed', {
      'helm.sh/hook': 'pre-install',
      'helm.sh/hook-delete-policy': 'hook-succeeded'
    })
  ]
  const next = workload({ image: image(2), replicas: 1 })
  const manifests = manifestFile([next, ...others])
  const before = hook('Pod', 'migrate', { 'helm.sh/hook': 'pre-install,pre-upgrade' })
  expect(await refused(stage, { manifests: manifestFile([next, ...others, before]) })).toContain(
    'Pod migrate is a hook (helm.sh/hook: pre-install,pre-upgrade) that has to be done before the new version starts'
  )
  for (const command of ['plan', 'deploy']) {
    const ended = await stage.run({ command, manifests, bake: '0s' })
    expect(ended).toMatchObject({ exitCode: 0 })
    for (const { kind, metadata } of others)
      expect(ended.log).toContain(`${kind} ${metadata.name} is a hook (`)
    // Those that an upgrade would have had.
    expect(warningsIn(ended)).toEqual([like('Pod report is a hook ('), like('Pod notify is a hook (')])
  }
  const there = await Promise.all(
    [
      ['batch/v1', 'Job'],
      ['v1', 'Pod'],
      ['v1', 'ConfigMap']
    ].map(([apiVersion = '', kind = '']) =>
      admin.list<KubernetesObject>({ apiVersion, kind, namespace: stage.namespace })
    )
  )
  const names = new Set(others.map(({ metadata }) => metadata.name))
  expect(there.flat().filter(({ metadata }) => names.has(metadata.name))).toEqual([])
}

/** A volume of the node, which is there for one claim. */
async function volumeFor(name: string): Promise<string> {
  const volume = `e2e-${Date.now().toString(36)}-${name}`
  await admin.create({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: volume },
    spec: {
      capacity: { storage: '1Mi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName: '',
      hostPath: { path: `/tmp/${volume}`, type: 'DirectoryOrCreate' }
    }
  } as KubernetesObject)
  return volume
}

async function volume(): Promise<void> {
  const volumeName = await volumeFor('data')
  const claim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'web-data' },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: '',
      volumeName,
      resources: { requests: { storage: '1Mi' } }
    }
  } as KubernetesObject
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'web-data' } }]
  try {
    const stage = await openLiveStage([
      claim,
      withPods(SMALL, { volumes }, { strategy: { type: 'Recreate' } }),
      service()
    ])
    expect(await refused(stage)).toContain('(its accessModes cannot be read')
    await grant(stage.namespace, 'role-preflight.yaml')
    expect(await refused(stage)).toBe(
      'strategy: deployment/web-green mounts persistentvolumeclaim/web-data (ReadWriteOnce) and has strategy.type: Recreate: with strategy: blue-green both versions would run at the same time, and write to one volume or wait for it on another node — for example: strategy: recreate'
    )
    const ended = await stage.run({
      ...NEXT,
      strategy: 'recreate',
      'smoke-tests': 'GET / -> 200 contains "v2"'
    })
    expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted' } })
    expect((await getDeployment(stage.namespace, 'web')).spec.template.spec).toMatchObject({ volumes })
    await deleteNamespace(stage.namespace)
  } finally {
    await admin.send({ method: 'DELETE', path: `/api/v1/persistentvolumes/${volumeName}` })
  }
}

async function headless(): Promise<void> {
  const stage = await openLiveStage([SMALL, serviceOf(undefined, { clusterIP: 'None' })])
  const ended = await stage.run({ ...NEXT, 'smoke-tests': 'GET / -> 200 contains "v2"' })
  expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted' } })
  expect((await getService(stage.namespace)).spec.selector).toMatchObject({ 'greenlight.dev/slot': 'green' })
}

/** Each of a pair that somebody has made by hand says of itself which one it is. */
function colour(name: 'blue' | 'green', replicas: number): Deployment {
  const one = workload({ name: `web-${name}`, replicas, labels: { version: name }, env: { VERSION: name } })
  const { spec } = one
  const template = {
    ...spec.template,
    metadata: { ...spec.template.metadata, annotations: { 'shop/colour': name } }
  }
  return { ...one, spec: { ...spec, template } }
}

async function pair(): Promise<void> {
  const scene = await openLiveScene(
    [colour('blue', 1), colour('green', 0), service({ app: 'web', version: 'blue' })],
    undefined,
    ONE_OF_MANY
  )
  const ended = await scene.run({ ...NEXT, 'smoke-tests': 'GET / -> 200 contains "green"' })
  expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted' } })
  const { template } = (await getDeployment(scene.namespace, 'web-green')).spec
  expect(template.metadata).toMatchObject({
    labels: { version: 'green' },
    annotations: { 'shop/colour': 'green' }
  })
  expect(template.spec.containers[0]).toMatchObject({
    image: image(2),
    env: expect.arrayContaining([{ name: 'VERSION', value: 'green' }]) as unknown
  })
  expect((await getService(scene.namespace)).spec.selector).toEqual({ app: 'web', version: 'green' })
  expect((await scene.end()).users).toMatchObject({
    failed: 0,
    versions: { green: expect.any(Number) as unknown }
  })
}

async function wideText(): Promise<void> {
  const stage = await openLiveStage([SMALL, service()])
  const folder = mkdtempSync(join(tmpdir(), 'wide-'))
  const text = stringify(workload({ image: image(2), replicas: 1 }), { version: '1.1' }).replaceAll(
    '\n',
    '\r\n'
  )
  const little = Buffer.from(`\uFEFF${text}`, 'utf16le')
  const config = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'words' },
    data: { greeting: 'grüß Gott, 你好' }
  }
  writeFileSync(join(folder, 'web.yaml'), little)
  writeFileSync(join(folder, 'words.yml'), Buffer.from(`\uFEFF${stringify(config)}`, 'utf16le').swap16())
  await grant(stage.namespace, 'role-config.yaml')
  const unmarked = join(mkdtempSync(join(tmpdir(), 'wide-')), 'web.yaml')
  writeFileSync(unmarked, Buffer.from(text, 'utf16le'))
  expect(await refused(stage, { manifests: unmarked })).toMatch(
    /web\.yaml is neither text in UTF-8 nor in UTF-16 with its mark/
  )
  const ended = await stage.run({ manifests: folder, bake: '0s' })
  expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted', image: image(2) } })
  const found = await admin.get({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    namespace: stage.namespace,
    name: 'words'
  })
  expect(found).toMatchObject({ data: config.data })
}

playTogether(
  {
    'smoke tests ask the port of users among several, or the one that they name': severalPorts,
    'a port by a name that the new version lacks is refused, by one that it has it is released': namedPort,
    'hooks of a chart are never applied, and one that has to come first is told': hooks,
    'a volume for one node is refused beside the old version, and released with strategy: recreate': volume,
    'a headless Service without ports follows': headless,
    'each of a pair made by hand keeps what it says of itself': pair,
    'manifests in UTF-16 are read': wideText
  },
  7
)
