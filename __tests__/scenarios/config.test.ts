import { describe, expect, it } from '@jest/globals'
import { ClusterError } from '../../src/base/errors.ts'
import { findUnreferencedConfig, removeUnreferencedConfig } from '../../src/execute/unreferenced-config.ts'
import { isEnding } from '../../src/kubernetes/health.ts'
import type { Deployment, KubernetesObject, Pod, ReplicaSet } from '../../src/kubernetes/objects.ts'
import { referencesIn } from '../../src/kubernetes/references.ts'
import { copyOf } from '../../src/plan/config-copy.ts'
import { type Call, type MemoryCluster, refOf } from '../support/memory/memory-cluster.ts'
import { READY, waiting } from '../support/memory/controllers.ts'
import {
  manifest,
  NAMESPACE,
  openScene as openAny,
  service,
  workload,
  type Run,
  type RunOptions,
  type Scene
} from './scene.ts'

interface Config extends KubernetesObject {
  readonly kind: 'ConfigMap' | 'Secret'
  readonly data?: Readonly<Record<string, string>>
}

const configMap = (greeting: string): Config => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'web-config', namespace: NAMESPACE },
  data: { greeting }
})
const secret: Config = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'web-secret', namespace: NAMESPACE },
  data: { password: 'aHVudGVyMg==' }
}

/** A workload that reads a ConfigMap as environment and mounts a Secret. */
function referring(version = 1): Deployment {
  const deployment = workload('web', { version })
  const { template } = deployment.spec
  const containers = template.spec.containers.map((container) => ({
    ...container,
    envFrom: [{ configMapRef: { name: 'web-config' } }]
  }))
  const volumes = [{ name: 'secret', secret: { secretName: 'web-secret' } }]
  const spec = { ...template.spec, containers, volumes }
  return { ...deployment, spec: { ...deployment.spec, template: { ...template, spec } } }
}

const refersTo = (pod: Pod) =>
  referencesIn(pod.spec).map(({ kind, name }) => ({ apiVersion: 'v1', kind, namespace: NAMESPACE, name }))

const heldFor = (cluster: MemoryCluster, pod: Pod): string =>
  JSON.stringify(refersTo(pod).map((ref) => cluster.read<Config>(ref)?.data))

/** What pods found when they started has changed or gone under one that runs. */
function watchConfig({ cluster }: Scene): readonly string[] {
  const harm: string[] = []
  const begun = new Map<string, string>()
  cluster.subscribe(() => {
    for (const pod of cluster.all<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace: NAMESPACE })) {
      const { name } = pod.metadata
      const held = heldFor(cluster, pod)
      if (!begun.has(name)) begun.set(name, held)
      else if (begun.get(name) !== held && !isEnding(pod))
        harm.push(`${name}: ${begun.get(name) ?? ''} → ${held}`)
    }
  })
  return harm
}

async function openScene(): Promise<Scene> {
  const scene = await openAny([configMap('one'), secret, referring(), service()])
  // As a kubelet does: without what it refers to no container starts.
  scene.controllers.life = (pod) =>
    refersTo(pod).every((ref) => scene.cluster.read(ref) !== undefined)
      ? { after: 500, status: READY }
      : { after: 500, status: waiting('CreateContainerConfigError') }
  return scene
}

/** Greetings of the pods that run. */
function greetings({ cluster }: Scene): readonly string[] {
  const pods = cluster
    .all<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace: NAMESPACE })
    .filter((pod) => !isEnding(pod))
  const held = pods.map(
    (pod) => refersTo(pod).map((ref) => cluster.read<Config>(ref)?.data?.greeting)[0] ?? '?'
  )
  return [...new Set(held)]
}

