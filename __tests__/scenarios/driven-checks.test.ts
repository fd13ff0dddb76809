import { describe, expect, it, jest } from '@jest/globals'
import { InputError } from '../../src/base/errors.ts'
import type { Outcome } from '../../src/domain/outcome.ts'
import { Scraped, type Behaviour } from '../support/memory/scraped.ts'
import { blueGreenRollout, canaryRollout, openDriven, type DrivenScene } from './driven-scene.ts'
import type { RunOptions } from './scene.ts'

jest.setTimeout(60_000)

/** Releases by Argo Rollouts whose new version is measured. */

const TIMED = [
  { setWeight: 34 },
  { pause: { duration: '5m' } },
  { setWeight: 67 },
  { pause: { duration: '5m' } }
]
const GATED = [{ setWeight: 34 }, { pause: {} }, { setWeight: 67 }, { pause: { duration: '5m' } }]

/** Half of the usual rounds find the same, in half the time. */
const COMPARED = {
  prometheus: 'http://prometheus',
  checks: 'like stable',
  bake: '30s',
  'check-interval': '30s'
}
const BOUNDS = { ...COMPARED, checks: 'success-rate >= 99%\np95 latency < 500ms' }

const steady: Behaviour = (second) => ({ requests: 60, errors: second % 600 === 300 ? 1 : 0 })
const failing: Behaviour = () => ({ requests: 60, errors: 3 })
const cold: Behaviour = (second) => ({ requests: 60, times: second <= 45 ? 20 : 1 })
/** Now and then a single request fails: more than stable's, but not enough to tell. */
const doubtful: Behaviour = (second) => ({
  requests: 20,
  errors: second % 180 === 0 && second < 600 ? 1 : 0
})
const silent: Behaviour = () => ({ requests: 0 })

interface Played {
  readonly scene: DrivenScene
  readonly metrics: Scraped
  readonly outcome: Outcome
}

async function play(
  steps: readonly unknown[] | undefined,
  canary: Behaviour | undefined,
  inputs: Readonly<Record<string, string>>
): Promise<Played> {
  const scene = await openDriven(steps === undefined ? blueGreenRollout() : canaryRollout(steps))
  const behaviours = { 'shop/web:1': steady, ...(canary && { 'shop/web:2': canary }) }
  const metrics = new Scraped(scene, behaviours)
  return { scene, metrics, outcome: await scene.drive('deploy', { inputs, metrics }).ended }
}

const verdicts = ({ measurements }: Outcome): readonly string[] => [
  ...new Set(measurements.map(({ verdict }) => verdict))
]

describe('a comparison with the old version', () => {
  it('lets a good one pass, share by share', async () => {
    const { outcome, scene } = await play(TIMED, steady, COMPARED)
    expect(outcome).toMatchObject({
      ...{ result: 'promoted', warnings: [] },
      judgement: { decision: { kind: 'promote' } }
    })
    expect(outcome.judgement?.findings.length).toBeGreaterThan(0)
    expect(scene.kept()?.begunAt).toHaveLength(3)
    expect(outcome.forecast).toMatchObject({ steps: ['34% for 5m', '67% for 5m', 'bake'] })
  })

  it('takes a worse one back, long before all users are on it', async () => {
    const { outcome, scene } = await play(TIMED, failing, COMPARED)
    expect(outcome).toMatchObject({ result: 'rolled-back', failedCheck: 'like stable', weight: 0 })
    expect(outcome.reason).toMatch(/^error-rate was 5% of \d+ requests since .*, stable /)
    expect(outcome.shifts.map(({ split }) => split.weight)).toEqual([34, 0])
    expect(scene.rollout().image).toBe('shop/web:1')
  })

  it('that the controller leaves no time for is told', async () => {
    const hasty = [{ setWeight: 34 }, { pause: { duration: '20s' } }]
    const { outcome } = await play(hasty, steady, { ...COMPARED, bake: '2m' })
    expect(outcome.result).toBe('promoted')
    expect(outcome.warnings.join()).toMatch(
      /Argo Rollouts gave all users the new version before the comparison with the old one could exclude that it is worse/
    )
  })

  it('of a switch is with what was before', async () => {
    const { scene, metrics, outcome } = await play(undefined, failing, { ...COMPARED, bake: '5m' })
    expect(outcome.result).toBe('waiting')
    const inputs = { ...COMPARED, bake: '5m' }
    const promoted = await scene.drive('promote', { inputs, metrics }).ended
    expect(promoted).toMatchObject({ result: 'rolled-back', failedCheck: 'like stable' })
    expect(promoted.reason).toContain('before the release')
    expect(scene.rollout().image).toBe('shop/web:1')
  })

  it('goes on in the run that says yes, with the shares of the run before', async () => {
    const { scene, metrics, outcome } = await play(GATED, steady, COMPARED)
    expect(outcome).toMatchObject({ result: 'waiting', weight: 34, reason: 'a pause without a duration' })
    const promoted = await scene.drive('promote', { inputs: COMPARED, metrics }).ended
    expect(promoted).toMatchObject({ result: 'promoted', judgement: { decision: { kind: 'promote' } } })
    const begun = scene.kept()?.begunAt ?? []
    expect(begun[0] ?? '').toBe(new Date(outcome.shifts[0]?.at ?? 0).toISOString())
  })
})

