import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  DEFAULT_CANARY_STEPS,
  parseStep,
  printStep,
  stepsFaults,
  type TrafficStep
} from '../../../src/inputs/step.ts'

const minutes = (count: number): TrafficStep['until'] => ({ kind: 'duration', duration: count * 60_000 })

describe('parseStep', () => {
  it.each<[string, TrafficStep]>([
    ['10% for 5m', { split: { weight: 10 }, until: minutes(5) }],
    ['50% until approved', { split: { weight: 50 }, until: { kind: 'approval' } }],
    ['100%', { split: { weight: 100 }, until: { kind: 'none' } }],
    ['100% for 5m', { split: { weight: 100 }, until: minutes(5) }],
    ['0% for 1m', { split: { weight: 0 }, until: minutes(1) }],
    ['mirror 20% for 5m', { split: { weight: 0, mirror: 20 }, until: minutes(5) }],
    ['mirror 100% until approved', { split: { weight: 0, mirror: 100 }, until: { kind: 'approval' } }]
  ])('reads %s', (text, step) => {
    expect(parseStep(text)).toEqual({ value: step })
    expect(printStep(step)).toBe(text)
  })

  it.each([
    ['header x-canary: true for 10m', 'x-canary', 'true'],
    ['header X_Canary:true until approved', 'X_Canary', 'true'],
    ['header cookie: canary=1; until approved until approved', 'cookie', 'canary=1; until approved'],
    ['header x-why: wait for 5m for 10m', 'x-why', 'wait for 5m'],
    ['  header  x-a:  b: "c" 50%   for  1m ', 'x-a', 'b: "c" 50%']
  ])('reads %s', (text, name, value) => {
    expect(parseStep(text)).toHaveProperty('value.split', { weight: 0, header: { name, value } })
  })

  it.each([
    ['10%', '10% would be over at once: say how long, or until approved', '10% for 5m'],
    ['0%', '0% would be over at once: say how long, or until approved', '0% for 5m'],
    ['mirror 5%', 'mirror 5% would be over at once: say how long, or until approved', 'mirror 5% for 5m'],
    [
      'header x-canary: true',
      'header x-canary would be over at once: say how long, or until approved',
      'header x-canary: true for 10m'
    ],
    [
      'header x: s3cret for s3cret',
      'what comes after the header is neither for <duration> nor until approved',
      'header x-canary: true for 10m'
    ],
    [
      'header x: s3cret until s3cret',
      'what comes after the header is neither for <duration> nor until approved',
      'header x-canary: true for 10m'
    ],
    ['10% for 0s', '"0s" is too short, at least 1ms', '10% for 5m'],
    ['100% for 0s', '"0s" is too short, at least 1ms', '10% for 5m'],
    ['10% for 5', '"5" is not a duration; its units are h, m, s and ms', '10% for 5m'],
    ['10% for 121h', '"121h" is too long, at most 120h', '10% for 5m'],
    ['10% until approval', 'a step lasts until approved, not until "approval"', '50% until approved'],
    ['2.5% for 5m', '"2.5%" is not a whole number of percent', '10% for 5m'],
    ['2,5% for 5m', '"2,5%" is not a whole number of percent', '10% for 5m'],
    ['mirror 2.5% for 5m', '"2.5%" is not a whole number of percent', 'mirror 20% for 5m'],
    ['101% for 5m', '"101%" is more than 100%', '10% for 5m'],
    ['10 for 5m', '"10" is not a percentage like 10%', '10% for 5m'],
    ['10 % for 5m', '"10 %" is not a percentage like 10%', '10% for 5m'],
    ['-1% for 5m', '"-1%" is neither a percentage, nor header or mirror', '10% for 5m'],
    ['10% 5m', '"10% 5m" is neither a percentage, nor header or mirror', '10% for 5m'],
    ['10% for 5m until approved', '"10% for 5m" is neither a percentage, nor header or mirror', '10% for 5m'],
    ['pause 5m', '"pause 5m" is neither a percentage, nor header or mirror', '10% for 5m'],
    ['mirror 0% for 5m', 'mirror 0% would copy nothing', 'mirror 20% for 5m'],
    ['mirror for 5m', '"" is not a percentage like 10%', 'mirror 20% for 5m'],
    ['header x-canary for 5m', 'not a header, which is name: value', 'header x-canary: true for 10m'],
    ['header x a: b for 5m', 'not a header, which is name: value', 'header x-canary: true for 10m'],
    ['header x: for 5m', 'not a header, which is name: value', 'header x-canary: true for 10m'],
    [
      'header x: \u{1f511} for 5m',
      'the value has characters that no header can carry',
      'header x-canary: true for 10m'
    ],
    ['', '"" is neither a percentage, nor header or mirror', '10% for 5m']
  ])('refuses %s', (text, problem, example) => {
    expect(parseStep(text)).toEqual({ problem, example })
    expect(parseStep(example)).toHaveProperty('value')
  })
})

