import { expect, it } from '@jest/globals'
import type { Service } from '../../../src/kubernetes/objects.ts'
import { methodFor } from '../../../src/plan/method.ts'
import { inputsOf, manifest, service, workload } from '../../scenarios/scene.ts'
import { observed, origin } from './observed.ts'

const having = (spec: Partial<Service['spec']>): Service => ({
  ...service(),
  spec: { ...service().spec, ...spec }
})

const CANARY = { strategy: 'canary', steps: '50% for 5m\n100%' }

function warningsFor(spec: Partial<Service['spec']>, given: Readonly<Record<string, string>>): string {
  const inputs = inputsOf(given)
  const prepared = methodFor(inputs.strategy).prepare(
    inputs,
    observed({ service: having(spec) }),
    [manifest(workload('web', { version: 2 }))],
    origin
  )
  if ('length' in prepared) throw new Error(prepared.map(({ problem }) => problem).join())
  return prepared.warnings.join('\n')
}

it('clients that a Service keeps where they are get no share of them', () => {
  expect(warningsFor({ sessionAffinity: 'ClientIP' }, CANARY)).toContain(
    'service/web has sessionAffinity: ClientIP: an address that has come within the last 10800 s stays with its pod'
  )
  const short = { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } } }
  expect(warningsFor(short, CANARY)).toContain('within the last 60 s')
  expect(warningsFor(short, {})).toBe('')
  expect(warningsFor({ sessionAffinity: 'None' }, CANARY)).not.toContain('sessionAffinity')
})

it('pods that get users before they are ready are told where they come up among users', () => {
  const early = { publishNotReadyAddresses: true }
  expect(warningsFor(early, CANARY)).toContain('service/web has publishNotReadyAddresses: true')
  expect(warningsFor(early, {})).toBe('')
  expect(warningsFor(early, { strategy: 'rolling' })).toContain('publishNotReadyAddresses')
})
