import type { DrivenInvocation } from '../../src/commands/driven/invocation.ts'
import { obeyDriven } from '../../src/commands/driven/index.ts'
import { readDrivenRecord, type DrivenRecord } from '../../src/domain/driven-record.ts'
import type { Outcome } from '../../src/domain/outcome.ts'
import { isEnding, isReady } from '../../src/kubernetes/health.ts'
import type { Command } from '../../src/inputs/inputs.ts'
import type { KubernetesObject, Lease } from '../../src/kubernetes/objects.ts'
import { canaryOf, type CanaryObject } from '../support/canaries.ts'
import { FlaggerController } from '../support/memory/flagger-controller.ts'
import type { Stored } from '../support/memory/stored.ts'
import { openScene, service, workload, type RunOptions, type Scene } from './scene.ts'

/** A workload that Flagger releases, with its controller and its load tester. */
export interface FlaggerScene extends Scene {
  readonly flagger: FlaggerController
  status(): Readonly<Record<string, unknown>>
  /** What the target has for its image, and what serves. */
  images(): string
  /** Live pods, `v1 3 + v2 1`: of the Deployment that serves, and beside it. */
  pods(): string
  kept(): DrivenRecord | undefined
  drive(command: Command, options?: RunOptions): FlaggerStart
  setImage(version: number): void
  until(isSo: () => boolean): Promise<void>
}

export interface FlaggerStart {
  readonly ended: Promise<Outcome>
  cancel(): void
  post(): Promise<string | undefined>
  kill(): void
}

const NAMESPACE = 'shop'
const canaryRef = { apiVersion: 'flagger.app/v1beta1', kind: 'Canary', namespace: NAMESPACE, name: 'web' }
const lease = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  namespace: NAMESPACE,
  name: 'greenlight-canary-web'
}

/** At rest, with v1 on three pods. */
export async function openFlagger(
  canary: CanaryObject = canaryOf(),
  others: readonly KubernetesObject[] = []
): Promise<FlaggerScene> {
  const scene = await openScene([])
  scene.cluster.create(workload())
  scene.cluster.create(service())
  for (const object of [...others, canary]) scene.cluster.create(object)
  const flagger = new FlaggerController(scene.cluster)
  scene.cluster.answer = (request) => flagger.gates.answer(request) ?? { status: 200, headers: {}, body: '' }
  await scene.clock.sleep(45_000)
  let runs = 0
  const imageOf = (name: string): string =>
    scene.deployment(name).spec.template.spec.containers[0]?.image?.replace('shop/web:', 'v') ?? ''
  const podsOf = (name: string): string => {
    const all = scene.controllers.podsOf(name).filter((pod) => !isEnding(pod) && isReady(pod))
    const versions = all.map((pod) => `v${pod.spec.containers[0]?.image?.split(':')[1] ?? '?'}`)
    return [...new Set(versions)]
      .map((one) => `${one} ${versions.filter((version) => version === one).length}`)
      .join(', ')
  }
  return {
    ...scene,
    flagger,
    status: () => (scene.cluster.read<Stored>(canaryRef)?.status ?? {}) as Record<string, unknown>,
    images: () => `${imageOf('web')}, ${imageOf('web-primary')} serves`,
    pods: () => [podsOf('web-primary'), podsOf('web')].filter((text) => text !== '').join(' + '),
    kept: () => readDrivenRecord(scene.cluster.read<Lease>(lease)),
    drive: (command, options = {}) => {
      const inputs = { command, workload: 'canary/web', bake: '0s', ...options.inputs }
      const id = options.id ?? `${(runs += 1)}-1`
      const run = scene.run({ ...options, id, inputs })
      return {
        ended: obeyDriven(run.asked(command) as DrivenInvocation),
        post: () => run.post(),
        cancel: () => {
          run.cancel()
        },
        kill: () => {
          run.kill()
        }
      }
    },
    setImage: (version) => {
      scene.cluster.patch({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: NAMESPACE, name: 'web' }, [
        { op: 'add', path: '/spec/template/spec/containers', value: containersOf(version) }
      ])
    },
    until: async (isSo) => {
      for (let left = 3000; !isSo(); left -= 1) {
        if (left === 0) throw new Error('it never came to that')
        await scene.clock.sleep(100)
      }
    }
  }
}

const containersOf = (version: number): unknown => workload('web', { version }).spec.template.spec.containers
