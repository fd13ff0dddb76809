import type { ScalarTag, Tags } from 'yaml'

const tagged = (name: string): string => `tag:yaml.org,2002:${name}`

const scalar = (name: string, test: RegExp | undefined, resolve: (text: string) => unknown): ScalarTag => ({
  tag: tagged(name),
  default: test !== undefined,
  ...(test === undefined ? {} : { test }),
  resolve
})

const MAY_BE_NUMBER = /^[-+.0-9][-+.0-9A-Za-z_]*$/

const KNOWN: Tags = [
  scalar('null', /^(?:~|null|Null|NULL)?$/, () => null),
  scalar('bool', /^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)$/, () => true),
  scalar('bool', /^(?:n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/, () => false),
  scalar('int', MAY_BE_NUMBER, numberOrText),
  scalar('float', MAY_BE_NUMBER, numberOrText),
  scalar('timestamp', undefined, (text) => text),
  scalar('binary', undefined, (text) => Buffer.from(text, 'base64').toString()),
  { tag: tagged('set'), collection: 'map', default: false, resolve: (map) => map },
  { tag: tagged('omap'), collection: 'seq', default: false, resolve: (list) => list },
  { tag: tagged('pairs'), collection: 'seq', default: false, resolve: (list) => list }
]

const REPLACED = new Set(KNOWN.map((tag) => (typeof tag === 'string' ? tag : tag.tag)))

/**
 * Kubernetes reads by a library of Go, which is neither YAML 1.1 nor 1.2: dates and numbers with colons in them are text, and
 * `0o440` is a number like `0440`.
 */
export const kubernetesTags = (tags: Tags): Tags => [
  ...tags.filter((tag) => typeof tag === 'string' || !REPLACED.has(tag.tag)),
  ...KNOWN
]

const BASES: Readonly<Record<string, number>> = { x: 16, o: 8, b: 2, '': 8 }
const PREFIXED = /^([-+]?)0([xXoObB]?)([0-9a-fA-F]+)$/
const DECIMAL = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/
const SPECIAL: Readonly<Record<string, number>> = {
  '.inf': Infinity,
  '+.inf': Infinity,
  '-.inf': -Infinity,
  '.nan': NaN
}

/** A number as Go's `strconv` takes it, underscores left out; what is none, or too large for one, stays text. */
function numberOrText(text: string): number | string {
  const special = /^[-+]?\.(?:inf|Inf|INF|nan|NaN|NAN)$/.test(text) ? SPECIAL[text.toLowerCase()] : undefined
  if (special !== undefined) return special
  const plain = text.startsWith('.') ? text : text.replaceAll('_', '')
  const [, sign = '', prefix = '', digits = ''] = PREFIXED.exec(plain) ?? []
  const whole = digits === '' ? undefined : inBase(digits, BASES[prefix.toLowerCase()] ?? 10)
  if (whole !== undefined) return sign === '-' ? -whole : whole
  const value = DECIMAL.test(plain) ? Number(plain) : NaN
  return Number.isFinite(value) ? value : text
}

const inBase = (digits: string, base: number): number | undefined =>
  Array.from(digits).every((digit) => parseInt(digit, 16) < base) ? parseInt(digits, base) : undefined