const copiesIn = ({ cluster }: Scene): readonly string[] =>
  ['ConfigMap', 'Secret'].flatMap((kind) =>
    cluster
      .all<Config>({ apiVersion: 'v1', kind, namespace: NAMESPACE, labels: 'greenlight.dev/workload=web' })
      .filter(({ metadata }) => metadata.name !== 'theirs')
      .map(({ metadata, data }) =>
        `${metadata.annotations?.['greenlight.dev/copy-of'] ?? ''} ${data?.greeting ?? ''}`.trim()
      )
  )

const release = (scene: Scene, greeting: string, more: RunOptions = {}): Run =>
  scene.run({
    ...more,
    inputs: { images: '', ...more.inputs },
    manifests: [configMap(greeting), secret, referring(), service()].map(manifest)
  })

describe('a release of config', () => {
  it('alone is a release: the old version keeps what it has, and comes back with it', async () => {
    const scene = await openScene()
    const harm = watchConfig(scene)
    expect(await release(scene, 'two').deploy()).toMatchObject({ result: 'promoted' })
    expect(greetings(scene)).toEqual(['two'])
    expect(await release(scene, 'three').deploy()).toMatchObject({ result: 'promoted' })
    expect(greetings(scene)).toEqual(['three'])
    expect(await scene.run().rollback()).toMatchObject({ result: 'rolled-back' })
    expect(greetings(scene)).toEqual(['two'])
    expect(copiesIn(scene)).toEqual(['web-config two', 'web-config three', 'web-secret'])
    expect([...harm, ...scene.harm]).toEqual([])
  })

  it('of a plain Deployment leaves it what it refers to, for the way back', async () => {
    const scene = await openScene()
    const harm = watchConfig(scene)
    await release(scene, 'two').deploy()
    await scene.run().rollback()
    expect(greetings(scene)).toEqual(['one'])
    expect([...harm, ...scene.harm]).toEqual([])
  })

  it('with the same content changes nothing', async () => {
    const scene = await openScene()
    await release(scene, 'two').deploy()
    const { length } = scene.story
    expect(await release(scene, 'two').deploy()).toMatchObject({ result: 'unchanged' })
    expect(scene.story).toHaveLength(length)
    expect(copiesIn(scene)).toEqual(['web-config two', 'web-secret'])
  })

  it.each(['rolling', 'recreate'])('by %s brings its config back with a rollback', async (strategy) => {
    const scene = await openScene()
    const harm = watchConfig(scene)
    await release(scene, 'two', { inputs: { strategy } }).deploy()
    await release(scene, 'three', { inputs: { strategy } }).deploy()
    expect(greetings(scene)).toEqual(['three'])
    expect(await scene.run({ inputs: { strategy } }).rollback()).toMatchObject({ result: 'rolled-back' })
    expect(greetings(scene)).toEqual(['two'])
    expect(harm).toEqual([])
  })

  it('that fails leaves the old version with its own, and the next one works', async () => {
    const scene = await openScene()
    const harm = watchConfig(scene)
    await release(scene, 'two').deploy()
    const { life } = scene.controllers
    scene.controllers.life = () => ({ after: 500, status: waiting('CrashLoopBackOff') })
    expect(await release(scene, 'bad').deploy()).toMatchObject({ result: 'rolled-back' })
    expect(greetings(scene)).toEqual(['two'])
    scene.controllers.life = life
    expect(await release(scene, 'three').deploy()).toMatchObject({ result: 'promoted' })
    expect(greetings(scene)).toEqual(['three'])
    expect([...harm, ...scene.harm]).toEqual([])
  })

  it('whose run dies is undone, and the next one applies what is there already', async () => {
    const scene = await openScene()
    const harm = watchConfig(scene)
    const run = release(scene, 'two')
    void run.deploy().catch(() => undefined)
    await scene.when('deployment/web-green 3 x', 100, () => {
      run.kill()
    })
    expect(await release(scene, 'two').deploy()).toMatchObject({ result: 'promoted' })
    expect(greetings(scene)).toEqual(['two'])
    expect([...harm, ...scene.harm]).toEqual([])
  })
})

