import { describe, expect, it } from '@jest/globals'
import { RECORD_ANNOTATION } from '../../../src/domain/record.ts'
import type { Service } from '../../../src/kubernetes/objects.ts'
import { FENCE_ANNOTATION } from '../../../src/lock/fence.ts'
import { serviceRoute } from '../../../src/routes/service.ts'
import { changeFrom } from '../../../src/traffic/foreign-write.ts'
import { writesOf } from '../../../src/traffic/writes.ts'
import { service } from '../../scenarios/scene.ts'

const live = (
  spec: Partial<Service['spec']> = {},
  annotations: Readonly<Record<string, string>> = {}
): Service => ({
  ...service(),
  metadata: {
    ...service().metadata,
    resourceVersion: '99',
    annotations: { [RECORD_ANNOTATION]: 'ours', ...annotations },
    managedFields: [
      { manager: 'helm', operation: 'Update', time: '2026-11-03T14:02:00Z' },
      { manager: 'greenlight', operation: 'Update', time: '2026-11-03T14:03:00Z' },
      { manager: 'argocd', operation: 'Apply', time: '2026-11-03T14:01:00Z' }
    ]
  },
  spec: { ...service().spec, selector: { slot: 'blue', app: 'web' }, ...spec }
})

const stable = { app: 'web', slot: 'blue' }
const selectors = { before: { app: 'web' }, stable, canary: { app: 'web', slot: 'green' } }
const backends = { namespace: 'shop', apex: 'web', stable: 'web-blue', canary: 'web-green', selectors }

/** What our own edit finds to undo. */
function changeOf(object: Service) {
  const wanted = serviceRoute.split([object], backends, { weight: 0 })
  const [write] = writesOf([object], wanted, { record: 'ours', always: true })
  return write && changeFrom(write)
}

describe('no change of ours, whoever made it:', () => {
  it.each([
    ['the object is as we left it', live()],
    ['a port', live({ ports: [] })],
    ['another annotation', live({}, { team: 'shop' })]
  ])('%s', (_, object) => {
    expect(changeOf(object)).toBeUndefined()
  })
})

describe('a change of what the release owns, with the one who wrote last:', () => {
  const { annotations: _, ...bare } = live().metadata
  it.each([
    ['another selector', live({ selector: { app: 'web' } }), 'the selector became app=web'],
    [
      'a narrower selector',
      live({ selector: { app: 'web', slot: 'blue', zone: 'a' } }),
      'the selector became app=web,slot=blue,zone=a'
    ],
    ['an empty selector', live({ selector: {} }), 'the selector became empty'],
    ['no record', { ...live(), metadata: bare }, 'the record was removed'],
    [
      'no record and another selector',
      { ...live({ selector: { app: 'web' } }), metadata: bare },
      'the selector became app=web and the record was removed'
    ],
    [
      'another record',
      live({}, { [RECORD_ANNOTATION]: 'theirs' }),
      `the record in the annotation ${RECORD_ANNOTATION} became another one`
    ],
    ['a claim', live({}, { [FENCE_ANNOTATION]: 'me' }), `the annotation ${FENCE_ANNOTATION} became "me"`]
  ])('%s', (__, object, change) => {
    expect(changeOf(object)).toEqual({ manager: 'helm', change })
  })
})
