import { describe, expect, it } from '@jest/globals'
import type { KubernetesObject, Service } from '../../src/kubernetes/objects.ts'
import type { Ref } from '../../src/kubernetes/ref.ts'
import { httpRoute, openGateway } from '../support/memory/gateway-controller.ts'
import {
  autoscaler,
  deploymentRef,
  found,
  manifest,
  NAMESPACE,
  openScene,
  service,
  serviceRef,
  autoscalerRef,
  workload,
  SERVING,
  type Scene
} from './scene.ts'

/** Manifests that are live objects, as `kubectl get -o yaml` writes them: with all that a release has put there. */

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

const routeRef = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  namespace: NAMESPACE,
  name: 'web'
}
const canaryRef = { ...serviceRef, name: 'web-green' }

/** With `--show-managed-fields`, and as an object that was once applied by kubectl. */
function exported(scene: Scene, ref: Ref): KubernetesObject {
  const live = structuredClone(found(scene.cluster.read(ref)))
  const annotations = { ...live.metadata.annotations, [LAST_APPLIED]: '{"kind":"of before"}' }
  return { ...live, metadata: { ...live.metadata, annotations } }
}

const own = (object: KubernetesObject): string[] =>
  Object.keys(object.metadata.annotations ?? {}).filter((key) => key.startsWith('greenlight.dev/'))

const deploy = (scene: Scene, tag: number, manifests: readonly KubernetesObject[], inputs = {}) =>
  scene.run({ inputs: { images: `shop/web:${tag}`, ...inputs }, manifests: manifests.map(manifest) }).deploy()

const ROUTE = { strategy: 'canary', steps: '50% for 1m\n100%', route: 'httproute/web', bake: '1s' }

describe('a Service that was exported', () => {
  it.each(['between releases', 'during one'])(
    '%s: releases and a rollback go on from the live record',
    async (when) => {
      const scene = await openScene()
      const first = scene.run({ inputs: { images: 'shop/web:2', bake: '1m' } }).deploy()
      let service = exported(scene, serviceRef)
      await scene.when(SERVING, 1000, () => (service = exported(scene, serviceRef)))
      await first
      if (when === 'between releases') service = exported(scene, serviceRef)
      for (const tag of [3, 4, 5]) {
        await scene.clock.sleep(60_000)
        expect(await deploy(scene, tag, [service])).toMatchObject({ result: 'promoted', foreignWrites: [] })
        expect(scene.traffic()).toMatch(new RegExp(`-> v${tag} 3$`))
      }
      await scene.clock.sleep(60_000)
      await scene.run().cleanup()
      expect(scene.traffic()).toMatch(/-> v5 3$/)
      expect(await scene.run().rollback()).toMatchObject({ result: 'rolled-back' })
      expect(scene.traffic()).toMatch(/-> v4 3$/)
      expect(scene.harm).toEqual([])
      expect(scene.service().metadata.annotations?.[LAST_APPLIED]).toBeUndefined()
    }
  )

  it('is told, and by a plan too', async () => {
    const scene = await openScene()
    await scene.run().deploy()
    const options = {
      inputs: { images: 'shop/web:3' },
      manifests: [manifest(exported(scene, serviceRef))]
    }
    const told =
      'k8s/web.yaml, line 1: Service web has the annotation greenlight.dev/release, which only a release may write: it is left out'
    const plan = await scene.run(options).plan()
    expect(plan.warnings).toContain(told)
    await scene.clock.sleep(60_000)
    expect((await scene.run(options).deploy()).warnings).toContain(told)
  })

  it('and belongs to another workload that is released keeps the traffic that it has', async () => {
    const api = { ...service({ app: 'api' }), metadata: { name: 'api', namespace: NAMESPACE } }
    const scene = await openScene([workload(), service(), api])
    const record = { 'greenlight.dev/release': '{"of":"another workload"}' }
    const selector = { app: 'api', 'greenlight.dev/slot': 'green' }
    const ref = { ...serviceRef, name: 'api' }
    scene.cluster.replace({
      ...api,
      metadata: { ...api.metadata, annotations: record },
      spec: { ...api.spec, selector }
    })
    const former = { ...api, spec: { ...api.spec, selector: { app: 'api', 'greenlight.dev/slot': 'blue' } } }
    await deploy(scene, 2, [former])
    const live = found(scene.cluster.read<Service>(ref))
    expect(live.spec.selector).toEqual(selector)
    expect(live.metadata.annotations).toEqual(record)
  })
})

