import { abort } from '../../src/commands/driven/abort.ts'
import { deploy } from '../../src/commands/driven/deploy.ts'
import type { DrivenInvocation } from '../../src/commands/driven/invocation.ts'
import { cleanup } from '../../src/commands/driven/cleanup.ts'
import { follow } from '../../src/commands/driven/follow.ts'
import { leave } from '../../src/commands/driven/leave.ts'
import { plan } from '../../src/commands/driven/plan.ts'
import { promote } from '../../src/commands/driven/promote.ts'
import { rollback } from '../../src/commands/driven/rollback.ts'
import { status } from '../../src/commands/driven/status.ts'
import { readDrivenRecord, type DrivenRecord } from '../../src/domain/driven-record.ts'
import type { Outcome } from '../../src/domain/outcome.ts'
import type { KubernetesObject, Lease, Pod } from '../../src/kubernetes/objects.ts'
import { expect } from '@jest/globals'
import { isEnding, isReady } from '../../src/kubernetes/health.ts'
import type { Stored } from '../support/memory/stored.ts'
import { RolloutController } from '../support/memory/rollout-controller.ts'
import { blueGreen, canary, template, type RolloutObject } from '../support/rollouts.ts'
import { openScene, type RunOptions, type Scene } from './scene.ts'

/** A workload that Argo Rollouts releases, with its controller. */
export interface DrivenScene extends Scene {
  readonly argo: RolloutController
  /** What the Rollout has for its image, and what its status says. */
  rollout(): { readonly image: string; readonly status: Readonly<Record<string, unknown>> }
  kept(): DrivenRecord | undefined
  drive(command: keyof typeof DOERS, options?: RunOptions): DrivenStart
  /** Ready pods behind a Service, by version. */
  behind(service: string): string
  edit(patch: (live: Stored) => Stored): void
  /** Somebody promotes it in full by hand. */
  hasten(): void
}

export interface DrivenStart {
  readonly ended: Promise<Outcome>
  cancel(): void
  /** The post step of this run. */
  post(): Promise<string | undefined>
  kill(): void
}

const DOERS = { deploy, plan, promote, follow, abort, rollback, cleanup, status, leave }

const NAMESPACE = 'shop'
export const rolloutRef = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  namespace: NAMESPACE,
  name: 'web'
}
const lease = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  namespace: NAMESPACE,
  name: 'greenlight-rollout-web'
}

const service = (name: string): KubernetesObject =>
  ({
    ...{ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: NAMESPACE } },
    spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] }
  }) as never

/** A canary with these steps, with v1. */
export function canaryRollout(steps: readonly unknown[], strategy: object = {}): RolloutObject {
  const object = canary({}, { steps, ...strategy })
  return { ...object, spec: { ...object.spec, template: template('shop/web:1') } }
}

export const blueGreenRollout = (strategy: object = {}): RolloutObject => blueGreen({}, { ...strategy })

/** At rest, with v1 on three pods. */
export async function openDriven(
  rollout: RolloutObject = blueGreenRollout(),
  others: readonly KubernetesObject[] = []
): Promise<DrivenScene> {
  const scene = await openScene([])
  const argo = new RolloutController(scene.cluster, scene.controllers)
  for (const name of ['web', 'web-preview', 'web-stable', 'web-canary']) scene.cluster.create(service(name))
  for (const object of others) scene.cluster.create(object)
  const { status: _, ...object } = rollout
  scene.cluster.create(object)
  await scene.clock.sleep(30_000)
  let runs = 0
  const read = (): Stored => {
    const live = scene.cluster.read<Stored>(rolloutRef)
    if (live === undefined) throw new Error('it does not exist')
    return live
  }
  return {
    ...scene,
    argo,
    rollout: () => {
      const { spec, status } = read() as unknown as {
        spec: { template?: { spec: { containers: { image: string }[] } } }
        status: Record<string, unknown>
      }
      return { image: spec.template?.spec.containers[0]?.image ?? '', status }
    },
    kept: () => readDrivenRecord(scene.cluster.read<Lease>(lease)),
    drive: (command, options = {}) => {
      const inputs = { command, workload: 'rollout/web', bake: '0s', ...options.inputs }
      const id = options.id ?? `${(runs += 1)}-1`
      const run = scene.run({ ...options, id, inputs })
      return {
        ended: DOERS[command](run.asked(command) as DrivenInvocation),
        post: () => run.post(),
        cancel: () => {
          run.cancel()
        },
        kill: () => {
          run.kill()
        }
      }
    },
    behind: (name) => {
      const { spec } = scene.cluster.read<Stored>({
        ...{ apiVersion: 'v1', kind: 'Service' },
        namespace: NAMESPACE,
        name
      }) as unknown as {
        spec: { selector: Record<string, string> }
      }
      const pods = scene.cluster
        .all<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace: NAMESPACE })
        .filter((pod) => isReady(pod) && !isEnding(pod))
        .filter(({ metadata }) =>
          Object.entries(spec.selector).every(([key, value]) => metadata.labels?.[key] === value)
        )
      const versions = pods.map((pod) => `v${pod.spec.containers[0]?.image?.split(':')[1] ?? '?'}`)
      return [...new Set(versions)]
        .map((one) => `${one} ${versions.filter((v) => v === one).length}`)
        .join(', ')
    },
    edit: (patch) => {
      scene.cluster.replace(patch(read()), 'somebody')
    },
    hasten: () => {
      scene.cluster.patchStatus(rolloutRef, [{ op: 'add', path: '/status/promoteFull', value: true }])
    }
  }
}

export async function until(scene: DrivenScene, isSo: () => boolean): Promise<void> {
  for (let left = 600; !isSo(); left -= 1) {
    if (left === 0) throw new Error('it never came to that')
    await scene.clock.sleep(100)
  }
}

export const image = (version: number) => ({ inputs: { images: `shop/web:${version}` } })

/** The versions have served one after the other; each has been promoted in full by a person, but for the first. */
export async function released(scene: DrivenScene, ...versions: readonly number[]): Promise<DrivenScene> {
  for (const version of versions) {
    const { ended } = scene.drive('deploy', image(version))
    await until(scene, () => scene.rollout().status.phase === 'Paused')
    scene.hasten()
    const { result } = await ended
    await until(scene, () => scene.rollout().status.phase === 'Healthy')
    if (result === 'waiting') expect((await scene.drive('promote').ended).result).toBe('promoted')
    await scene.clock.sleep(60_000)
  }
  return scene
}
