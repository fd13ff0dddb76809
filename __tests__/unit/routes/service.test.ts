import { describe, expect, it } from '@jest/globals'
import type { Service } from '../../../src/kubernetes/objects.ts'
import { serviceRoute } from '../../../src/routes/service.ts'
import { service } from '../../scenarios/scene.ts'

type Selector = Readonly<Record<string, string>>

const selectors = {
  before: { app: 'web' },
  stable: { app: 'web', slot: 'blue' },
  canary: { app: 'web', slot: 'green' },
  both: { app: 'web', team: 'shop' }
}
const backends = { namespace: 'shop', apex: 'web', stable: 'web-blue', canary: 'web-green', selectors }

describe('the weight of a Service', () => {
  it.each<[string, Selector, number | undefined]>([
    ['stable', selectors.stable, 0],
    ['the canary', selectors.canary, 100],
    ['the canary, keys in another order', { slot: 'green', app: 'web' }, 100],
    ['both', { app: 'web' }, undefined],
    ['something narrower', { ...selectors.canary, zone: 'a' }, undefined],
    ['nothing', {}, undefined]
  ])('that selects %s', (_, selector, weight) => {
    expect(serviceRoute.weight([service(selector)], backends)).toBe(weight)
  })
})

describe('a Service', () => {
  const live: Service = {
    ...service({ app: 'elsewhere' }),
    metadata: { name: 'web', annotations: { team: 'shop' } }
  }
  const selecting = (selector: Selector) => [{ ...live, spec: { ...live.spec, selector } }]

  it.each<[number, Selector]>([
    [0, selectors.stable],
    [10, selectors.both],
    [99, selectors.both],
    [100, selectors.canary]
  ])('split at %s selects %j, all else as it was', (weight, selector) => {
    expect(serviceRoute.split([live], backends, { weight })).toEqual(selecting(selector))
  })

  it('that nobody has prepared for both versions stays with stable until the canary gets all', () => {
    const { both: _, ...without } = selectors
    const split = (weight: number) =>
      serviceRoute.split([live], { ...backends, selectors: without }, { weight })
    expect(split(50)).toEqual(selecting(selectors.stable))
    expect(split(100)).toEqual(selecting(selectors.canary))
  })

  it.each<['stable' | 'canary', Selector]>([
    ['stable', selectors.before],
    ['canary', selectors.canary]
  ])('settled for %s selects %j', (serving, selector) => {
    expect(serviceRoute.settle([live], backends, serving)).toEqual(selecting(selector))
  })

  it('brings back a selector that somebody has taken away', () => {
    const { selector: _, ...spec } = live.spec
    expect(serviceRoute.split([{ ...live, spec } as Service], backends, { weight: 0 })).toEqual(
      selecting(selectors.stable)
    )
  })
})
