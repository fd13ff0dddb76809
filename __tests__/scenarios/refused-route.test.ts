import { describe, expect, it, jest } from '@jest/globals'
import type { ClusterEvent, KubernetesObject } from '../../src/kubernetes/objects.ts'
import { NAMESPACE, openScene, service, workload, type Scene } from './scene.ts'

/** A controller that says by events alone whether it has put an Ingress into practice, as that of AWS does. */

jest.setTimeout(60_000)

const ingress = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: {
    namespace: NAMESPACE,
    name: 'web',
    annotations: { 'alb.ingress.kubernetes.io/target-type': 'ip' }
  },
  spec: {
    ingressClassName: 'alb',
    rules: [
      {
        http: {
          paths: [
            { path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } }
          ]
        }
      }
    ]
  }
} as KubernetesObject

const inputs = { route: 'ingress/web', strategy: 'canary', steps: '10% for 2m\n100%', bake: '0s' }
const WHY = 'service shop/web-green is of no use: ::error::no'
let count = 0

/** The controller says something of the Ingress. */
function say({ cluster, clock }: Scene, reason: string): void {
  count += 1
  const event: ClusterEvent = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { namespace: NAMESPACE, name: `web.${count}` },
    type: reason.startsWith('Failed') ? 'Warning' : 'Normal',
    reason,
    message: reason.startsWith('Failed') ? WHY : 'Successfully reconciled',
    involvedObject: { kind: 'Ingress', name: 'web' },
    lastTimestamp: new Date(clock.now()).toISOString()
  }
  cluster.create(event)
}

/** Says so a second after each new version of the Ingress. */
async function open(answer: (written: number) => readonly string[]): Promise<Scene> {
  const scene = await openScene([workload(), service(), ingress])
  let written = 0
  scene.cluster.subscribe((now, before) => {
    if (now.kind !== 'Ingress' || now.metadata.resourceVersion === before?.metadata.resourceVersion) return
    written += 1
    const words = answer(written)
    words.forEach((word, at) => {
      void scene.clock.sleep(1000 * (1 + 4 * at)).then(
        () => {
          say(scene, word)
        },
        () => undefined
      )
    })
  })
  return scene
}

describe('a controller that says by events that it cannot do what is written', () => {
  it('ends the release with its words before a user is sent anywhere', async () => {
    const scene = await open((written) => [written === 1 ? 'FailedBuildModel' : 'SuccessfullyReconciled'])
    const outcome = await scene.run({ inputs }).deploy()
    expect(outcome).toMatchObject({
      result: 'rolled-back',
      unexposed: true,
      reason: `ingress/web is not put into practice by its controller: FailedBuildModel: ${WHY}`
    })
    expect(scene.cluster.read({ ...ingress, namespace: NAMESPACE, name: 'web' })).toMatchObject({
      spec: (ingress as KubernetesObject & { spec: object }).spec
    })
    expect(scene.harm).toEqual([])
  })

  it('puts stable back where it says so of a later share', async () => {
    const scene = await open((written) => [written > 1 ? 'FailedDeployModel' : 'SuccessfullyReconciled'])
    expect(await scene.run({ inputs }).deploy()).toMatchObject({
      result: 'rolled-back',
      reason: `ingress/web is not put into practice by its controller: FailedDeployModel: ${WHY}`
    })
  })

  it('has time to try again, and has said what it said before the release of something else', async () => {
    const scene = await open(() => ['FailedBuildModel', 'SuccessfullyReconciled'])
    expect(await scene.run({ inputs }).deploy()).toMatchObject({ result: 'promoted' })
    const earlier = await openScene([workload(), service(), ingress])
    say(earlier, 'FailedBuildModel')
    expect(await earlier.run({ inputs }).deploy()).toMatchObject({ result: 'promoted' })
  })
})
