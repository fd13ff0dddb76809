import { describe, expect, it, jest } from '@jest/globals'
import { MetricsError } from '../../src/checks/metrics-error.ts'
import type { Metrics } from '../../src/checks/prometheus/metrics.ts'
import type { Outcome } from '../../src/domain/outcome.ts'
import { outcomeJson } from '../../src/report/json.ts'
import { renderSummary } from '../../src/report/summary.ts'
import { Scraped, type Behaviour } from '../support/memory/scraped.ts'
import { openScene, service, workload } from './scene.ts'

jest.setTimeout(60_000)

/** What the comparison with stable can find, told before a release. */

const IN_STEPS = {
  prometheus: 'http://prometheus',
  checks: 'like stable',
  strategy: 'canary',
  steps: '25% for 5m\n50% for 5m\n100%',
  bake: '5m'
}

const steady: Behaviour = (second) => ({ requests: 60, errors: second % 600 === 300 ? 1 : 0 })

interface Told {
  readonly outcome: Outcome
  readonly log: string
}

async function told(
  command: 'plan' | 'deploy',
  inputs: Readonly<Record<string, string>> = {},
  { stable = steady, through = (one) => one }: { stable?: Behaviour; through?: (m: Metrics) => Metrics } = {}
): Promise<Told> {
  const scene = await openScene([workload(), service()], [])
  const metrics = new Scraped(scene, { 'shop/web:2': stable, 'shop/web:1': stable })
  const log: string[] = []
  const run = scene.run({
    inputs: { ...IN_STEPS, ...inputs },
    metrics: through(metrics),
    quote: (text) => log.push(text)
  })
  return { outcome: await run[command](), log: log.join('\n') }
}

/** Its past cannot be read, though all else can. */
const withoutPast = (metrics: Metrics): Metrics => ({
  query: (promql) =>
    /\[3\d\d\ds\]/.test(promql)
      ? Promise.reject(new MetricsError('query processing would load too many samples', 'refused'))
      : metrics.query(promql)
})

describe('a plan', () => {
  it('tells what each step can find on traffic like that of the last hour', async () => {
    const { outcome, log } = await told('plan')
    expect(outcome).toMatchObject({ result: 'planned', warnings: [] })
    const { forecast } = outcome
    expect(forecast).toMatchObject({ steps: ['25% for 5m', '50% for 5m', 'bake'] })
    if (forecast === undefined || 'why' in forecast) throw new Error('no forecast')
    // Three pods, and 60 requests a scrape of 15 s each.
    expect(forecast.rate).toBeCloseTo(12, 0)
    expect(forecast.requests.map((count) => Math.round(count / 100))).toEqual([9, 18, 36])
    expect(forecast.prospects[0]).toMatchObject({ regression: { kind: 'crash' }, found: [1, 1, 1] })
    expect(log).toContain('forecast: at 12 requests/s the new version gets')
    const summary = renderSummary(outcome)
    expect(summary).toContain('### What the comparison with stable can find')
    expect(summary).toMatch(/^\| Fault \| 25% for 5m \| 50% for 5m \| bake \| Half of them within \|$/m)
    expect(summary).toMatch(/^\| a crash \(half of all requests fail\) \| 10 \| 10 \| 10 \| \d+ s \|$/m)
    expect(JSON.parse(outcomeJson(outcome))).toMatchObject({
      forecast: {
        requestsPerSecond: 12,
        steps: [{ step: '25% for 5m' }, { step: '50% for 5m' }, { step: 'bake', requests: 3_600 }],
        found: [{ fault: { kind: 'crash' }, ofReleases: [1, 1, 1] }, {}, {}, {}, {}]
      }
    })
  })

  it.each([
    ['blue-green', { strategy: 'blue-green', steps: '' }],
    ['rolling', { strategy: 'rolling', steps: '' }],
    [
      'a bake of no length, which lasts until something was judged',
      { strategy: 'rolling', steps: '', bake: '0s' }
    ]
  ])('with %s has the bake alone', async (_, inputs) => {
    const { outcome } = await told('plan', inputs)
    expect(outcome.forecast).toMatchObject({ steps: ['bake'], prospects: [{ found: [1] }, {}, {}, {}, {}] })
  })

  it('warns of steps that would not even find a crash', async () => {
    const { outcome } = await told(
      'plan',
      { steps: '10% for 1m\n50% for 10m\n100%' },
      { stable: (second) => ({ requests: second % 150 === 0 ? 3 : 0 }) }
    )
    expect(outcome.warnings).toContainEqual(
      expect.stringMatching(/^the first step \(10% for 1m\) cannot be relied on to find even a crash/)
    )
  })

  it('counts with the shares that numbers of pods can make', async () => {
    const { outcome } = await told('plan', { steps: '1% for 10m\n100%' })
    // One new pod beside three old ones.
    expect(outcome.forecast).toMatchObject({ requests: [expect.closeTo(1_800, -2), expect.anything()] })
  })

  it('leaves out steps of which nobody knows who will come', async () => {
    const { outcome } = await told('plan', { steps: '0% for 1m\n50% until approved\n100%' })
    expect(outcome.forecast).toMatchObject({ steps: ['50% until approved', 'bake'] })
  })
})

describe('there is no forecast', () => {
  it.each<[string, Behaviour, RegExp]>([
    ['without users', () => ({ requests: 0 }), /^stable has had 0 requests of users in the last 1h 0m/],
    [
      'with hardly any',
      (second) => ({ requests: second % 900 === 0 ? 1 : 0 }),
      /^stable has had \d+ requests of users/
    ]
  ])('%s', async (_, stable, why) => {
    const { outcome, log } = await told('plan', {}, { stable })
    expect(outcome).toMatchObject({ result: 'planned', forecast: { why: expect.stringMatching(why) } })
    expect(log).toContain('no forecast of what the comparison with stable can find: stable has had')
    expect(renderSummary(outcome)).toContain('There is no forecast: stable has had')
    expect(JSON.parse(outcomeJson(outcome))).toMatchObject({ forecast: { why: expect.stringMatching(why) } })
  })

  it('where its past cannot be read, which stops nothing', async () => {
    const { outcome } = await told('plan', {}, { through: withoutPast })
    const why = 'query processing would load too many samples'
    expect(outcome).toMatchObject({
      result: 'planned',
      forecast: { why },
      warnings: [`there is no forecast of what like stable can find: ${why}`]
    })
  })

  it('where nothing is compared', async () => {
    const { outcome } = await told('plan', { checks: 'success-rate >= 99%' })
    expect(outcome).not.toHaveProperty('forecast')
  })
})

describe('a release', () => {
  it('has the forecast with which it began', async () => {
    const { outcome, log } = await told('deploy')
    expect(outcome).toMatchObject({
      result: 'promoted',
      forecast: { steps: ['25% for 5m', '50% for 5m', 'bake'] }
    })
    expect(log).toContain('forecast: at 12 requests/s the new version gets')
    expect(renderSummary(outcome)).toMatch(
      /Forecast at 12 requests\/s, of 10 releases by the end: a crash .* in 10,/
    )
  })
})

it('users who do not come are a warning, with a load line as well', async () => {
  const stable: Behaviour = () => ({ requests: 0 })
  const { outcome } = await told('plan', { 'on-no-data': 'wait' }, { stable })
  expect(outcome.warnings).toEqual([
    expect.stringMatching(
      /^like stable: no request of users .* Without users on both versions there is nothing to compare/
    )
  ])
})
