import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, jest } from '@jest/globals'
import { renderSummary } from '../../src/report/summary.ts'
import { httpRoute, openGateway } from '../support/memory/gateway-controller.ts'
import { Scraped, type Behaviour } from '../support/memory/scraped.ts'
import { openScene, service, workload } from './scene.ts'

jest.setTimeout(60_000)

/** The release whose summary README.md shows: `script/pictures` takes a picture of what it writes here. */

const OLD = 'ghcr.io/acme/web:2.3.1'
const NEW = 'ghcr.io/acme/web:2.4.0'
const INPUTS = {
  images: NEW,
  strategy: 'canary',
  route: 'httproute/web',
  steps: '10% for 5m\n30% for 5m\n50% for 5m\n100%',
  checks: 'like stable',
  prometheus: 'http://prometheus'
}

const steady: Behaviour = (second) => ({ requests: 300, errors: second % 120 === 0 ? 1 : 0 })
/** Its cache of prices is empty after seven minutes. */
const failing: Behaviour = (second) => ({ requests: 300, errors: second > 420 ? 24 : 0 })

it('a version that fails at 30% is rolled back, and the summary says why', async () => {
  const plain = JSON.parse(JSON.stringify(workload()).replaceAll('shop/web:1', OLD)) as typeof workload
  const scene = await openScene([plain as never, service(), httpRoute()])
  openGateway(scene.cluster)
  const metrics = new Scraped(scene, { [OLD]: steady, [NEW]: failing })
  const outcome = await scene.run({ inputs: INPUTS, metrics, id: '9876543210-1' }).deploy()
  expect(outcome).toMatchObject({ result: 'rolled-back', failedCheck: 'like stable', weight: 0 })
  expect(scene.traffic()).toContain('v2.3.1 3')
  const summary = renderSummary(outcome)
  expect(summary).toContain('rolled back')
  const folder = process.env.GREENLIGHT_PICTURES
  if (folder !== undefined) writeFileSync(join(folder, 'rolled-back.md'), summary)
})
