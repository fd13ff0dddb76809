import { describe, expect, it, jest } from '@jest/globals'
import { parseManifests } from '../../../src/kubernetes/manifests.ts'

const parse = (text: string) => parseManifests(text, 'k8s/web.yaml')
const map = (name: string, more = ''): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n${more}`
function dataOf(text: string): unknown {
  const { manifests, faults } = parse(map('web', `data:\n${text.replaceAll(/^/gm, '  ')}\n`))
  expect(faults).toEqual([])
  return (manifests[0]?.object as { data?: unknown }).data
}
const namesIn = (text: string) =>
  parse(text).manifests.map(({ object, source }) => `${object.metadata.name} ${source}`)

it('nothing warns of what is strange in a file, and quotes it', () => {
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
  parse(map('web', 'data: !strange x\n? { "##[add-mask]a": 1 }\n: y\n'))
  const { calls } = warn.mock
  warn.mockRestore()
  expect(calls).toEqual([])
})

describe('the objects of a file', () => {
  it.each([
    ['one', map('a'), ['a k8s/web.yaml, line 1']],
    ['several', `${map('a')}---\n${map('b')}`, ['a k8s/web.yaml, line 1', 'b k8s/web.yaml, line 6']],
    ['after a comment', `# Helm\n---\n# Source: web\n${map('a')}`, ['a k8s/web.yaml, line 4']],
    ['with Windows line ends', map('a').replaceAll('\n', '\r\n'), ['a k8s/web.yaml, line 1']],
    ['with a byte order mark', `\uFEFF${map('a')}`, ['a k8s/web.yaml, line 1']],
    [
      'with one before a later document',
      `${map('a')}---\n\uFEFF${map('b')}`,
      ['a k8s/web.yaml, line 1', 'b k8s/web.yaml, line 6']
    ],
    [
      'with nothing behind labels and annotations',
      map('a', '  labels:\n  annotations: ~\n'),
      ['a k8s/web.yaml, line 1']
    ],
    [
      'of a kind that is called so',
      'apiVersion: x/v1\nkind: DenyList\nmetadata: {name: a}',
      ['a k8s/web.yaml, line 1']
    ],
    ['as JSON', '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}', ['a k8s/web.yaml, line 1']],
    [
      'in a List',
      `apiVersion: v1\nkind: List\nitems:\n${['a', 'b'].map((name) => `- ${map(name).replaceAll('\n', '\n  ').trimEnd()}\n`).join('')}`,
      ['a k8s/web.yaml, line 1, item 1', 'b k8s/web.yaml, line 1, item 2']
    ],
    [
      'in a List of a kind, as the API server sends it',
      '{apiVersion: v1, kind: ConfigMapList, items: [{metadata: {name: a}}]}',
      ['a k8s/web.yaml, line 1, item 1']
    ],
    [
      'in a List of a kind',
      '{apiVersion: v1, kind: ConfigMapList, items: [{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}]}',
      ['a k8s/web.yaml, line 1, item 1']
    ]
  ])('%s', (_, text, expected) => {
    expect(parse(text).faults).toEqual([])
    expect(namesIn(text)).toEqual(expected)
  })

  it('that are in a List of a kind are of that kind', () => {
    const [found] = parse(
      '{apiVersion: apps/v1, kind: DeploymentList, items: [{metadata: {name: a}}]}'
    ).manifests
    expect(found?.object).toEqual({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' } })
  })

  it('name no namespace where that is the empty text', () => {
    const [found] = parse(map('a', '  namespace: ""\n')).manifests
    expect(found?.object.metadata).toEqual({ name: 'a' })
  })

  it.each(['9007199254740993', '-9223372036854775808', '0x7fffffffffffffff'])(
    'are refused where %s would be rounded',
    (number) => {
      expect(parse(map('a', `spec: {x: ${number}}\n`)).faults).toMatchObject([
        {
          problem: expect.stringMatching(/^k8s\/web.yaml, line 5: it has a whole number of more than 53 bits/)
        }
      ])
    }
  )

  it.each(['9007199254740991', '1e30', '12345678901234567890.5', '"9007199254740993"'])(
    'are taken where %s is as it is, or only near to it',
    (number) => {
      expect(parse(map('a', `spec: {x: ${number}}\n`)).faults).toEqual([])
    }
  )

  it.each([
    ['nothing', ''],
    ['white space', ' \n\n'],
    ['a comment', '# nothing here\n'],
    ['empty documents', '---\n---\n# and a comment\n---\n'],
    ['null', 'null\n---\n~\n'],
    ['an empty List', 'apiVersion: v1\nkind: List\nitems: []\n'],
    ['a List of nothing', 'apiVersion: v1\nkind: List\nitems:\n'],
    ['a List of nulls', 'apiVersion: v1\nkind: List\nitems: [null, ~]\n']
  ])('are none where there is only %s', (_, text) => {
    expect(parse(text)).toEqual({ manifests: [], faults: [] })
  })
})

