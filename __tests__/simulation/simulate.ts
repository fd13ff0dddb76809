import { fork } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { mutants } from './mutants.ts'
import { drawSchedule } from './generate.ts'
import { play } from './play.ts'
import { describeSchedule } from './describe.ts'
import type { Order, Told } from './worker.ts'

/** Plays many schedules in as many processes as there are cores, or one of them and tells all that happened. */

const FIRST_SEED = 1
/** A broken build is played until it is caught, but no longer. */
const MOST_SCHEDULES_TO_CATCH = 2000
/** After so many failures more of them tell nothing new. */
const MOST_FAILURES = 10

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string' }, from: { type: 'string' }, break: { type: 'string' } }
})

/** Calls back with what came of each seed, until it says that this is enough. */
async function playSeeds(
  order: Omit<Order, 'every'>,
  env: NodeJS.ProcessEnv,
  onTold: (told: Told) => boolean
): Promise<void> {
  const every = availableParallelism()
  const hook = new URL('mutate-at-load.ts', import.meta.url).href
  const execArgv = env.GREENLIGHT_BREAK === undefined ? [] : ['--import', hook]
  const workers = Array.from({ length: every }, () =>
    fork(new URL('worker.ts', import.meta.url), { execArgv, env: { ...process.env, ...env } })
  )
  await Promise.all(
    workers.map(async (worker, index) => {
      worker.on('message', (told: Told) => {
        if (!onTold(told)) for (const one of workers) one.kill()
      })
      worker.send({ ...order, from: order.from + index, every } satisfies Order)
      const [code] = (await once(worker, 'exit')) as [number | null]
      if (code === 0 || code === null) return
      for (const one of workers) one.kill()
      throw new Error(`a process that played schedules ended with ${code}`)
    })
  )
}

async function playMany(count: number, from: number): Promise<void> {
  const begun = performance.now()
  let played = 0
  let passed = 0
  let failed = 0
  console.log(`playing seeds ${from} to ${from + count - 1}`)
  await playSeeds({ from, to: from + count, shrinks: true }, {}, (told) => {
    played += 1
    passed += told.passed
    if (played % 1000 === 0) console.log(`${played} played`)
    if (told.failure === undefined) return true
    failed += 1
    console.log(`\n${told.failure.report}\nreplay: script/simulate --seed ${told.seed}\n`)
    return failed < MOST_FAILURES
  })
  const seconds = (performance.now() - begun) / 1000
  const rate = `${(played / seconds).toFixed(1)} schedules/s`
  const hours = `${Math.round(passed / 3_600_000)} hours of releases`
  console.log(`${played} schedules played in ${seconds.toFixed(0)} s (${rate}, ${hours}), ${failed} failed`)
  process.exitCode = failed === 0 ? 0 : 1
}

async function replay(seed: number): Promise<void> {
  const schedule = drawSchedule(seed)
  const { story, violations } = await play(schedule)
  console.log([`seed ${seed}`, ...describeSchedule(schedule), '', ...story].join('\n'))
  process.exitCode = violations.length === 0 ? 0 : 1
}

async function catchBreak(name: string, from: number): Promise<void> {
  if (mutants[name] === undefined)
    throw new Error(`there is no break ${name}; there are ${Object.keys(mutants).join(', ')}`)
  let played = 0
  let caught: Told | undefined
  const order = { from, to: from + MOST_SCHEDULES_TO_CATCH, shrinks: false }
  await playSeeds(order, { GREENLIGHT_BREAK: name }, (told) => {
    if (caught !== undefined) return false
    played += 1
    if (told.failure !== undefined) caught = told
    return caught === undefined
  })
  if (caught === undefined) console.log(`${name}: not caught in ${played} schedules`)
  else console.log(`${name}: caught within ${played} schedules\n${caught.failure?.report ?? ''}`)
  process.exitCode = caught === undefined ? 1 : 0
}

if (values.break !== undefined) await catchBreak(values.break, Number(values.from ?? FIRST_SEED))
else if (values.seed !== undefined) await replay(Number(values.seed))
else await playMany(Number(positionals[0] ?? 1000), Number(values.from ?? FIRST_SEED))
