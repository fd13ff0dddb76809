import { expect, it } from '@jest/globals'
import { parseDuration } from '../../../src/base/duration.ts'
import { parseCheck } from '../../../src/inputs/parse-check.ts'
import { parseDecimal } from '../../../src/inputs/decimal.ts'
import { list } from '../../../src/inputs/field.ts'
import { parseImage, parseImageRule, parseTaggedImage } from '../../../src/inputs/image.ts'
import { splitLines } from '../../../src/inputs/lines.ts'
import { parseName, parseWorkload } from '../../../src/inputs/names.ts'
import { parseProbe } from '../../../src/inputs/probe.ts'
import { parseHeader, parsePrometheus } from '../../../src/inputs/prometheus.ts'
import { parseRoute } from '../../../src/inputs/route.ts'
import { parseSmokeTest } from '../../../src/inputs/parse-smoke-test.ts'
import { parseStep, stepsFaults } from '../../../src/inputs/step.ts'
import { parseVersionName } from '../../../src/inputs/version-name.ts'

/** Texts of inputs, records and annotations as nobody would write them, unless it is to keep a run busy. */

const LONG = 100_000
/** Far more than a machine under load takes for each once over, far less than for each in the square. */
const HUNG = 2500

const parsers: Readonly<Record<string, (text: string) => unknown>> = {
  parseCheck,
  parseDecimal,
  parseDuration,
  parseHeader,
  parseImage,
  parseImageRule,
  parseName,
  parseProbe,
  parsePrometheus,
  parseRoute,
  parseSmokeTest,
  parseStep,
  parseTaggedImage,
  parseVersionName,
  parseWorkload,
  splitLines
}

const fillings = [' ', 'a', '1', '-', '.', '/', '<', '{', '"', '1s', 'a-', ' for', '${']
const beginnings = [
  '',
  'x',
  '10%',
  'header x: a',
  'mirror',
  'GET ',
  'GET / ',
  'GET / at',
  'POST / {"a":',
  'p95 latency < 1',
  'a: b < ',
  'https://a/',
  'https://a/ by x',
  'service/',
  'a/b:',
  'a=b/',
  '1.',
  '-'
]
const endings = ['', ' y', '\u2028']

it.each(Object.entries(parsers))(
  '%s ends soon, whatever it is given',
  (_, parse) => {
    const slow: string[] = []
    for (const begin of beginnings)
      for (const filling of fillings)
        for (const end of endings) {
          const text = begin + filling.repeat(LONG / filling.length) + end
          const began = performance.now()
          parse(text)
          if (performance.now() - began > HUNG) slow.push(JSON.stringify([begin, filling, end]))
        }
    expect(slow).toEqual([])
  },
  600_000
)

it('lists end soon, however many lines there are', () => {
  const began = performance.now()
  const many = (line: (index: number) => string): string =>
    Array.from({ length: 60_000 }, (_, index) => line(index)).join('\n')
  list(parseStep, { faultsAmong: stepsFaults }).read(many(() => '50% for 5m'))
  list(parseRoute, { keyOf: (route) => JSON.stringify(route) }).read(many((index) => `service/a${index}`))
  expect(performance.now() - began).toBeLessThan(20_000)
})
