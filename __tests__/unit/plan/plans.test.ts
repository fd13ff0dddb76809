import { describe, expect, it } from '@jest/globals'
import type { Release } from '../../../src/domain/record.ts'
import { parseStep, type TrafficStep } from '../../../src/inputs/step.ts'
import { DRAIN } from '../../../src/plan/drain.ts'
import { methodOf } from '../../../src/plan/method.ts'
import { ALL_AT_ONCE, planFrom, planProgressive, type Progressive } from '../../../src/plan/progressive.ts'
import { planRollback } from '../../../src/plan/rollback.ts'
import { describe as describeStep, type Step } from '../../../src/plan/step.ts'
import { manifest, service, workload } from '../../scenarios/scene.ts'

const names = { stable: 'web-blue', canary: 'web-green' }
const before = { app: 'web' }

const release = (changes: Partial<Release> = {}): Release =>
  ({
    version: 1,
    id: '7-1',
    weight: 0,
    phase: 'running',
    selectors: { before },
    history: [],
    ...changes
  }) as Release

/** The steps as one reads them; a duration or a selector behind. */
const print = (steps: readonly Step[]): string[] =>
  steps.map((step) => {
    const title = describeStep(step, names)
    if ('duration' in step) return `${title} (${step.duration / 1000} s)`
    return step.kind === 'settle' ? `${title} (${JSON.stringify(step.selector)})` : title
  })

const steps = (...lines: string[]): readonly TrafficStep[] =>
  lines.map((line) => {
    const parsed = parseStep(line)
    if ('problem' in parsed) throw new Error(parsed.problem)
    return parsed.value
  })

const progress = {
  steps: ALL_AT_ONCE,
  checks: false,
  bake: 30_000,
  previous: 'scale-down',
  drain: DRAIN
} as const

describe('a release', () => {
  const plan = (changes: Partial<Progressive> = {}, record: Partial<Release> = {}): string[] =>
    print(
      planProgressive(
        {
          ...progress,
          canary: workload('web-green'),
          manifests: [],
          smokeTests: false,
          ...changes
        },
        release(record)
      )
    )

  it('narrows, starts, waits, switches, bakes, records, and only then touches the old version', () => {
    expect(plan()).toEqual([
      'All traffic on web-blue',
      'Start web-green with 3 pods',
      'Wait until web-green is ready',
      'Size web-green for all traffic',
      'Move all traffic to web-green',
      'Bake: watch web-green under all traffic (30 s)',
      'Record the result: web-green is live',
      'Scale web-blue down'
    ])
  })

  it('with checks is never over before they have passed once, whatever the bake', () => {
    expect(plan({ checks: true, bake: 0 })).toContain('Bake: watch web-green under all traffic (0 s)')
    expect(plan({ checks: false, bake: 0 }).join()).not.toContain('Bake')
  })

  it('with everything that there can be', () => {
    const manifests = [manifest(service()), manifest({ ...service(), kind: 'ConfigMap' })]
    expect(plan({ manifests, smokeTests: true, bake: 4000 }, { autoscaler: 'web' })).toEqual([
      'All traffic on web-blue',
      'Apply Service web',
      'Apply ConfigMap web',
      'Start web-green with 3 pods',
      'Wait until web-green is ready',
      'Smoke tests on web-green',
      'Size web-green for all traffic',
      'Point the autoscaler to web-green',
      'Move all traffic to web-green',
      'Bake: watch web-green under all traffic (4 s)',
      'Record the result: web-green is live',
      'Drain: let connections end (6 s)',
      'Scale web-blue down'
    ])
  })

  it.each<[Partial<Progressive>, readonly string[]]>([
    [
      { bake: 0 },
      ['Record the result: web-green is live', 'Drain: let connections end (10 s)', 'Scale web-blue down']
    ],
    [
      { bake: 10_000 },
      [
        'Bake: watch web-green under all traffic (10 s)',
        'Record the result: web-green is live',
        'Scale web-blue down'
      ]
    ],
    [
      { previous: 'keep' },
      ['Bake: watch web-green under all traffic (30 s)', 'Record the result: web-green is live']
    ],
    [{ previous: 'keep', bake: 0 }, ['Record the result: web-green is live']]
  ])('with %j ends with %j', (changes, end) => {
    expect(plan(changes).slice(5)).toEqual(end)
  })
})

