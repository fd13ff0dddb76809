import { describe, expect, it } from '@jest/globals'
import { parseQuantity, printQuantity } from '../../../src/kubernetes/quantity.ts'

describe('a quantity', () => {
  it.each<[string | number, string]>([
    ['0', '0'],
    ['1', '1000000000'],
    [2, '2000000000'],
    [0.5, '500000000'],
    ['500m', '500000000'],
    ['.5', '500000000'],
    ['100n', '100'],
    ['1.5', '1500000000'],
    ['1k', '1000000000000'],
    ['1e3', '1000000000000'],
    ['1E3', '1000000000000'],
    ['5e-1', '500000000'],
    ['1E', '1000000000000000000000000000'],
    ['1Ki', '1024000000000'],
    ['1.5Gi', '1610612736000000000'],
    ['128974848', '128974848000000000'],
    ['16Ei', '18446744073709551616000000000']
  ])('%s is %s nano-units', (text, nanos) => {
    expect(parseQuantity(text)).toBe(BigInt(nanos))
  })

  it.each(['', 'm', '1 Gi', '1gi', '-1', '1Mi2', 'many'])('%j is none', (text) => {
    expect(parseQuantity(text)).toBeUndefined()
  })

  it('sums exactly where floating point would not', () => {
    const [tenth, fifth] = [parseQuantity('0.1') ?? 0n, parseQuantity('0.2') ?? 0n]
    expect(tenth + fifth).toBe(parseQuantity('300m'))
  })

  it.each<[string, 'bytes' | 'units', string]>([
    ['1500m', 'units', '1500m'],
    ['2000m', 'units', '2'],
    ['0', 'units', '0'],
    ['1536Mi', 'bytes', '1536Mi'],
    ['2048Mi', 'bytes', '2Gi'],
    ['1000', 'bytes', '1000'],
    ['1M', 'bytes', '1000000']
  ])('%s as %s is written %s', (text, of, printed) => {
    expect(printQuantity(parseQuantity(text) ?? -1n, of)).toBe(printed)
  })
})
