const binary = 1024n
const decimal = 1000n

/** How many nano-units one of each suffix is. */
const suffixes: Readonly<Record<string, bigint>> = {
  n: 1n,
  u: decimal,
  m: decimal ** 2n,
  '': decimal ** 3n,
  k: decimal ** 4n,
  M: decimal ** 5n,
  G: decimal ** 6n,
  T: decimal ** 7n,
  P: decimal ** 8n,
  E: decimal ** 9n,
  Ki: decimal ** 3n * binary,
  Mi: decimal ** 3n * binary ** 2n,
  Gi: decimal ** 3n * binary ** 3n,
  Ti: decimal ** 3n * binary ** 4n,
  Pi: decimal ** 3n * binary ** 5n,
  Ei: decimal ** 3n * binary ** 6n
}

/**
 * A quantity as Kubernetes writes it (`500m`, `1.5Gi`, `1e3`) in whole nano-units, so that sums are exact.
 * @returns undefined when it is none
 */
export function parseQuantity(quantity: string | number): bigint | undefined {
  const found = /^(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,2})|([A-Za-z]{1,2}))?$/.exec(String(quantity))
  const [, whole = '', fraction = '', exponent = '0', suffix = ''] = found ?? []
  const unit = suffixes[suffix]
  if (found === null || unit === undefined || whole + fraction === '') return undefined
  const shift = Number(exponent) - fraction.length
  const digits = BigInt(whole + fraction) * unit
  return shift >= 0 ? digits * 10n ** BigInt(shift) : digits / 10n ** BigInt(-shift)
}

/** From the largest on: what divides a value is how a person would write it. */
const printed = {
  bytes: ['Ti', 'Gi', 'Mi', 'Ki', ''],
  units: ['', 'm', 'u', 'n']
} as const

/** The shortest exact way to write so many nano-units. */
export function printQuantity(nanos: bigint, of: keyof typeof printed): string {
  const suffix = printed[of].find((one) => nanos % (suffixes[one] ?? 1n) === 0n) ?? 'n'
  return `${nanos / (suffixes[suffix] ?? 1n)}${suffix}`
}