describe('values are what Kubernetes takes them for:', () => {
  it.each([
    ['an octal number', 'mode: 0644', { mode: 420 }],
    ['yes and no', 'a: yes\nb: off', { a: true, b: false }],
    ['a quoted yes', 'a: "yes"', { a: 'yes' }],
    ['an anchor', 'a: &x {b: 1}\nc: *x', { a: { b: 1 }, c: { b: 1 } }],
    ['a merge key', 'a: &x {b: 1}\nc:\n  <<: *x\n  d: 2', { a: { b: 1 }, c: { b: 1, d: 2 } }],
    ['a block', 'a: |\n  one\n  two', { a: 'one\ntwo\n' }]
  ])('%s', (_, text, expected) => {
    expect(dataOf(text)).toEqual(expected)
  })

  it.each([
    ['a date stays text', 'built: 2026-11-03', { built: '2026-11-03' }],
    ['a time stays text', 'built: 2026-11-03T14:00:00Z', { built: '2026-11-03T14:00:00Z' }],
    ['numbers with colons stay text', 'at: 12:30:45', { at: '12:30:45' }]
  ])('%s', (_, text, expected) => {
    expect(JSON.parse(JSON.stringify(dataOf(text)))).toEqual(expected)
  })
})

describe('a fault says where it is:', () => {
  it.each([
    ['no mapping', 'hello', 'k8s/web.yaml, line 1: this is not a Kubernetes object'],
    ['a number', '5', 'k8s/web.yaml, line 1: this is not a Kubernetes object'],
    ['no apiVersion', `${map('a')}---\nkind: Service`, 'k8s/web.yaml, line 6: the object has no apiVersion'],
    ['no kind', 'apiVersion: v1', 'k8s/web.yaml, line 1: the object has no kind'],
    [
      'no name',
      'apiVersion: v1\nkind: Service\nmetadata: {}',
      'k8s/web.yaml, line 1: the Service has no metadata.name'
    ],
    [
      'a name that is a number',
      map('1234'),
      'k8s/web.yaml, line 1: metadata.name of the ConfigMap is the number 1234, not a text; it needs quotes'
    ],
    [
      'a namespace that is a yes',
      map('a', '  namespace: on\n'),
      'k8s/web.yaml, line 1: metadata.namespace of the ConfigMap is the boolean true, not a text; it needs quotes'
    ],
    [
      'a list in the place of a name',
      map('[a]'),
      'k8s/web.yaml, line 1: metadata.name of the ConfigMap is no text'
    ],
    [
      'no metadata',
      'apiVersion: v1\nkind: Service\nmetadata:',
      'k8s/web.yaml, line 1: the Service has no metadata.name'
    ],
    [
      'in a List',
      '{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Job}]}',
      'k8s/web.yaml, line 1, item 1: the Job has no metadata.name'
    ],
    [
      'a template that was not rendered',
      'apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .name }}',
      'k8s/web.yaml, line 4: a key must be a text, not nothing, a list or a map; was this template rendered?'
    ],
    ['a key twice', map('a', 'kind: Service\n'), /^k8s\/web\.yaml, line 5: Map keys must be unique/],
    ['a tab', 'apiVersion: v1\n\tkind: Service', /^k8s\/web\.yaml, line 2: /],
    ['an indent that ends nowhere', 'a: 1\n  b: 2', /^k8s\/web\.yaml, line [12]: /]
  ])('%s', (_, text, problem) => {
    expect(parse(text).faults).toEqual([
      {
        input: 'manifests',
        problem: typeof problem === 'string' ? problem : expect.stringMatching(problem),
        example: 'rendered YAML, as `kubectl apply -f` takes it'
      }
    ])
  })

  it('the objects beside it are read all the same', () => {
    const { manifests, faults } = parse(`${map('a')}---\nkind: Service\n---\n${map('b')}`)
    expect([manifests.length, faults.length]).toEqual([2, 1])
  })

  it('an alias without its anchor', () => {
    expect(parse(map('a', 'data: *missing\n')).faults).toHaveLength(1)
  })

  it.each([
    '*hunter2',
    '@hunter2',
    '%hunter2',
    '|hunter2',
    '[hunter2',
    '"hunter2',
    'a: hunter2',
    "'a' hunter2"
  ])('a password that lacks quotes, %s, is not repeated', (text) => {
    const { faults } = parse(map('a', `data:\n  password: ${text}\n`))
    expect(faults).toHaveLength(1)
    expect(JSON.stringify(faults)).not.toContain('hunter2')
  })
})

describe('hostile files', () => {
  const timed = (text: string): { milliseconds: number; result: ReturnType<typeof parse> | Error } => {
    const started = performance.now()
    try {
      return { result: parse(text), milliseconds: performance.now() - started }
    } catch (error) {
      return { result: error as Error, milliseconds: performance.now() - started }
    }
  }
  const bomb = `${map('a')}data:\n  a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n${Array.from(
    { length: 9 },
    (_, level) =>
      `  a${level + 1}: &a${level + 1} [${Array.from({ length: 9 }, () => `*a${level}`).join(', ')}]`
  ).join('\n')}\n`

  it.each([
    ['a megabyte of data', map('a', `data:\n  a: ${'x'.repeat(1_000_000)}\n`)],
    [
      'ten thousand keys',
      map('a', `data:\n${Array.from({ length: 10_000 }, (_, index) => `  k${index}: v\n`).join('')}`)
    ],
    ['a thousand documents', `${map('a')}---\n`.repeat(1000)],
    ['aliases of aliases of aliases', bomb]
  ])(
    'do not keep us busy: %s',
    (_, text) => {
      expect(timed(text).milliseconds).toBeLessThan(30_000)
    },
    60_000
  )

  it('aliases of aliases are a fault with its line', () => {
    expect(timed(bomb).result).toMatchObject({
      faults: [{ problem: expect.stringMatching(/^k8s\/web\.yaml, line 1: /) }]
    })
  })

  it('a key __proto__ changes no object but its own', () => {
    parse(map('a', 'data:\n  __proto__: {polluted: true}\n'))
    expect({}).not.toHaveProperty('polluted')
  })
})
