import type { Deployment } from '../../src/kubernetes/objects.ts'
import { rolloutOf, withRollout, type RolloutStrategy } from '../../src/kubernetes/rollout.ts'
import type { Call } from '../support/memory/memory-cluster.ts'
import { READY, waiting } from '../support/memory/controllers.ts'
import {
  autoscaler,
  deploymentRef,
  essence,
  openScene,
  service,
  workload,
  type Run,
  type Scene
} from './scene.ts'

export const ROLLING: RolloutStrategy = {
  type: 'RollingUpdate',
  rollingUpdate: { maxSurge: 1, maxUnavailable: 0 }
}

export const rolled = (deployment: Deployment): Deployment =>
  withRollout(deployment, { ...rolloutOf(deployment), strategy: ROLLING })

export const blue = { 'greenlight.dev/slot': 'blue' }

export const worlds = {
  'rolling, a plain Deployment': {
    objects: () => [rolled(workload()), service()],
    name: 'web',
    inputs: { strategy: 'rolling', bake: '3s' },
    harm: 'nobody serves'
  },
  'rolling, a slot with an autoscaler': {
    objects: () => [
      rolled(workload('web-blue', { labels: blue })),
      service({ app: 'web', ...blue }),
      autoscaler('web-blue')
    ],
    name: 'web-blue',
    inputs: { strategy: 'rolling', bake: '3s' },
    harm: 'nobody serves'
  },
  recreate: {
    objects: () => [rolled(workload()), service()],
    name: 'web',
    inputs: { strategy: 'recreate', bake: '3s' },
    harm: 'two versions serve'
  }
}

export type World = keyof typeof worlds

export const names = Object.keys(worlds) as World[]

export async function open(world: World) {
  const { objects, name, inputs, harm } = worlds[world]
  const scene = await openScene(objects())
  const state = (): unknown => [
    { paused: false, ...scene.deployment(name).spec },
    scene.service().spec.selector,
    scene.cluster.all({ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' }).map(essence)
  ]
  return {
    scene,
    name,
    state,
    before: state(),
    to: (version: number) => ({ inputs: { ...inputs, images: `shop/web:${version}` } }),
    harm: () => scene.harm.filter((line) => line.startsWith(harm)),
    image: () => scene.deployment(name).spec.template.spec.containers[0]?.image
  }
}

export const isWrite = ({ verb, kind, dryRun }: Call): boolean =>
  ['create', 'replace', 'patch', 'apply', 'delete'].includes(verb) &&
  !dryRun &&
  kind !== 'Lease' &&
  !kind.includes('Review')

/** Milliseconds: what was begun in the cluster comes to its end. */
export const REST = 8000

/** Starts a run that is killed after so many writes; undefined when it makes fewer. */
export async function killed(
  scene: Scene,
  options: Parameters<Scene['run']>[0],
  writes: number,
  start: (run: Run) => Promise<unknown> = (run) => run.deploy()
): Promise<Run | undefined> {
  let count = 0
  const gone = Promise.withResolvers<true>()
  const run: Run = scene.run({
    ...options,
    after: (call) => {
      if (!isWrite(call) || (count += 1) !== writes) return
      run.kill()
      gone.resolve(true)
    }
  })
  const died = await Promise.race([start(run).then(() => false), gone.promise])
  await scene.clock.sleep(REST)
  return died ? run : undefined
}

/** From now on pods of these versions crash. */
export function crashes(scene: Scene, ...versions: readonly number[]): void {
  const images = versions.map((version) => `shop/web:${version}`)
  scene.controllers.life = ({ spec }) => ({
    after: 500,
    status: images.includes(spec.containers[0]?.image ?? '') ? waiting('CrashLoopBackOff') : READY
  })
}

export const setImage = (scene: Scene, name: string, version: number): void =>
  void scene.cluster.patch(
    deploymentRef(name),
    [{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: `shop/web:${version}` }],
    'kubectl'
  )
