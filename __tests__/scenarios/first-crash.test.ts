import { describe, expect, it, jest } from '@jest/globals'
import { ClusterError } from '../../src/base/errors.ts'
import type { Call } from '../support/memory/memory-cluster.ts'
import { CLOSED, openEmpty, readIngress, toInstall, watchService } from './first.ts'
import type { Run, Scene } from './scene.ts'

/** The machine of a first installation dies at each moment there is. What users are on is never taken from them. */

jest.setTimeout(120_000)

const NOBODY = `${CLOSED} -> nobody`
const EVERYBODY = 'app=web -> v1 3'

const isWrite = ({ verb, kind, dryRun }: Call): boolean =>
  ['create', 'replace', 'patch', 'apply'].includes(verb) &&
  !dryRun &&
  kind !== 'Lease' &&
  !kind.includes('Review')

/** The writes that one makes. */
const WRITES = 8
/** The one that opens the Service. */
const OPENED = 5

const moments = Array.from({ length: WRITES }, (_, index) => index + 1)

/** Milliseconds in which what was begun in the cluster comes to its end. */
const REST = 8000

/** One that is killed when so many of its writes have been answered, or before that arrives. */
async function killed(scene: Scene, writes: number, when: 'before' | 'after'): Promise<Run> {
  const gone = Promise.withResolvers<undefined>()
  let count = 0
  const run: Run = scene.run(
    toInstall({
      [when]: (call: Call) => {
        if (!isWrite(call) || (count += 1) !== writes) return
        run.kill()
        gone.resolve(undefined)
      }
    })
  )
  await Promise.race([run.deploy(), gone.promise])
  await scene.clock.sleep(REST)
  return run
}

it(`makes ${WRITES} writes`, async () => {
  const scene = await openEmpty()
  let count = 0
  await scene.run(toInstall({ after: (call) => void (count += Number(isWrite(call))) })).deploy()
  expect(count).toBe(WRITES)
})

describe.each(moments)('dies at write %i', (writes) => {
  it.each(['before', 'after'] as const)(
    '(%s it arrives): the next run installs or finishes it',
    async (when) => {
      const scene = await openEmpty()
      await killed(scene, writes, when)
      const seen = watchService(scene)
      const outcome = await scene.run(toInstall()).deploy()
      const wasOpen = when === 'after' ? writes >= OPENED : writes > OPENED
      expect(outcome.result).toBe(wasOpen ? 'unchanged' : 'promoted')
      expect(scene.traffic()).toBe(EVERYBODY)
      expect(scene.record()).toMatchObject({ phase: 'promoted', stable: { deployment: 'web' } })
      expect(readIngress(scene)).toBeDefined()
      // Nobody was ever sent to pods that had not passed, and nobody lost what served.
      const states = seen.filter((one, at) => one !== seen[at - 1])
      expect(wasOpen ? [EVERYBODY] : [NOBODY, EVERYBODY]).toEqual(states.length === 0 ? [EVERYBODY] : states)
      expect(await scene.run({ inputs: { images: 'shop/web:2' } }).deploy()).toMatchObject({
        result: 'promoted'
      })
    }
  )

  it('an abort, if there is anything to abort, leaves nobody served', async () => {
    const scene = await openEmpty()
    await killed(scene, writes, 'after')
    if (scene.record()?.phase === 'promoted') return
    expect(await scene.run().abort()).toMatchObject({ result: 'aborted', first: true })
    expect(scene.traffic()).toBe(NOBODY)
    expect(scene.record()).toMatchObject({ phase: 'rolled-back' })
    expect(
      scene.controllers.podsOf('web').filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    ).toEqual([])
  })

  it('its post step leaves nobody served', async () => {
    const scene = await openEmpty()
    const run = await killed(scene, writes, 'after')
    if (scene.record()?.phase === 'promoted') return
    await run.post()
    expect(scene.traffic()).toBe(NOBODY)
    expect(scene.record()).toMatchObject({ phase: 'rolled-back' })
  })

  it('the answer is lost: the run goes on', async () => {
    const scene = await openEmpty()
    let count = 0
    const after = (call: Call): void => {
      if (isWrite(call) && (count += 1) === writes) throw new ClusterError('the connection was reset', 0)
    }
    expect(await scene.run(toInstall({ after })).deploy()).toMatchObject({ result: 'promoted' })
    expect(scene.traffic()).toBe(EVERYBODY)
  })
})