describe('copies that no version refers to', () => {
  const place = { namespace: NAMESPACE, workload: 'web' }
  const orphan = copyOf(configMap('nobody'), 'web', NAMESPACE)
  const strangers = [
    copyOf(configMap('nobody'), 'api', NAMESPACE),
    { ...configMap('by hand'), metadata: { ...orphan.metadata, name: 'theirs' } }
  ]

  const withOrphans = async (): Promise<Scene> => {
    const scene = await openScene()
    await release(scene, 'two').deploy()
    await release(scene, 'three').deploy()
    for (const object of [orphan, ...strangers]) scene.cluster.create(object)
    return scene
  }

  it('are removed, and nothing else is', async () => {
    const scene = await withOrphans()
    const cluster = scene.cluster.connect()
    expect(await findUnreferencedConfig(place, cluster)).toHaveLength(1)
    const removed = await removeUnreferencedConfig(place, cluster, new AbortController().signal)
    expect(removed).toEqual([`configmap/${orphan.metadata.name}`])
    expect(scene.cluster.read(refOf(orphan))).toBeUndefined()
    for (const object of strangers) expect(scene.cluster.read(refOf(object))).toBeDefined()
    expect(copiesIn(scene)).toEqual(['web-config two', 'web-config three', 'web-secret'])
    expect(await scene.run().rollback()).toMatchObject({ result: 'rolled-back' })
  })

  it('are those of versions whose ReplicaSet is gone', async () => {
    const scene = await withOrphans()
    await release(scene, 'four').deploy()
    const sets = scene.cluster.all<ReplicaSet>({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      namespace: NAMESPACE
    })
    const two = sets.find((one) =>
      JSON.stringify(one.spec.template).includes(copyOf(configMap('two'), 'web', NAMESPACE).metadata.name)
    )
    if (two === undefined) throw new Error('there is no such ReplicaSet')
    scene.cluster.remove(refOf(two))
    const removed = await removeUnreferencedConfig(
      place,
      scene.cluster.connect(),
      new AbortController().signal
    )
    expect(removed).toEqual([expect.stringMatching(/^configmap\/web-config-/)])
    expect(copiesIn(scene)).toEqual(['web-config three', 'web-config four', 'web-secret'])
  })

  it('are removed after a promotion, and only then', async () => {
    const scene = await withOrphans()
    const { life } = scene.controllers
    scene.controllers.life = () => ({ after: 500, status: waiting('CrashLoopBackOff') })
    expect(await release(scene, 'bad').deploy()).toMatchObject({ result: 'rolled-back' })
    expect(copiesIn(scene)).toContain('web-config nobody')
    scene.controllers.life = life
    expect(await release(scene, 'four').deploy()).toMatchObject({ result: 'promoted', warnings: [] })
    expect(copiesIn(scene)).not.toContain('web-config nobody')
  })

  it.each([
    ['the right to list them', 'list', 403, 0],
    ['the right to remove them', 'delete', 403, 0],
    ['the cluster', 'list', 0, 1]
  ])('are left, without harm to the release, when %s is missing', async (_, verb, status, warnings) => {
    const scene = await withOrphans()
    const told: string[] = []
    const before = (call: Call): void => {
      if (call.verb !== verb || call.kind !== 'ConfigMap') return
      told.push(call.kind)
      throw new ClusterError(`cannot ${verb} configmaps`, status)
    }
    const outcome = await release(scene, 'four', { before }).deploy()
    expect(outcome).toMatchObject({ result: 'promoted' })
    expect(outcome.warnings).toHaveLength(warnings)
    expect(told).toHaveLength(1)
    expect(copiesIn(scene)).toContain('web-config nobody')
  })

  it('are not looked for by the release of a workload that has none', async () => {
    const calls: string[] = []
    const scene = await openAny()
    const before = ({ verb, kind }: Call): void => void calls.push(`${verb} ${kind}`)
    await scene.run({ before }).deploy()
    expect(calls.filter((call) => /ConfigMap|Secret|list ReplicaSet/.test(call))).toEqual([])
  })
})
