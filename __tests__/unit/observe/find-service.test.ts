import { describe, expect, it } from '@jest/globals'
import { RECORD_ANNOTATION } from '../../../src/domain/record.ts'
import type { Service } from '../../../src/kubernetes/objects.ts'
import { findService, findStable, type Slots } from '../../../src/observe/find-service.ts'
import { service, workload } from '../../scenarios/scene.ts'

const plain = workload()
const slot = (color: string, replicas = 3) => workload(`web-${color}`, { labels: { slot: color }, replicas })
const blue = slot('blue')
const green = slot('green', 0)

function named(
  name: string,
  selector: Readonly<Record<string, string>> | undefined,
  recorded = false
): Service {
  const { spec, metadata } = service()
  const annotations = recorded ? { annotations: { [RECORD_ANNOTATION]: '{}' } } : {}
  const { selector: _, ...others } = spec
  return {
    ...service(),
    metadata: { ...metadata, name, ...annotations },
    spec: { ...others, ...(selector && { selector }) }
  }
}

describe('the Service that users come through', () => {
  const find = (services: readonly Service[], slots: Slots) => findService(services, slots, 'web', 'shop')

  it.each<[string, readonly Service[], Slots, string]>([
    [
      'is the only one that selects the workload',
      [named('api', { app: 'api' }), named('web', { app: 'web' })],
      { plain },
      'web'
    ],
    ['selects the slot that serves', [named('web', { app: 'web', slot: 'blue' })], { blue, green }, 'web'],
    [
      'selects the slot that does not serve yet',
      [named('web', { app: 'web', slot: 'green' })],
      { blue, green },
      'web'
    ],
    [
      'may be narrowed to a template',
      [named('web', { app: 'web', 'pod-template-hash': 'a' })],
      { plain },
      'web'
    ],
    [
      'is the one with a record, if there are several',
      [named('metrics', { app: 'web' }), named('web', { app: 'web' }, true)],
      { plain },
      'web'
    ],
    [
      'is none without a selector',
      [named('external', undefined), named('empty', {}), named('web', { app: 'web' })],
      { plain },
      'web'
    ]
  ])('%s', (_, services, slots, name) => {
    expect(find(services, slots)).toMatchObject({ metadata: { name } })
  })

  it.each<[string, readonly Service[], RegExp]>([
    [
      'several select the workload',
      [named('web', { app: 'web' }), named('metrics', { app: 'web' })],
      /^2 Services in namespace shop select deployment\/web: service\/web, service\/metrics\. Which one/
    ],
    [
      'several have a record',
      [named('web', { app: 'web' }, true), named('old', { app: 'web' }, true)],
      /^2 Services/
    ],
    [
      'none selects it',
      [named('api', { app: 'api' })],
      /labels app=web\); there are service\/api \(app=api\)$/
    ],
    ['it selects more than the pods have', [named('web', { app: 'web', tier: 'front' })], /^no Service/],
    ['there is none', [], /there is none at all$/]
  ])('is not clear when %s', (_, services, problem) => {
    expect(find(services, { plain })).toMatchObject({
      input: 'route',
      problem: expect.stringMatching(problem)
    })
  })
})

describe('what serves', () => {
  it.each<[string, Readonly<Record<string, string>>, Slots, string | undefined, string]>([
    ['is the Deployment that the Service selects', { app: 'web' }, { plain }, undefined, 'plain'],
    [
      'is the slot that it selects, though the other one runs too',
      { slot: 'blue' },
      { blue, green: slot('green') },
      undefined,
      'blue'
    ],
    [
      'is the only one that runs, when it selects several',
      { app: 'web' },
      { plain, blue: slot('blue', 0), green },
      undefined,
      'plain'
    ],
    [
      'is the plain one, narrowed to a template',
      { app: 'web', 'pod-template-hash': 'a' },
      { plain, green },
      undefined,
      'plain'
    ],
    [
      'is the recorded one, when it selects several that run',
      { app: 'web' },
      { plain, green: slot('green') },
      'web',
      'plain'
    ],
    [
      'is the one it selects, though nothing runs there',
      { slot: 'green' },
      { blue, green },
      'web-blue',
      'green'
    ]
  ])('%s', (_, selector, slots, recorded, expected) => {
    expect(findStable(named('web', selector), slots, recorded)).toMatchObject({ slot: expected })
  })

  it.each<[string, Readonly<Record<string, string>>, Slots, string | undefined, RegExp]>([
    [
      'it selects several that run, and no record tells',
      { app: 'web' },
      { blue, green: slot('green') },
      undefined,
      /sends traffic to deployment\/web-blue and deployment\/web-green at the same time/
    ],
    [
      'it selects several that run, and the record names another',
      { app: 'web' },
      { blue, green: slot('green') },
      'web',
      /at the same time/
    ],
    [
      'it selects none of them',
      { app: 'api' },
      { plain },
      undefined,
      /^service\/web selects app=api, which are not pods of deployment\/web$/
    ]
  ])('is not clear when %s', (_, selector, slots, recorded, problem) => {
    expect(findStable(named('web', selector), slots, recorded)).toMatchObject({
      problem: expect.stringMatching(problem)
    })
  })
})