describe('stepsFaults', () => {
  /** Problems by line; a line that cannot be read is one that was refused before. */
  const faults = (...texts: readonly string[]): string[] => {
    const items = texts.flatMap((text, index) => {
      const parsed = parseStep(text)
      return 'value' in parsed ? [{ line: index + 1, value: parsed.value }] : []
    })
    return stepsFaults(items, texts.length).map(({ line, problem }) => `${line ?? 0}: ${problem}`)
  }

  it.each([
    [[]],
    [['100%']],
    [['100% for 5m']],
    [['1% for 1m', '99% until approved', '100%']],
    [
      [
        'header a: b for 1m',
        'mirror 20% for 1m',
        '0% for 1m',
        'mirror 10% for 1m',
        'header a: c for 1m',
        '5% for 1m',
        '100%'
      ]
    ]
  ])('lets %j pass', (texts) => {
    expect(faults(...texts)).toEqual([])
  })

  it('wants 100% at the end', () => {
    const problem = 'the last step must be 100%, not "30% for 5m": add a line'
    expect(faults('10% for 5m', '30% for 5m')).toEqual([`2: ${problem}`])
    expect(faults('header a: b for 5m')).toEqual([
      '1: the last step must be 100%, not "header a for 5m": add a line'
    ])
  })

  it('does not guess whether a last line that could not be read was 100%', () => {
    expect(faults('10% for 5m', '100')).toEqual([])
    expect(faults('10', '30% for 5m')).toHaveLength(1)
  })

  it('wants 100% nowhere else', () => {
    expect(faults('10% for 5m', '100% for 5m', '50% for 5m')).toEqual([
      '2: "100% for 5m" can only be the last step'
    ])
    expect(faults('100%', '100%')).toEqual(['1: "100%" can only be the last step'])
    expect(faults('100%', '50')).toEqual(['1: "100%" can only be the last step'])
  })

  it('wants weights that rise', () => {
    expect(
      faults('30% for 5m', '10% for 5m', '20% for 5m', '20% until approved', '31% for 1m', '100%')
    ).toEqual([
      '2: the weights must rise, but "10% for 5m" comes after "30% for 5m" on line 1',
      '4: the weights must rise, but "20% until approved" comes after "20% for 5m" on line 3'
    ])
  })

  it.each(['header a: b for 1m', 'mirror 20% for 1m', '0% for 1m'])('wants %s before all users', (text) => {
    expect(faults('10% for 5m', text, '100%')).toEqual([
      `2: "${text.replace(': b', '')}" sends no users, so it belongs before "10% for 5m" on line 1`
    ])
  })
})

it('has default steps that could have been written', () => {
  const lines = DEFAULT_CANARY_STEPS.map(printStep)
  expect(lines).toEqual(['10% for 5m', '30% for 5m', '50% for 5m', '100%'])
  expect(lines.map(parseStep)).toEqual(DEFAULT_CANARY_STEPS.map((value) => ({ value })))
})

const percentage = fc.integer({ min: 1, max: 100 })
const lasting: fc.Arbitrary<TrafficStep['until']> = fc.oneof(
  fc.record({ kind: fc.constant('duration' as const), duration: fc.integer({ min: 1, max: 432_000_000 }) }),
  fc.constant({ kind: 'approval' as const })
)
const words = fc
  .array(fc.constantFrom('for', 'until', '5m', 'approved', 'a', '10%', 'header', ':'), { minLength: 1 })
  .map((found) => found.join(' '))
const header = fc.record({
  name: fc.stringMatching(/^[-!#$%&'*+.^_`|~0-9A-Za-z]{1,20}$/),
  value: fc.oneof(fc.stringMatching(/^[!-~](?:[\t -~]{0,20}[!-~])?$/), words)
})
const step: fc.Arbitrary<TrafficStep> = fc.oneof(
  fc.record({
    split: fc.oneof(
      fc.record({ weight: fc.integer({ min: 0, max: 100 }) }),
      fc.record({ weight: fc.constant(0), mirror: percentage }),
      fc.record({ weight: fc.constant(0), header })
    ),
    until: lasting
  }),
  fc.constant({ split: { weight: 100 }, until: { kind: 'none' as const } })
)

it('is the inverse of printStep', () => {
  fc.assert(
    fc.property(step, (found) => {
      expect(parseStep(printStep(found))).toEqual({ value: found })
    }),
    { numRuns: 1_000 }
  )
})

it('never throws', () => {
  const text = fc.oneof(
    fc.string(),
    words.map((found) => `header ${found}`),
    fc
      .array(fc.constantFrom('10%', '100%', 'mirror', 'header', 'a:', 'for', '5m', 'until', 'approved'))
      .map((found) => found.join(' '))
  )
  fc.assert(
    fc.property(text, (line) => {
      const parsed = parseStep(line)
      if ('value' in parsed) expect(parseStep(printStep(parsed.value))).toEqual(parsed)
    }),
    { numRuns: 1_000 }
  )
})

it('accepts exactly the lists whose weights rise to 100% after the steps without users', () => {
  const isOrdered = (steps: readonly TrafficStep[]): boolean =>
    steps.every(({ split: { weight } }, i) => {
      const before = steps[i - 1]?.split.weight ?? 0
      return weight > before || (weight === 0 && before === 0)
    })
  const list = fc.oneof(
    fc.array(step, { minLength: 1, maxLength: 6 }),
    fc
      .tuple(fc.array(step, { maxLength: 5 }), step)
      .map(([steps, last]) => [
        ...steps
          .filter(({ split }) => split.weight < 100)
          .sort((one, other) => one.split.weight - other.split.weight),
        { ...last, split: { weight: 100 } }
      ])
  )
  fc.assert(
    fc.property(list, (steps) => {
      const items = steps.map((value, index) => ({ line: index + 1, value }))
      const expected = isOrdered(steps) && steps.at(-1)?.split.weight === 100
      expect(stepsFaults(items, steps.length).length === 0).toBe(expected)
    }),
    { numRuns: 1_000 }
  )
})
