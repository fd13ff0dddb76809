import fc, { type Arbitrary } from 'fast-check'
import type { Act, Edit, Fate, Fault, Moment, Refusal, Schedule, World } from './schedule.ts'

/** What can be drawn; one seed is one schedule. */

const milliseconds = (least: number, most: number): Arbitrary<number> => fc.integer({ min: least, max: most })

const often = <T>(usual: T, ...others: readonly T[]): Arbitrary<T> =>
  fc.oneof({ weight: 2 * others.length, arbitrary: fc.constant(usual) }, fc.constantFrom(usual, ...others))

const worlds: Arbitrary<World> = fc.record({
  start: fc.constantFrom('plain', 'slots'),
  replicas: fc.integer({ min: 1, max: 9 }),
  autoscaled: fc.boolean(),
  routes: fc.constantFrom<readonly string[]>([], [], ['web'], ['web', 'api']),
  internal: fc.constant(false),
  startup: often(1000, 100, 4000),
  lag: often(5, 100, 1000),
  gatewayLag: often(20, 500, 3000)
})

const fates: Arbitrary<Fate> = often<Fate>(
  'good',
  'slow',
  'never ready',
  'crash at once',
  'crashes',
  'unready',
  'fails tests'
)

const moments: Arbitrary<Moment> = fc.oneof(
  fc.record({
    of: fc.constant('call' as const),
    nth: milliseconds(1, 70),
    side: fc.constantFrom('before', 'after')
  }),
  fc.record({
    of: fc.constant('write' as const),
    nth: milliseconds(1, 20),
    side: fc.constantFrom('before', 'after')
  })
)

const edits: Arbitrary<Edit> = fc.oneof(
  fc.record({
    what: fc.constant('label' as const),
    kind: fc.constantFrom('Service', 'HTTPRoute', 'Deployment', 'Lease')
  }),
  fc.record({
    what: fc.constantFrom(
      'add a port',
      'add a rule',
      'apply the Service',
      'apply the routes',
      'image of the canary',
      'delete the lock',
      'take the lock'
    )
  }),
  fc.record({
    what: fc.constant('replicas' as const),
    of: fc.constantFrom('stable', 'canary'),
    count: fc.integer({ min: 1, max: 9 })
  })
)

/** A release is over after that long, if nothing holds it up. */
const at = milliseconds(0, 40_000)

const faults: Arbitrary<Fault> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('dies' as const), moment: moments }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('sleeps' as const),
      moment: moments,
      ms: milliseconds(5000, 90_000)
    })
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('cancelled' as const), at }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('errors' as const),
      at,
      ms: milliseconds(1000, 60_000),
      percent: fc.integer({ min: 2, max: 60 }),
      status: fc.constantFrom<Refusal>(409, 429, 500, 503, 'lost')
    })
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('late news' as const),
      at,
      ms: milliseconds(1000, 60_000),
      by: milliseconds(200, 30_000)
    })
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('watches end' as const), at }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('no api' as const), at, ms: milliseconds(5000, 60_000) })
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('edit' as const), at, edit: edits }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('pods crash' as const),
      at,
      of: fc.constantFrom('stable', 'canary'),
      count: fc.integer({ min: 1, max: 3 })
    })
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('controller lag' as const),
      at,
      ms: milliseconds(1000, 30_000),
      by: milliseconds(500, 10_000)
    })
  }
)

/** Lines for `steps`, in the order in which they may follow each other. */
const steps = (routes: boolean): Arbitrary<readonly string[]> =>
  fc
    .record({
      header: fc.boolean(),
      mirror: fc.boolean(),
      shares: fc.subarray(['0%', '10%', '30%', '50%']),
      last: fc.constantFrom('100%', '100% for 2s'),
      approval: fc.option(fc.nat({ max: 5 }), { nil: undefined, freq: 2 })
    })
    .map(({ header, mirror, shares, last, approval }) => {
      const parts = [
        ...(routes && header ? ['header x-canary: yes'] : []),
        ...(routes && mirror ? ['mirror 20%'] : []),
        ...shares
      ]
      const lines = parts.map((part, index) => `${part} ${index === approval ? 'until approved' : 'for 2s'}`)
      return [...lines, last]
    })