describe('a release in steps', () => {
  const onRoute: Partial<Release> = { routes: [{ kind: 'httproute', name: 'web' }] }

  it('sizes the canary before each shift, watches after it, and lets the Service follow at the end', () => {
    const wanted = { ...progress, steps: steps('10% for 5m', '50% for 1m', '100%') }
    expect(
      print(
        planProgressive(
          { ...wanted, canary: workload('web-green'), manifests: [], smokeTests: true },
          release(onRoute)
        )
      )
    ).toEqual([
      'All traffic on web-blue',
      'Start web-green with 3 pods',
      'Wait until web-green is ready',
      'Smoke tests on web-green',
      'Make the routes ready for web-green',
      'Size web-green for 10% of the traffic',
      'Move 10% of the traffic to web-green',
      '10% for 5m: watch web-green (300 s)',
      'Size web-green for 50% of the traffic',
      'Move 50% of the traffic to web-green',
      '50% for 1m: watch web-green (60 s)',
      'Size web-green for all traffic',
      'Move all traffic to web-green',
      'Bake: watch web-green under all traffic (30 s)',
      'Switch the Service to web-green',
      'Wait for the gateway to accept the route',
      'Record the result: web-green is live',
      'Drain: let connections end (10 s)',
      'Scale web-blue down'
    ])
  })

  it('ends at a step that waits for approval, after every check has passed once, and goes on behind it', () => {
    const wanted = { ...progress, checks: true, steps: steps('50% until approved', '100%') }
    expect(print(planFrom(0, wanted, release()))).toEqual([
      'Size web-green for 50% of the traffic',
      'Move 50% of the traffic to web-green',
      '50% until approved: watch web-green (0 s)',
      'Wait for approval'
    ])
    expect(print(planFrom(1, wanted, release())).slice(0, 2)).toEqual([
      'Size web-green for all traffic',
      'Move all traffic to web-green'
    ])
  })
})

describe('an abort', () => {
  it('makes sure that there is somebody to switch to before it switches', () => {
    expect(print(methodOf(release()).restoring)).toEqual([
      'Check that web-blue has enough ready pods',
      'All traffic on web-blue'
    ])
  })

  it.each<[string, Partial<Release>, readonly string[]]>([
    [
      'before users were on the canary',
      {},
      [
        'Collect events and logs of web-green',
        'Scale web-green down',
        'Record the result: web-blue stays live ({"app":"web"})'
      ]
    ],
    [
      'after users were on the canary, with an autoscaler',
      { exposed: true, autoscaler: 'web' },
      [
        'Point the autoscaler to web-blue',
        'Collect events and logs of web-green',
        'Drain: let connections end (10 s)',
        'Scale web-green down',
        'Record the result: web-blue stays live ({"app":"web"})'
      ]
    ]
  ])('tidies up %s', (_, record, steps) => {
    expect(print(methodOf(release(record)).planTidy(release(record), DRAIN))).toEqual(steps)
  })
})

describe('a rollback', () => {
  const back = (
    previous: 'scale-down' | 'keep',
    settled?: Release['selectors']['before'],
    record: Partial<Release> = {}
  ) =>
    print(
      planRollback(
        {
          canary: workload('web-green'),
          manifests: [],
          previous,
          settled,
          drain: DRAIN,
          hasRecentUsers: false
        },
        release(record)
      )
    )
  const shared = [
    'All traffic on web-blue',
    'Start web-green with 3 pods',
    'Wait until web-green is ready',
    'Move all traffic to web-green',
    'Record the result: web-green is live'
  ]
  const retired = ['Drain: let connections end (10 s)', 'Scale web-blue down']
  const settled = 'Record the result: web-green stays live ({"app":"web"})'

  it('to the other slot is a release without tests', () => {
    expect(back('scale-down')).toEqual([...shared, ...retired])
  })

  it('keeps the version that it leaves, if wanted', () => {
    expect(back('keep')).toEqual(shared)
  })

  it.each(['keep', 'scale-down'] as const)(
    'to a plain Deployment widens the selector once nothing else runs (previous: %s)',
    (previous) => {
      expect(back(previous, before)).toEqual([...shared, ...retired, settled])
    }
  )

  it('takes the autoscaler along before the traffic', () => {
    expect(back('keep', undefined, { autoscaler: 'web' }).slice(2, 6)).toEqual([
      'Wait until web-green is ready',
      'Size web-green for all traffic',
      'Point the autoscaler to web-green',
      'Move all traffic to web-green'
    ])
  })
})