describe('a bound', () => {
  it('is not judged while the new version warms up', async () => {
    const { outcome } = await play(TIMED, cold, BOUNDS)
    expect(outcome).toMatchObject({ result: 'promoted', warnings: [] })
    expect(verdicts(outcome)).toEqual(expect.arrayContaining(['held', 'pass']))
    const hot = await play(TIMED, cold, { ...BOUNDS, 'warm-up': '0s' })
    expect(hot.outcome).toMatchObject({ result: 'rolled-back', failedCheck: 'p95 latency < 500ms' })
  })

  it('is passed at least once, however short the bake is', async () => {
    const atOnce = await openDriven(blueGreenRollout({ autoPromotionEnabled: true }))
    const metrics = new Scraped(atOnce, { 'shop/web:1': steady, 'shop/web:2': failing })
    const inputs = { ...BOUNDS, bake: '0s' }
    expect(await atOnce.drive('deploy', { inputs, metrics }).ended).toMatchObject({
      ...{ result: 'rolled-back', failedCheck: 'success-rate >= 99%' }
    })
    expect(atOnce.rollout().image).toBe('shop/web:1')
  })

  it('without data does not pass', async () => {
    const { outcome } = await play(TIMED, undefined, BOUNDS)
    expect(outcome).toMatchObject({ result: 'rolled-back', failedCheck: 'success-rate >= 99%' })
    expect(outcome.reason).toMatch(/has no data: no series/)
    expect(verdicts(outcome)).not.toContain('pass')
  })
})

describe('gates that the checks open', () => {
  const GATES = { ...BOUNDS, gates: 'checks for 2m' }

  it('let a good version go through by itself, once they have passed for so long', async () => {
    const { outcome, scene } = await play(GATED, steady, GATES)
    expect(outcome).toMatchObject({ result: 'promoted', warnings: [] })
    const [first, second] = outcome.shifts.map(({ at }) => at)
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThan(120_000)
    expect((second ?? 0) - (first ?? 0)).toBeLessThan(160_000)
    expect(scene.behind('web')).toBe('v2 3')
  })

  it('take as long as the bake where nothing else is said', async () => {
    const { outcome } = await play(GATED, steady, { ...GATES, gates: 'checks', bake: '4m' })
    const [first, second] = outcome.shifts.map(({ at }) => at)
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThan(240_000)
    expect((second ?? 0) - (first ?? 0)).toBeLessThan(280_000)
  })

  it('take a bad version back', async () => {
    const { outcome } = await play(GATED, failing, GATES)
    expect(outcome).toMatchObject({ result: 'rolled-back', failedCheck: 'success-rate >= 99%', weight: 0 })
  })

  it('take a version back of which nothing is known', async () => {
    const { outcome } = await play(GATED, silent, GATES)
    expect(outcome.result).toBe('rolled-back')
    expect(outcome.reason).toMatch(/has no data/)
  })

  it('wait for a person where a comparison comes to nothing, or as on-inconclusive says', async () => {
    const last = [{ setWeight: 67 }, { pause: {} }]
    const inputs = { ...COMPARED, gates: 'checks for 5m' }
    const held = await play(last, doubtful, inputs)
    expect(held.outcome).toMatchObject({ result: 'waiting', weight: 67 })
    expect(held.outcome.reason).toContain('are not enough to tell')
    const aborted = await play(last, doubtful, { ...inputs, 'on-inconclusive': 'abort' })
    expect(aborted.outcome).toMatchObject({ result: 'rolled-back', weight: 0 })
    const promoted = await play(last, doubtful, { ...inputs, 'on-inconclusive': 'promote' })
    expect(promoted.outcome.result).toBe('promoted')
    expect(promoted.outcome.warnings.join()).toContain(
      'the release went on although it could not be told whether the new version is as good as stable'
    )
  })

  it('before the first users take a version back that nobody has asked anything', async () => {
    const { outcome } = await play(undefined, silent, GATES)
    expect(outcome).toMatchObject({ result: 'rolled-back', unexposed: true })
    expect(outcome.reason).toMatch(/has no data/)
  })

  it('are no gates without users, if nothing else is measured', async () => {
    const { outcome, scene } = await play(undefined, steady, { ...COMPARED, gates: 'checks' })
    expect(outcome).toMatchObject({ result: 'waiting', weight: 0 })
    expect(outcome.reason).toMatch(/^no user is on the new version yet, so that it cannot be compared/)
    expect(scene.behind('web')).toBe('v1 3')
  })

  it('open before the first users under the load of a smoke test, which the checks judge', async () => {
    const load = { 'smoke-tests': 'GET / at 5/s for 60s -> 200' }
    const good = await play(undefined, steady, { ...GATES, ...load })
    expect(good.outcome).toMatchObject({ result: 'promoted', warnings: [] })
    const bad = await play(undefined, failing, { ...GATES, ...load })
    expect(bad.outcome).toMatchObject({ result: 'rolled-back', unexposed: true })
    expect(bad.outcome.failedCheck).toBe('success-rate >= 99%')
  })
})

