import { setTimeout as sleep } from 'node:timers/promises'
import type { KubernetesObject } from '../../src/kubernetes/objects.ts'
import { rollout, setRolloutImage, untilRollout } from '../support/cluster/argo-rollouts.ts'
import { prepareArgoRollouts, startArgoRollouts } from '../support/cluster/controllers.ts'
import { openLiveStage, type LiveStage } from '../support/cluster/live-scene.ts'
import { admin } from '../support/cluster/real-cluster.ts'
import { image, service, workload } from '../support/cluster/workload.ts'

/**
 * The same three pods released side by side: by Argo Rollouts alone, by the action alone, and by the action through Argo
 * Rollouts. They take turns, so that what else the machine does meets all of them.
 */

/** Milliseconds from the change, or the start of the process, until the Service has new pods alone; one for each run. */
export interface Beside {
  readonly argo: readonly number[]
  readonly plain: readonly number[]
  readonly engine: readonly number[]
}

interface EndpointSlice extends KubernetesObject {
  readonly endpoints?:
    | readonly {
        readonly conditions?: { readonly ready?: boolean }
        readonly targetRef?: { readonly uid?: string }
      }[]
    | null
}

const REPLICAS = 3
/** Milliseconds. */
const QUIET = 3000
/** By default old pods stay for 30 s, in which the template that they have would be switched to at once. */
const SWITCH = { blueGreen: { activeService: 'web', scaleDownDelaySeconds: 1 } }

const uidsOf = (slices: readonly EndpointSlice[]): readonly string[] =>
  slices
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready === true)
    .flatMap(({ targetRef }) => targetRef?.uid ?? [])

const endpointsOf = (namespace: string) => ({
  ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', namespace },
  labels: 'kubernetes.io/service-name=web'
})

/** Does what changes the version. @returns milliseconds until none of the pods of before is behind the Service, and all new ones are */
async function timed({ namespace }: LiveStage, change: () => Promise<unknown>): Promise<number> {
  const before = new Set(uidsOf(await admin.list<EndpointSlice>(endpointsOf(namespace))))
  const stop = new AbortController()
  const moved = Promise.withResolvers<number>()
  const watching = admin.watch<EndpointSlice>(
    endpointsOf(namespace),
    (slices) => {
      const now = uidsOf(slices)
      if (now.length === REPLICAS && !now.some((uid) => before.has(uid))) moved.resolve(performance.now())
    },
    stop.signal
  )
  watching.catch(moved.reject)
  const begun = performance.now()
  const changing = change()
  try {
    const at = await Promise.race([moved.promise, changing.then(() => moved.promise)])
    await changing
    return at - begun
  } finally {
    stop.abort()
  }
}

async function openRollout(): Promise<LiveStage> {
  const stage = await openLiveStage([service(), rollout(SWITCH, { replicas: REPLICAS })])
  await startArgoRollouts(stage.namespace)
  await untilAtRest(stage)
  return stage
}

const untilAtRest = ({ namespace }: LiveStage): Promise<unknown> =>
  untilRollout(
    namespace,
    'is Healthy, without old pods',
    ({ status }) =>
      status?.phase === 'Healthy' && status.stableRS === status.currentPodHash && status.replicas === REPLICAS
  )

async function act(stage: LiveStage, inputs: Readonly<Record<string, string>>): Promise<void> {
  const { outputs, log } = await stage.run({ bake: '0s', ...inputs })
  if (outputs.result !== 'promoted') throw new Error(`a release of the bench was not promoted:\n${log}`)
}

/** The end of old pods keeps the node busy: nobody is to be measured beside it. */
async function quiet(rollouts: readonly LiveStage[]): Promise<void> {
  await Promise.all(rollouts.map(untilAtRest))
  await sleep(QUIET)
}

/** @param runs how often each is released */
export async function releaseBeside(runs: number): Promise<Beside> {
  await prepareArgoRollouts()
  const alone = await openRollout()
  const driven = await openRollout()
  const plain = await openLiveStage([workload({ replicas: REPLICAS }), service()])
  const figures = { argo: [] as number[], plain: [] as number[], engine: [] as number[] }
  for (let run = 0; run < runs; run += 1) {
    const images = image(run % 2 === 0 ? 2 : 3)
    figures.argo.push(await timed(alone, () => setRolloutImage(alone.namespace, images)))
    await quiet([alone])
    figures.plain.push(await timed(plain, () => act(plain, { images })))
    await quiet([])
    figures.engine.push(await timed(driven, () => act(driven, { images, workload: 'rollout/web' })))
    await quiet([driven])
  }
  return figures
}
