import { spawnSync } from 'node:child_process'
import { globSync, statSync } from 'node:fs'
import { releaseBeside } from '../__tests__/bench/beside.ts'
import { countRoundTrips } from '../__tests__/bench/far-away.ts'
import type { Ended } from '../__tests__/support/action.ts'
import { startApiDoor } from '../__tests__/support/cluster/api-door.ts'
import { stopControllers } from '../__tests__/support/cluster/controllers.ts'
import { CLOSE, closeLiveScenes, openLiveScene } from '../__tests__/support/cluster/live-scene.ts'
import { image, service, workload } from '../__tests__/support/cluster/workload.ts'

/** Figures of speed and cost, beside what is known of others. They are printed, never asserted: machines differ. */

const RUNS = 5
const RUNS_BESIDE = 7
const RUNS_FAR = 3

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
  const scene = await openLiveScene(undefined, undefined, CLOSE)
  const times: Times[] = []
  for (let run = 0; run < RUNS; run += 1) {
    const started = scene.start({ images: image(run % 2 === 0 ? 2 : 3), bake: '0s' })
    times.push(timesOf(await started.ended, started.startedAt))
  }
  const toTraffic = median(times.map((one) => one.toTraffic))
  print('start of the process to all traffic on the new version', `${Math.round(toTraffic)} ms`)
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

/** From the change until the Service has the new pods alone. */
async function beside(): Promise<void> {
  const { argo, plain, engine } = await releaseBeside(RUNS_BESIDE)
  const theirs = median(argo)
  print(`Argo Rollouts alone, blue-green (median of ${RUNS_BESIDE}, in turns)`, `${Math.round(theirs)} ms`)
  for (const [what, times, aim] of [
    ['a plain Deployment by the action, start of the process included', plain, '1.00'],
    ['a Rollout by the action and Argo Rollouts', engine, '1.10']
  ] as const)
    print(
      what,
      `${Math.round(median(times))} ms`,
      `Argo Rollouts: ${ratio(median(times), theirs)}, aim ${aim}`
    )
}

async function roundTrips(): Promise<void> {
  const { start, switch: moved, restore } = await countRoundTrips(RUNS_FAR, median)
  const told = (what: string, count: number, aim: string): void => {
    print(`round trips of 100 ms ${what}`, count.toFixed(1), aim)
  }
  told('until the first new pod is started', start, 'aim 8')
  told('from the last ready pod to the switch', moved, 'aim 2')
  told('from SIGINT to the restored traffic', restore, 'aim 2')
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
  .then(beside)
  .then(roundTrips)
  .finally(async () => {
    await closeLiveScenes()
    await stopControllers()
  })
process.exit()
