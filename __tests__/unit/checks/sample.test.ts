import { expect, it } from '@jest/globals'
import type { MetricValue } from '../../../src/checks/metric-value.ts'
import { sample } from '../../../src/checks/sample.ts'
import type { Source } from '../../../src/checks/source.ts'
import { check, epoch, subject, TestClock } from './prometheus/builders.ts'

const [errors, incidents, cpu] = [
  'error-rate <= 1%',
  'incidents: GET https://a/ $ < 1',
  'cpu: datadog avg:x{*} < 80'
].map(check)

const source = (checks: Source['checks'], values: readonly MetricValue[], youth = 0): Source => ({
  checks,
  youth: () => youth,
  measure: () => Promise.resolve(values),
  preflight: () =>
    Promise.resolve({ faults: [{ input: 'checks', problem: `${youth}` }], warnings: [`w${youth}`] })
})

const step = { name: '10%', startedAt: epoch - 30_000 }
const given = (...checks: readonly (typeof errors)[]) => checks.flatMap((one) => one ?? [])

it('asks each source for its own, and reads them in the order of the lines', async () => {
  const sources = [
    source(given(errors, cpu), [{ value: 0.5 }, { why: 'none yet', early: true }], 20_000),
    source(given(incidents), [{ why: 'null', early: true }], 60_000)
  ]
  const sampler = sample(given(incidents, errors, cpu), sources, new TestClock())
  expect(await sampler.measure(step, subject())).toMatchObject([
    { check: incidents, verdict: 'no-data', early: true, youth: 60_000, step: '10%', at: epoch },
    { check: errors, verdict: 'fail', value: 0.5 },
    { check: cpu, verdict: 'no-data', early: false }
  ])
  expect(await sampler.preflight(subject())).toEqual({
    faults: ['20000', '60000'].map((problem) => ({ input: 'checks', problem })),
    warnings: ['w20000', 'w60000']
  })
})

it('passes nothing that nobody measures', async () => {
  const sampler = sample(given(errors, cpu), [source(given(cpu), [])], new TestClock())
  expect(await sampler.measure(step, subject())).toMatchObject(
    [errors, cpu].map((one) => ({ check: one, verdict: 'no-data', final: true, why: 'nothing measures it' }))
  )
})
