import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { parseHeader, parsePrometheus } from '../../../src/inputs/prometheus.ts'

describe('parsePrometheus', () => {
  it.each([
    ['https://prom.example.com', 'https://prom.example.com'],
    ['http://localhost:9090/', 'http://localhost:9090'],
    ['HTTPS://prom.example.com/a/b//', 'https://prom.example.com/a/b']
  ])('reads the URL %s', (text, url) => {
    expect(parsePrometheus(text)).toEqual({ value: { kind: 'url', url } })
  })

  it('reads a Service', () => {
    expect(parsePrometheus('service/monitoring/prometheus:9090')).toEqual({
      value: { kind: 'service', namespace: 'monitoring', name: 'prometheus', port: 9090 }
    })
  })

  it.each([
    ['/prometheus', '/prometheus'],
    ['/a/b-c_1.d/', '/a/b-c_1.d'],
    ['/', undefined]
  ])('reads a Service that answers under %s', (text, path) => {
    expect(parsePrometheus(`service/monitoring/prometheus:9090${text}`)).toEqual({
      value: {
        kind: 'service',
        namespace: 'monitoring',
        name: 'prometheus',
        port: 9090,
        ...(path && { path })
      }
    })
  })

  it.each([
    'service/monitoring/prometheus:9090/../../secrets',
    'service/monitoring/prometheus:9090/a/./b',
    'service/monitoring/prometheus:9090/a b',
    'prometheus:9090',
    'ftp://prometheus',
    'https://',
    'http://prom.example.com:99999',
    'service/prometheus:9090',
    'service/monitoring/prometheus',
    'service/monitoring/prometheus:http',
    'service/monitoring/prometheus:0',
    'service/monitoring/prometheus:65536',
    'service/Monitoring/prometheus:80'
  ])('refuses %s', (text) => {
    expect(parsePrometheus(text)).toHaveProperty('problem', expect.stringContaining(`"${text}" is neither`))
  })

  it.each([
    'https://user:s3cret@prom.example.com',
    'https://user:s3c ret@prom',
    'user:s3cret@prom:9090',
    'https://prom.example.com?token=s3cret',
    'https://prom.example.com#s3cret'
  ])('refuses %s without telling the secret', (text) => {
    const refused = JSON.stringify(parsePrometheus(text))
    expect(refused).toContain('problem')
    expect(refused).not.toMatch(/s3c/)
  })

  it.each(['http://a\nhttp://b', 'http://a\tb', 'service/monitoring/prom:80\nhttp://b'])(
    'refuses more than one address: %j',
    (text) => {
      expect(parsePrometheus(text)).toHaveProperty(
        'problem',
        'one address is wanted, without line breaks and tabs'
      )
    }
  )

  it('points to the headers', () => {
    expect(parsePrometheus('https://user:pass@prom')).toHaveProperty(
      'problem',
      'a URL must not hold user name and password; send them with prometheus-headers'
    )
  })
})

describe('parseHeader', () => {
  it.each([
    ['Authorization: Bearer abc', 'Authorization', 'Bearer abc'],
    ['X-Scope-OrgID:7', 'X-Scope-OrgID', '7'],
    ['X-A: b: c # d', 'X-A', 'b: c # d']
  ])('reads %s', (text, name, value) => {
    expect(parseHeader(text)).toEqual({ value: { name, value } })
  })

  it.each(['s3cret', 's3cret:', 's3 cret: x', ': s3cret', 'X-A: s3cret\u{1f511}', 'X-A: s3cret\u0007'])(
    'refuses %j without telling the secret',
    (text) => {
      const refused = JSON.stringify(parseHeader(text))
      expect(refused).toContain('problem')
      expect(refused).not.toContain('s3')
    }
  )
})

it.each([parsePrometheus, parseHeader])('%p never throws', (parse) => {
  const text = fc.oneof(
    fc.string(),
    fc.webUrl(),
    fc.string().map((name) => `service/${name}/${name}:80`)
  )
  fc.assert(
    fc.property(text, (line) => {
      const parsed = parse(line)
      expect('value' in parsed || parsed.example !== '').toBe(true)
    })
  )
})
