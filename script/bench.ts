import { spawnSync } from 'node:child_process'
import { globSync, statSync } from 'node:fs'
import type { Ended } from '../__tests__/support/action.ts'
import { startApiDoor } from '../__tests__/support/cluster/api-door.ts'
import { closeLiveScenes, openLiveScene } from '../__tests__/support/cluster/live-scene.ts'
import { image, service, workload } from '../__tests__/support/cluster/workload.ts'

/** Figures of speed and cost, beside what is known of others. They are printed, never asserted: machines differ. */

const RUNS = 5

/** Argo Rollouts 1.9 for a release of three pods that are ready in a second, on a machine of two cores. */
const ARGO_ROLLOUTS_MS = 2000
/** Processes that Azure/k8s-deploy 7 starts for deploy and promote of one Deployment: with 3 and with 30 pods. */
const K8S_DEPLOY_PROCESSES = { 3: 29, 30: 83 } as const
const K8S_DEPLOY_BYTES = 1_192_562

function print(what: string, value: string, beside = ''): void {
  process.stdout.write(`${what.padEnd(62)} ${value.padStart(10)}   ${beside}\n`)
}

const median = (values: readonly number[]): number =>
  [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? NaN

const ratio = (ours: number, theirs: number): string => `${(ours / theirs).toFixed(2)} ×`

/** Milliseconds from start to end of a process that ends by an input fault. */
function startUp(): number {
  const started = performance.now()
  spawnSync(process.execPath, ['dist/index.js'], { env: { PATH: process.env.PATH, INPUT_COMMAND: 'none' } })
  return performance.now() - started
}

interface Times {
  readonly toTraffic: number
  readonly readyToTraffic: number
}

function timesOf({ outputs }: Ended, startedAt: number): Times {
  const { timeline } = JSON.parse(outputs.json ?? '{}') as {
    timeline: { title: string; startedAt: string; milliseconds: number }[]
  }
  const endOf = (title: string): number => {
    const step = timeline.find((entry) => entry.title.startsWith(title))
    return step === undefined ? NaN : Date.parse(step.startedAt) + step.milliseconds
  }
  return {
    toTraffic: endOf('Move all traffic') - startedAt,
    readyToTraffic: endOf('Move all traffic') - endOf('Wait until')
  }
}

async function releases(): Promise<void> {
  const scene = await openLiveScene()
  const times: Times[] = []
  for (let run = 0; run < RUNS; run += 1) {
    const started = scene.start({ images: image(run % 2 === 0 ? 2 : 3), bake: '0s' })
    times.push(timesOf(await started.ended, started.startedAt))
  }
  const toTraffic = median(times.map((one) => one.toTraffic))
  print(
    'start of the process to all traffic on the new version',
    `${Math.round(toTraffic)} ms`,
    `Argo Rollouts ${ARGO_ROLLOUTS_MS} ms: ${ratio(toTraffic, ARGO_ROLLOUTS_MS)}, start of the process included`
  )
  print(
    'last pod ready to traffic moved and endpoints confirmed',
    `${Math.round(median(times.map((one) => one.readyToTraffic)))} ms`,
    'aim 300 ms'
  )
  print(
    'failed requests of 200 a second',
    String((await scene.end()).users.failed),
    'Azure/k8s-deploy 106 in one release'
  )
}

async function requests(replicas: 3 | 30): Promise<void> {
  const proxy = await startApiDoor()
  const scene = await openLiveScene([workload({ replicas }), service()])
  const kubeconfig = scene.inputs.kubeconfig?.replace(/https:\/\/[^"]+/, proxy.url) ?? ''
  await scene.run({ kubeconfig, images: image(2), bake: '0s' })
  const count = proxy.take().length
  const theirs = K8S_DEPLOY_PROCESSES[replicas]
  print(
    `API requests of a release of ${replicas} pods`,
    String(count),
    `Azure/k8s-deploy ${theirs} processes: ${ratio(count, theirs)}`
  )
  await scene.end()
  proxy.close()
}

const bytes = globSync('dist/*.js').reduce((sum, file) => sum + statSync(file).size, 0)
print(
  'bundle',
  `${(bytes / 1e6).toFixed(2)} MB`,
  `Azure/k8s-deploy ${(K8S_DEPLOY_BYTES / 1e6).toFixed(2)} MB: ${ratio(bytes, K8S_DEPLOY_BYTES)}`
)
print('start-up', `${Math.round(median(Array.from({ length: RUNS }, startUp)))} ms`, 'aim 120 ms')
await releases()
  .then(() => requests(3))
  .then(() => requests(30))
  .finally(closeLiveScenes)
process.exit()
