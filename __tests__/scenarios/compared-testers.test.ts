import { expect, it, jest } from '@jest/globals'
import { renderSummary } from '../../src/report/summary.ts'
import { httpRoute, openGateway } from '../support/memory/gateway-controller.ts'
import { Scraped } from '../support/memory/scraped.ts'
import { openScene, service, workload } from './scene.ts'

jest.setTimeout(60_000)

it('in a step for testers nothing but a crash is looked for, and said to be', async () => {
  const scene = await openScene([workload(), service(), httpRoute()])
  openGateway(scene.cluster)
  const steady = () => ({ requests: 60 })
  const metrics = new Scraped(scene, { 'shop/web:2': steady, 'shop/web:1': steady })
  const told: string[] = []
  const inputs = {
    ...{ prometheus: 'http://prometheus', checks: 'like stable', strategy: 'canary', route: 'httproute/web' },
    steps: 'header x-canary: true for 3m\n50% until approved\n100%'
  }
  const outcome = await scene.run({ inputs, metrics, quote: (text) => told.push(text) }).deploy()
  expect(outcome).toMatchObject({ result: 'waiting', weight: 50 })
  const testers = outcome.timeline.find(({ title }) => title.startsWith('header'))
  expect(testers?.detail).toMatch(
    /^nothing but a crash was looked for: 0 of \d+ requests failed; \d+ rounds of measurements$/
  )
  expect(told.filter((line) => line.includes('only a crash is looked for'))).toHaveLength(1)
  expect(renderSummary(outcome)).toContain('### Checks')
})