describe('before anything is changed', () => {
  const refused = async (scene: DrivenScene, options: RunOptions): Promise<readonly string[]> => {
    const error: unknown = await scene.drive('deploy', options).ended.catch((thrown: unknown) => thrown)
    if (!(error instanceof InputError)) throw error
    expect(scene.rollout().image).toBe('shop/web:1')
    expect(scene.kept()).toBeUndefined()
    return error.faults.map(({ input, problem }) => `${input}: ${problem}`)
  }

  it('a Prometheus that does not answer is found', async () => {
    const scene = await openDriven(canaryRollout(TIMED))
    const metrics = new Scraped(scene, {})
    metrics.isDown = true
    expect(await refused(scene, { inputs: BOUNDS, metrics })).toEqual([
      expect.stringMatching(/^prometheus: .*Prometheus does not answer/)
    ])
  })

  it('a load is refused where users are on new pods at once', async () => {
    const scene = await openDriven(canaryRollout(TIMED))
    const inputs = { 'smoke-tests': 'GET / at 5/s for 60s -> 200' }
    expect(await refused(scene, { inputs })).toEqual([
      expect.stringMatching(
        /^smoke-tests: GET \/ at 5\/s for 1m -> 200 is a load for pods without users, and rollout\/web gives new pods users at once: .* up to 34% of the users/
      )
    ])
  })

  it('a plan tells who says yes, and what the checks measure on what serves', async () => {
    const scene = await openDriven(canaryRollout(GATED))
    const metrics = new Scraped(scene, { 'shop/web:1': steady })
    const inputs = { ...BOUNDS, command: 'plan', workload: 'rollout/web', gates: 'checks for 2m' }
    const outcome = await scene.run({ inputs, metrics }).obey()
    expect(outcome).toMatchObject({ result: 'planned', warnings: [] })
    expect(outcome.plan?.steps).toContain(
      'At a pause without a duration: go on once every check has passed for 2m'
    )
    expect(verdicts(outcome)).toEqual(['pass'])
  })
})

describe('pods that later shares bring', () => {
  const inputs = { 'smoke-tests': 'GET /health -> 200' }
  const STEPS = [
    { setWeight: 34 },
    { pause: { duration: '1m' } },
    { setWeight: 67 },
    { pause: { duration: '1m' } }
  ]

  it('are tested as they come, and it is told who may have met them before', async () => {
    const scene = await openDriven(canaryRollout(STEPS))
    const outcome = await scene.drive('deploy', { inputs }).ended
    expect(outcome.result).toBe('promoted')
    expect(new Set(outcome.smokeTests.flatMap(({ pods }) => pods)).size).toBe(3)
    const details = outcome.timeline.filter(({ title }) => title.startsWith('Run 1 smoke test'))
    expect(details.map(({ detail }) => detail)).toEqual([
      expect.stringMatching(/^1 test passed on 2 pods/),
      expect.stringMatching(/^1 test passed on 1 pod, with \d+% of the users on the new version already$/)
    ])
  })

  it('take the release back when they fail', async () => {
    const scene = await openDriven(canaryRollout(STEPS))
    const asked = new Set<string>()
    scene.cluster.answer = ({ path }) => {
      asked.add(path)
      return { status: [...asked].indexOf(path) < 2 ? 200 : 500, headers: {}, body: '' }
    }
    const outcome = await scene.drive('deploy', { inputs }).ended
    expect(outcome).toMatchObject({ result: 'rolled-back', weight: 0 })
    expect(outcome.reason).toMatch(/^smoke test failed: 1: GET \/health/)
    expect(scene.rollout().image).toBe('shop/web:1')
    await scene.clock.sleep(60_000)
    expect(scene.behind('web-stable')).toBe('v1 3')
  })
})