describe('a route that was exported', () => {
  const open = async () => {
    const scene = await openScene([workload(), service(), httpRoute()])
    const gateway = openGateway(scene.cluster)
    const ended = deploy(scene, 2, [], ROUTE)
    let route = exported(scene, routeRef)
    let canary = route
    await scene.when(SERVING.replace('100', '50'), 5000, () => {
      route = exported(scene, routeRef)
      canary = exported(scene, canaryRef)
    })
    await ended
    await scene.clock.sleep(60_000)
    return { scene, gateway, route, canary }
  }

  it.each(['as it is', 'without its annotations'])(
    'at 50 %%, %s: nobody comes to a version before its time, in three releases and a rollback',
    async (how) => {
      const { scene, gateway, route, canary } = await open()
      const { annotations: _, ...bare } = route.metadata
      const used = how === 'as it is' ? route : { ...route, metadata: bare }
      for (const tag of [3, 4, 5]) {
        const outcome = await deploy(scene, tag, [used, canary], ROUTE)
        expect(outcome).toMatchObject({ result: 'promoted', foreignWrites: [] })
        await scene.clock.sleep(60_000)
      }
      await scene.run({ inputs: { route: 'httproute/web' } }).rollback()
      expect(scene.traffic()).toMatch(/-> v4 3$/)
      expect(gateway.harm).toEqual([])
      expect(scene.harm).toEqual([])
      const [state] = gateway.story.slice(-1)
      expect(state).toBe('web')
      expect(own(found(scene.cluster.read(routeRef)))).toEqual([])
    }
  )

  it('at 50% and is none of the release is a fault: it would move traffic by itself', async () => {
    const { scene, route } = await open()
    const before = scene.story.length
    const foreign = { ...route, metadata: { ...route.metadata, name: 'api' } }
    await expect(deploy(scene, 3, [foreign])).rejects.toThrow(
      'k8s/web.yaml, line 1: HTTPRoute api was taken in the middle of a release (greenlight.dev/before): applied, it would move traffic'
    )
    expect(scene.story).toHaveLength(before)
  })
})

describe('Deployments and autoscalers that were exported', () => {
  it('while they had a claim and the label of a slot: claim and label go nowhere', async () => {
    const scene = await openScene([workload(), service(), autoscaler()])
    await scene.run().deploy()
    scene.cluster.patch(deploymentRef('web-green'), [
      { op: 'add', path: '/metadata/annotations/greenlight.dev~1claimed-by', value: '9-1-x' }
    ])
    scene.cluster.patch(autoscalerRef, [
      { op: 'add', path: '/metadata/annotations', value: { 'greenlight.dev/claimed-by': '9-1-x' } }
    ])
    const [green, hpa] = [exported(scene, deploymentRef('web-green')), exported(scene, autoscalerRef)]
    scene.cluster.patch(deploymentRef('web-green'), [
      { op: 'remove', path: '/metadata/annotations/greenlight.dev~1claimed-by' }
    ])
    scene.cluster.patch(autoscalerRef, [
      { op: 'remove', path: '/metadata/annotations/greenlight.dev~1claimed-by' }
    ])
    for (const tag of [3, 4]) {
      await scene.clock.sleep(60_000)
      expect(await deploy(scene, tag, [green, hpa])).toMatchObject({ result: 'promoted', foreignWrites: [] })
    }
    for (const ref of [deploymentRef('web-green'), deploymentRef('web-blue'), autoscalerRef])
      expect(Object.values(found(scene.cluster.read(ref)).metadata.annotations ?? {})).not.toContain('9-1-x')
    await scene.clock.sleep(60_000)
    await scene.run().rollback()
    expect(scene.traffic()).toMatch(/-> v3 3$/)
    expect(scene.harm).toEqual([])
  })

  it('and replace a plain Deployment in place leave no label of a slot on its pods', async () => {
    const scene = await openScene()
    await scene.run().deploy()
    const green = exported(scene, deploymentRef('web-green'))
    const plain = await openScene()
    await deploy(plain, 3, [green], { strategy: 'rolling' })
    expect(plain.traffic()).toBe('app=web -> v3 3')
    expect(plain.deployment('web').spec.template.metadata?.labels).toEqual({ app: 'web' })
    expect(plain.deployment('web').metadata.labels ?? {}).toEqual({})
  })
})

it('copies of config that were exported are left alone', async () => {
  const scene = await openScene()
  const template = workload().spec.template
  const [container] = template.spec.containers
  const withConfig = {
    ...workload(),
    spec: {
      ...workload().spec,
      template: {
        ...template,
        spec: { containers: [{ ...found(container), envFrom: [{ configMapRef: { name: 'web' } }] }] }
      }
    }
  }
  const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'web' }, data: { A: '1' } }
  const query = { apiVersion: 'v1', kind: 'ConfigMap', namespace: NAMESPACE }
  await deploy(scene, 2, [withConfig, config])
  const [copy] = scene.cluster.all(query)
  await scene.clock.sleep(60_000)
  const outcome = await deploy(scene, 3, [withConfig, config, found(copy)])
  expect(outcome).toMatchObject({ result: 'promoted' })
  expect(scene.cluster.all(query)).toEqual([copy])
})
