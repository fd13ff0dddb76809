import { parseArgs } from 'node:util'
import { atOnce } from '../support/cluster/at-once.ts'
import { closeLiveScenes } from '../support/cluster/live-scene.ts'
import { playNoisy, REGRESSIONS, type NoisyEnd, type Regression } from '../support/cluster/noisy.ts'

/**
 * script/bench releases: real releases of noisy services on the real cluster, compared with stable and by fixed bounds, a table in
 * Markdown. By default 20 good ones and one of each regression, for scrapes of 5, 15 and 30 s each.
 */

const { values } = parseArgs({
  options: {
    good: { type: 'string', default: '20' },
    every: { type: 'string', default: '5,15,30' },
    together: { type: 'string', default: '6' },
    step: { type: 'string', default: '3m' },
    history: { type: 'string', default: '180' },
    only: { type: 'string' },
    verbose: { type: 'boolean', default: false }
  }
})

const WAYS = {
  'like stable': 'like stable',
  'fixed bounds': 'success-rate >= 99%\np95 latency < 200ms'
} as const

type Way = keyof typeof WAYS

interface Play {
  readonly way: Way
  readonly regression: Regression
  readonly every: number
}

const intervals = values.every.split(',').map(Number)

function plays(): readonly Play[] {
  const good = Array.from({ length: Number(values.good) }, (_, i) => intervals[i % intervals.length] ?? 15)
  const kinds = (Object.keys(REGRESSIONS) as Regression[]).filter(
    (one) => one !== 'good' && one !== 'errors x50'
  )
  const ways = Object.keys(WAYS) as Way[]
  const all = ways.flatMap((way) => [
    ...good.map((every): Play => ({ way, regression: 'good', every })),
    ...intervals.flatMap((every) => kinds.map((regression): Play => ({ way, regression, every })))
  ])
  return values.only === undefined ? all : all.filter(({ way }) => way === values.only)
}

const play = ({ way, regression, every }: Play): Promise<NoisyEnd> =>
  playNoisy({
    regression,
    every,
    history: Number(values.history),
    inputs: {
      strategy: 'canary',
      steps: `25% for ${values.step}\n50% for ${values.step}\n100%`,
      checks: WAYS[way]
    }
  })

function tell({ way, regression, every }: Play, end: NoisyEnd): void {
  const { result, seconds, exposed, failed, reason, log } = end
  const why = reason.replace(/\s+/g, ' ').replaceAll('|', '/').slice(0, 240)
  process.stdout.write(
    `| ${way} | ${regression} | ${every} s | ${result} | ${Math.round(seconds)} s | ${exposed} | ${failed} | ${why} |\n`
  )
  if (values.verbose) process.stderr.write(`${log}\n`)
}

process.stdout.write(
  '| Checks | New version | Scrapes | Result | After its first users | Requests to it | Failed | Why |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n'
)
await atOnce(plays(), Number(values.together), async (one) => {
  try {
    tell(one, await play(one))
  } catch (error) {
    process.stdout.write(`| ${one.way} | ${one.regression} | ${one.every} s | ${String(error)} |\n`)
  }
})
await closeLiveScenes()
