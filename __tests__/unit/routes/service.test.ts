import { describe, expect, it } from '@jest/globals'
import { printRecord, RECORD_ANNOTATION } from '../../../src/record.ts'
import type { Release, Selector } from '../../../src/record.ts'
import { routes } from '../../../src/routes/index.ts'
import { patched } from '../../support/memory-objects.ts'
import { service } from '../core/scene.ts'

const { service: route } = routes

const selectors = {
  before: { app: 'web' },
  stable: { app: 'web', slot: 'blue' },
  canary: { app: 'web', slot: 'green' }
}
const release = (weight: number): Release =>
  ({ version: 1, id: '7-1', weight, selectors }) as unknown as Release
const live = (selector: Selector, annotations?: Readonly<Record<string, string>>) => {
  const { metadata, ...rest } = service(selector)
  return { ...rest, metadata: { ...metadata, resourceVersion: '41', ...(annotations && { annotations }) } }
}

describe('the weight of a Service', () => {
  it.each<[string, Selector, number | undefined]>([
    ['stable', selectors.stable, 0],
    ['the canary', selectors.canary, 100],
    ['the canary, keys in another order', { slot: 'green', app: 'web' }, 100],
    ['both', { app: 'web' }, undefined],
    ['something narrower', { ...selectors.canary, zone: 'a' }, undefined],
    ['nothing', {}, undefined]
  ])('that selects %s', (_, selector, weight) => {
    expect(route.weight(live(selector), release(0))).toBe(weight)
  })
})

describe('an edit of a Service', () => {
  it.each<[string, 'shift' | 'restore', number, Selector]>([
    ['at weight 0 sends all traffic to stable', 'shift', 0, selectors.stable],
    ['at weight 100 sends all traffic to the canary', 'shift', 100, selectors.canary],
    ['at the end brings back the selector from before', 'restore', 0, selectors.before]
  ])('%s, and writes the record with it', (_, edit, weight, selector) => {
    const object = live({ app: 'elsewhere' }, { team: 'shop' })
    const edited = patched(object, route[edit](object, release(weight)))
    expect(edited).toEqual({
      ...object,
      metadata: {
        ...object.metadata,
        annotations: { team: 'shop', [RECORD_ANNOTATION]: printRecord(release(weight)) }
      },
      spec: { ...object.spec, selector }
    })
  })

  it('makes the annotations where there are none', () => {
    const object = live({ app: 'web' })
    expect(patched(object, route.shift(object, release(0))).metadata).toHaveProperty('annotations')
  })

  it('is for the version of the object that was read, and for no other', () => {
    expect(route.shift(live({ app: 'web' }), release(0))[0]).toEqual({
      op: 'replace',
      path: '/metadata/resourceVersion',
      value: '41'
    })
  })

  it('brings back a selector that somebody has taken away', () => {
    const { spec, ...rest } = live(selectors.stable)
    const bare = { ...rest, spec: { ports: spec.ports ?? [] } }
    expect(patched(bare, route.shift(bare, release(0)))).toHaveProperty('spec.selector', selectors.stable)
  })
})
