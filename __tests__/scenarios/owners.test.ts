import { describe, expect, it } from '@jest/globals'
import type { KubernetesObject } from '../../src/kubernetes/objects.ts'
import { canaryOf } from '../support/canaries.ts'
import { autoscaler, autoscalerRef, NAMESPACE, openScene, service, workload } from './scene.ts'

/** Objects that a controller owns. */

const owned = <T extends KubernetesObject>(
  object: T,
  apiVersion: string,
  kind: string,
  controller = true
): T => ({
  ...object,
  metadata: {
    ...object.metadata,
    ownerReferences: [{ apiVersion, kind, name: 'web', uid: 'u-1', controller }]
  }
})

const CANARY = ['flagger.app/v1beta1', 'Canary'] as const

const named = (name: string, selector: Readonly<Record<string, string>>) => ({
  ...service(selector),
  metadata: { name, namespace: NAMESPACE }
})

async function refuses(objects: readonly KubernetesObject[], told: string): Promise<void> {
  const scene = await openScene(objects)
  const before = scene.story.length
  for (const command of ['deploy', 'plan'] as const)
    await expect(scene.run()[command]()).rejects.toThrow(told)
  expect(scene.story).toHaveLength(before)
}

describe('what Flagger or Argo Rollouts own is refused before anything is changed', () => {
  it.each([
    [
      'the Service',
      [workload(), owned(service(), ...CANARY)],
      'service/web is controlled by Canary web of Flagger'
    ],
    [
      'the Deployment',
      [owned(workload(), ...CANARY), service()],
      'deployment/web is controlled by Canary web of Flagger'
    ],
    [
      'an owner that says no more',
      [workload(), owned(service(), ...CANARY, false)],
      'service/web is controlled by Canary web of Flagger'
    ],
    [
      'the Service of a Rollout',
      [
        workload(),
        {
          ...service(),
          metadata: {
            ...service().metadata,
            annotations: { 'argo-rollouts.argoproj.io/managed-by-rollouts': 'shop' }
          }
        }
      ],
      'service/web belongs to Rollout shop of Argo Rollouts'
    ]
  ])('%s', (_, objects, told) => refuses(objects, told))

  it('by its shape alone, where nothing has an owner', () =>
    refuses(
      [
        workload('web', { replicas: 0 }),
        named('web', { app: 'web-primary' }),
        named('web-primary', { app: 'web-primary' }),
        named('web-canary', { app: 'web' })
      ],
      "service/web-canary is the canary's Service of a Flagger Canary: users come to the pods of service/web-primary (app=web-primary)"
    ))

  it('a Deployment that a Rollout refers to', () =>
    refuses(
      [
        workload(),
        service(),
        {
          apiVersion: 'argoproj.io/v1alpha1',
          kind: 'Rollout',
          metadata: { name: 'shop', namespace: NAMESPACE },
          spec: { workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } }
        } as KubernetesObject
      ],
      'deployment/web belongs to Rollout shop of Argo Rollouts'
    ))
})

describe('where a controller releases it, the line that does so is offered', () => {
  const rollout = (spec: object): KubernetesObject =>
    ({
      ...{
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'Rollout',
        metadata: { name: 'web', namespace: NAMESPACE }
      },
      spec
    }) as KubernetesObject
  const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }
  const atRest = [
    workload('web', { replicas: 0 }),
    owned(named('web', { app: 'web-primary' }), ...CANARY),
    owned(named('web-primary', { app: 'web-primary' }), ...CANARY),
    owned(named('web-canary', { app: 'web' }), ...CANARY)
  ]
  it.each([
    ['a Rollout in the place of a Deployment', [service(), rollout({})], 'workload: rollout/web'],
    [
      'a Rollout that refers to it',
      [workload(), service(), rollout({ workloadRef })],
      'workload: rollout/web'
    ],
    ['a Canary whose target it is', [workload(), service(), canaryOf()], 'workload: canary/web'],
    ['what Flagger has made of it', atRest, 'workload: canary/web']
  ])('%s', (_, objects, line) => refuses(objects, line))
})

describe('an autoscaler of KEDA', () => {
  const scaled = () => owned(autoscaler(), 'keda.sh/v1alpha1', 'ScaledObject')

  it('is refused with both ways out, before anything is changed', async () => {
    await refuses(
      [workload(), service(), scaled()],
      'horizontalpodautoscaler/web is controlled by ScaledObject web of KEDA, which points it back to deployment/web in seconds'
    )
    await refuses([workload(), service(), scaled()], 'strategy: rolling')
    await refuses([workload(), service(), scaled()], 'autoscaling.keda.sh/paused=true')
  })

  it('is no matter in place, where its Deployment stays', async () => {
    const scene = await openScene([workload(), service(), scaled()])
    const outcome = await scene.run({ inputs: { strategy: 'rolling' } }).deploy()
    expect(outcome).toMatchObject({ result: 'promoted' })
    expect(outcome.warnings.filter((line) => line.includes('ScaledObject'))).toEqual([])
  })

  it('is refused by a rollback, too', async () => {
    const scene = await openScene([workload(), service(), autoscaler()])
    await scene.run().deploy()
    const live = scene.cluster.read(autoscalerRef)
    if (live !== undefined) scene.cluster.replace(owned(live, 'keda.sh/v1alpha1', 'ScaledObject'))
    await expect(scene.run().rollback()).rejects.toThrow('is controlled by ScaledObject web of KEDA')
  })
})

describe('any other controller', () => {
  it.each([
    ['of the Service', [workload(), owned(service(), 'acme.io/v1', 'Shop')], 'service/web'],
    ['of the Deployment', [owned(workload(), 'acme.io/v1', 'Shop'), service()], 'deployment/web'],
    [
      'of the autoscaler',
      [workload(), service(), owned(autoscaler(), 'acme.io/v1', 'Shop')],
      'horizontalpodautoscaler/web'
    ]
  ])('%s is told, and the release goes on', async (_, objects, title) => {
    const scene = await openScene(objects)
    const told = expect.stringContaining(`${title} is controlled by Shop web (acme.io/v1)`) as unknown
    expect(await scene.run().plan()).toMatchObject({ warnings: expect.arrayContaining([told]) as unknown })
    expect(await scene.run().deploy()).toMatchObject({ result: 'promoted', warnings: [told] })
  })

  it('is not meant by an owner that only takes the object with it when it goes', async () => {
    const scene = await openScene([workload(), owned(service(), 'acme.io/v1', 'Shop', false)])
    expect(await scene.run().deploy()).toMatchObject({ result: 'promoted', warnings: [] })
  })
})

describe('a slot that has an autoscaler of its own', () => {
  it('keeps it, and gets no second one', async () => {
    const own = autoscaler('web-green')
    const scene = await openScene([
      workload(),
      service(),
      autoscaler(),
      { ...own, metadata: { name: 'web-green', namespace: NAMESPACE } }
    ])
    expect(await scene.run().deploy()).toMatchObject({ result: 'promoted' })
    expect(scene.cluster.read(autoscalerRef)).toMatchObject({ spec: { scaleTargetRef: { name: 'web' } } })
  })
})
