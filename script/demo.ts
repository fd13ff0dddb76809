import { setTimeout as sleep } from 'node:timers/promises'
import type { Ended } from '../__tests__/support/action.ts'
import { admin } from '../__tests__/support/cluster/real-cluster.ts'
import {
  CLOSE,
  closeLiveScenes,
  manifestFile,
  openLiveScene,
  type Seen
} from '../__tests__/support/cluster/live-scene.ts'
import { image, workload } from '../__tests__/support/cluster/workload.ts'

/** The main job on a real cluster, with users on it: a good release, a bad one, and a rollback by hand. */

const CHECKS = {
  prometheus: 'service/monitoring/prometheus:9090',
  checks: 'like stable',
  'check-interval': '1s',
  'warm-up': '5s',
  bake: '1m'
}

const releases: readonly {
  readonly title: string
  readonly inputs: Record<string, string>
  readonly result: string
}[] = [
  {
    title: 'v2 is healthy: released',
    inputs: { ...CHECKS, images: image(2), 'smoke-tests': 'GET /health -> 200\nGET / at 50/s for 5s -> 200' },
    result: 'promoted'
  },
  {
    title: 'v3 answers a tenth of the requests with an error, and no smoke test has found that: rolled back',
    inputs: {
      ...CHECKS,
      manifests: manifestFile([workload({ image: image(3), env: { ERROR_RATE: '0.1' } })])
    },
    result: 'rolled-back'
  },
  { title: 'somebody rolls back by hand: v1 again', inputs: { command: 'rollback' }, result: 'rolled-back' }
]

const heading = (text: string): string => `\n${'━'.repeat(100)}\n${text}\n${'━'.repeat(100)}\n`

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`

/** From the start of the step until all users were on the new version. */
function untilSwitched(ended: Ended, startedAt: number): string {
  const { timeline } = JSON.parse(ended.outputs.json ?? '{}') as {
    timeline: { title: string; startedAt: string; milliseconds: number }[]
  }
  const shift = timeline.find(({ title }) => title.startsWith('Move all traffic'))
  return shift === undefined ? '–' : seconds(Date.parse(shift.startedAt) + shift.milliseconds - startedAt)
}

function report(times: readonly string[][], { users, empty, states }: Seen): boolean {
  print(heading('What users and clock say'))
  for (const [title = '', result = '', all = '', moved = '', restored = ''] of times) {
    print(
      `${title}\n    ${result}, ${all} in all; traffic moved after ${moved}; restored within ${restored === '' ? '–' : `${restored} s`}`
    )
  }
  const versions = Object.entries(users.versions).map(([version, count]) => `${version}: ${count}`)
  const failed = Object.entries(users.failedByVersion).map(
    ([version, count]) => `${version === '' ? 'no answer' : version}: ${count}`
  )
  print(
    `\n200 requests a second, half of them on fresh connections: ${users.total} requests (${versions.join(', ')})`
  )
  print(
    `failed: ${users.failed}${failed.length === 0 ? '' : ` (${failed.join(', ')})`} — only v3 itself answers with errors`
  )
  print(`states in which the Service had no ready pod: ${empty.length} of ${states.length}`)
  return users.failed === (users.failedByVersion.v3 ?? 0) && empty.length === 0
}

/** Nobody releases onto pods that are seconds old: a summary would warn that nothing is known of them yet. */
async function untilScraped(namespace: string): Promise<void> {
  const query = new URLSearchParams({ query: `count(http_requests_total{namespace="${namespace}"})` })
  const path = `/api/v1/namespaces/monitoring/services/prometheus:9090/proxy/api/v1/query?${query.toString()}`
  for (let left = 300; left > 0; left -= 1) {
    const { body } = await admin.send({ method: 'GET', path })
    if (body.includes('"value"')) return
    await sleep(100)
  }
  throw new Error(`Prometheus has not scraped the pods of ${namespace} within 30 s`)
}

async function demo(): Promise<boolean> {
  print('v1 runs as a plain Deployment behind a plain Service; 200 requests a second come in.')
  const scene = await openLiveScene(undefined, undefined, CLOSE)
  await untilScraped(scene.namespace)
  const times: string[][] = []
  let asExpected = true
  for (const { title, inputs, result } of releases) {
    print(heading(title))
    const started = scene.start(inputs)
    const ended = await started.ended
    print(ended.summary)
    times.push([
      title,
      ended.outputs.result ?? '',
      seconds(ended.milliseconds),
      untilSwitched(ended, started.startedAt),
      ended.outputs['restore-seconds'] ?? ''
    ])
    if (ended.outputs.result === result) continue
    asExpected = false
    print(`expected ${result}; the log says:\n${ended.log.replaceAll(/^::add-mask::.*\n/gm, '')}`)
  }
  return report(times, await scene.end()) && asExpected
}

const good = await demo().finally(closeLiveScenes)
process.exit(good ? 0 : 1)
