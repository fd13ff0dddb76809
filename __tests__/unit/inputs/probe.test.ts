import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { parseProbe, type Probe } from '../../../src/inputs/probe.ts'

describe('parseProbe', () => {
  it.each<[string, Probe]>([
    [
      'https://shop.example.com/ by x-version',
      { url: 'https://shop.example.com/', header: 'x-version', requestHeaders: {} }
    ],
    [
      'http://10.0.0.1/ by x-version with Host: shop.example.com',
      { url: 'http://10.0.0.1/', header: 'x-version', requestHeaders: { Host: 'shop.example.com' } }
    ],
    [
      '  http://[::1]:8080/a?b=c   by  X-Version  with X-Words:go by with a ',
      { url: 'http://[::1]:8080/a?b=c', header: 'X-Version', requestHeaders: { 'X-Words': 'go by with a' } }
    ]
  ])('reads %s', (text, probe) => {
    expect(parseProbe(text)).toEqual({ value: probe })
  })

  it.each([
    ['https://shop.example.com/', '"https://shop.example.com/" is not <URL> by <response header>'],
    ['https://shop/ by', '"https://shop/ …" is not <URL> by'],
    ['https://shop/cart?key=1', '"https://shop/cart?***" is not <URL> by'],
    ['https://shop/ by x version', 'is not <URL> by'],
    ['by x-version', 'is not <URL> by'],
    ['/ by x-version', '"/" is not an http(s) URL'],
    ['ftp://shop/ by x-version', '"ftp://shop/" is not an http(s) URL'],
    ['http:// by x-version', '"http://" is not an http(s) URL'],
    ['http://shop:99999/ by x-version', 'is not an http(s) URL'],
    ['https://shop/ by x-version:', '"x-version:" is not the name of a header'],
    ['https://shop/ by x-version with Host', 'after with: not a header, which is name: value'],
    ['https://shop/ by x-version with Host: a\u0007', 'after with: the value has characters'],
    ['', '"" is not <URL> by <response header>']
  ])('refuses %j', (text, problem) => {
    expect(parseProbe(text)).toHaveProperty('problem', expect.stringContaining(problem))
  })

  it.each([
    'https://user:s3cret@shop/ by x-version',
    'https://s3cret@shop/ by x-version',
    'https://user:s3cret@shop/',
    'https://user:s3cret@shop/?a=b by x-version',
    'ftp://user:a?s3cret@shop/ by x-version',
    'user:s3cret@shop by x-version',
    'https://shop/?token=s3cret x-version',
    'shop/?token=s3cret#s3cret by x-version',
    'https://shop/ by x-version with Authorization Bearer s3cret',
    'https://shop/ by x-version wiht Authorization: Bearer s3cret',
    'https://shop/ by x-version Authorization: s3cret',
    'https://shop/ x-version with Authorization: Bearer s3cret'
  ])('refuses %s without telling the secret', (text) => {
    const refused = JSON.stringify(parseProbe(text))
    expect(refused).toContain('problem')
    expect(refused).not.toContain('s3cret')
  })

  it('gives examples that can be read', () => {
    const wrong = ['x', 'ftp://a by b', 'http://a by b:', 'http://a by b with c']
    const examples = wrong.map(parseProbe).map((parsed) => ('example' in parsed ? parsed.example : ''))
    expect(examples.map((example) => 'value' in parseProbe(example))).toEqual(wrong.map(() => true))
  })
})

const name = fc.stringMatching(/^[-!#$%&'*+.^_`|~0-9A-Za-z]{1,20}$/)
const value = fc.stringMatching(/^[!-~](?:[ -~]{0,20}[!-~])?$/)
const probe = fc.record({
  url: fc.webUrl({ withQueryParameters: true }),
  header: name,
  requestHeaders: fc
    .option(fc.tuple(name, value), { nil: undefined })
    .map((header) => Object.fromEntries(header ? [header] : []))
})

function printProbe({ url, header, requestHeaders }: Probe): string {
  const sent = Object.entries(requestHeaders).map(([name, value]) => ` with ${name}: ${value}`)
  return `${url} by ${header}${sent.join('')}`
}

it('reads back what a probe is written as', () => {
  fc.assert(
    fc.property(probe, (found) => {
      expect(parseProbe(printProbe(found))).toEqual({ value: found })
    }),
    { numRuns: 500 }
  )
})

it('never throws', () => {
  const words = ['https://shop/', 'by', 'with', 'x-version', 'Host:', 'a']
  const text = fc.oneof(
    fc.string(),
    fc.array(fc.constantFrom(...words)).map((found) => found.join(' '))
  )
  fc.assert(
    fc.property(text, (line) => {
      const parsed = parseProbe(line)
      if ('value' in parsed) expect(parseProbe(printProbe(parsed.value))).toEqual(parsed)
    }),
    { numRuns: 500 }
  )
})