const inputs = (routes: boolean): Arbitrary<Readonly<Record<string, string>>> =>
  fc
    .record({
      steps: fc.option(steps(routes), { nil: undefined, freq: 2 }),
      bake: fc.constantFrom('0s', '3s', '12s'),
      previous: often('scale-down', 'keep'),
      tests: fc.boolean()
    })
    .map(({ steps: lines, bake, previous, tests }) => ({
      ...(lines === undefined ? {} : { strategy: 'canary', steps: lines.join('\n') }),
      ...(tests ? { 'smoke-tests': 'GET /health -> 200' } : {}),
      bake,
      previous
    }))

/** `overtakes`: whether it comes while the one before sleeps, if that does. */
type Drawn = Act & { readonly overtakes: boolean }

const acts = (routes: boolean): Arbitrary<Drawn> =>
  fc.record({
    command: fc.oneof(
      { weight: 6, arbitrary: fc.constant('deploy' as const) },
      { weight: 3, arbitrary: fc.constantFrom('promote', 'abort', 'rollback') }
    ),
    inputs: inputs(routes),
    version: often('new', 'again'),
    fate: fates,
    after: fc.oneof(milliseconds(0, 2000), milliseconds(0, 40_000)),
    rival: often(false, true),
    post: fc.boolean(),
    overtakes: fc.boolean(),
    faults: fc.oneof(fc.constant([]), fc.array(faults, { minLength: 1, maxLength: 3 }))
  })

/** Nobody promotes or aborts where nothing waits and nothing has died; nobody goes back before the first release. */
const inOrder = (drawn: readonly Act[]): readonly Act[] =>
  drawn.map((act, index) => {
    const earlier = drawn.slice(0, index)
    const waits = earlier.some(({ inputs: { steps: lines = '' } }) => lines.includes('until approved'))
    const died = earlier.some((one) => one.faults.some(({ kind }) => kind === 'dies' || kind === 'cancelled'))
    const sensible =
      (waits && act.command === 'promote') ||
      ((waits || died) && act.command === 'abort') ||
      (index > 0 && act.command === 'rollback')
    return sensible ? act : { ...act, command: 'deploy' }
  })

/** The lock of a run that sleeps is free after 15 s. */
const meeting = (drawn: readonly Drawn[]): readonly Act[] =>
  drawn.map(({ overtakes, ...act }, index) => {
    const sleeps = drawn[index - 1]?.faults.some(({ kind }) => kind === 'sleeps') ?? false
    return sleeps && overtakes ? { ...act, rival: true, after: 15_000 + act.after } : act
  })

export const schedules: Arbitrary<Schedule> = worlds.chain((world) =>
  fc.record({
    world: fc.constant(world),
    acts: fc
      .array(acts(world.routes.length > 0), { minLength: 1, maxLength: 5 })
      .map(meeting)
      .map(inOrder),
    ending: fc.constantFrom('deploy', 'abort', 'rollback', 'post'),
    dice: fc.nat()
  })
)

/** What comes to some schedules besides; the others are what they were before there was any of it. */
const more = fc.record({
  internal: fc.integer({ min: 0, max: 2 }).map((die) => die === 0),
  forged: fc.option(
    fc.record({
      act: fc.nat({ max: 4 }),
      at,
      edit: fc.record({
        what: fc.constantFrom('write a claim', 'write an older record', 'write the record of others'),
        on: fc.constantFrom('Service', 'HTTPRoute')
      })
    }),
    { freq: 2, nil: undefined }
  )
})

/** The schedule of a seed. */
export function drawSchedule(seed: number): Schedule {
  const [schedule] = fc.sample(schedules, { seed, numRuns: 1 })
  const [extra] = fc.sample(more, { seed: -seed, numRuns: 1 })
  if (schedule === undefined || extra === undefined) throw new Error(`nothing was drawn for seed ${seed}`)
  const { forged, internal } = extra
  const acts = schedule.acts.map((act, index) => {
    if (forged === undefined || index !== forged.act % schedule.acts.length) return act
    const edit: Fault = { kind: 'edit', at: forged.at, edit: forged.edit }
    return { ...act, faults: [...act.faults, edit] }
  })
  return { ...schedule, acts, world: { ...schedule.world, internal } }
}
