import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { messageOf } from '../../src/base/errors.ts'
import { readAnswer } from '../../src/checks/prometheus/answer.ts'
import { readRecord } from '../../src/domain/read-record.ts'
import { objectIn, pageIn } from '../../src/kubernetes/api/answers.ts'
import { connect } from '../../src/kubernetes/api/connect.ts'
import { parseManifests } from '../../src/kubernetes/manifests.ts'
import { parseYaml } from '../../src/kubernetes/yaml.ts'
import { CRASH, GONE, pathsIn, withAt } from '../support/mutations.ts'

/** `FUZZ=100000 npm run jest -- __tests__/unit/fuzz.test.ts` tries more. */
const numRuns = Number(process.env.FUZZ ?? 300)

const labels = { app: 'web' }
const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', labels, annotations: labels, managedFields: [{ manager: 'x' }] },
  spec: {
    replicas: 1,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: { containers: [{ name: 'a', image: 'b:1', ports: [{ name: 'http', containerPort: 80 }] }] }
    }
  },
  status: { conditions: [{ type: 'A', status: 'True' }] }
}
const kubeconfig = {
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'a',
  contexts: [{ name: 'a', context: { cluster: 'a', user: 'a', namespace: 'n' } }],
  clusters: [{ name: 'a', cluster: { server: 'https://x:1', 'certificate-authority-data': 'YQ==' } }],
  users: [
    {
      name: 'a',
      user: { token: 't', exec: { command: 'true', args: ['a'], env: [{ name: 'A', value: 'b' }] } }
    }
  ]
}
const version = (slot: string) => ({
  slot,
  deployment: `web-${slot}`,
  images: ['a:1'],
  hash: 'abc',
  replicas: 3
})
const record = {
  version: 1,
  id: '1-1',
  command: 'deploy',
  phase: 'running',
  weight: 10,
  startedAt: '2026-01-01T00:00:00.000Z',
  stable: version('blue'),
  canary: version('green'),
  selectors: { before: labels, stable: labels, canary: labels },
  steps: ['10% for 5m'],
  routes: [{ kind: 'httproute', name: 'web' }],
  history: [
    { release: '1', at: '', result: 'promoted', images: ['a'], version: { deployment: 'web', hash: 'x' } }
  ]
}
const answer = {
  status: 'success',
  data: { resultType: 'vector', result: [{ metric: { a: 'b' }, value: [1, '2'] }] }
}

const other = fc.oneof(
  fc.constantFrom<unknown>(GONE, null, 5, 'x', [], {}, [null], true),
  fc.jsonValue({ maxDepth: 2 })
)

/** The value with one to three of its places removed, null or something else. */
const mutated = (value: unknown): fc.Arbitrary<unknown> =>
  fc
    .array(fc.tuple(fc.constantFrom(...pathsIn(value)), other), { minLength: 1, maxLength: 3 })
    .map((changes) =>
      changes.reduce<unknown>((now, [path, one]) => {
        const leads = pathsIn(now).some((known) => known.join('/') === path.join('/'))
        return leads ? withAt(now, path, one) : now
      }, value)
    )

function told(work: () => unknown): string {
  try {
    work()
    return ''
  } catch (error) {
    return error instanceof TypeError || error instanceof RangeError ? 'undefined' : messageOf(error)
  }
}

const service = (text: string) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', annotations: { 'greenlight.dev/release': text } }
})
const machine = { variables: {}, home: '/nowhere', read: () => undefined }
const pieces = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ':',
  '\n',
  '- ',
  '---\n',
  '&a ',
  '*a ',
  '!!set ',
  '0o7',
  '<<',
  '|',
  '? ',
  '#',
  '\uFEFF'
]

const readers: readonly (readonly [string, fc.Arbitrary<unknown>, (value: unknown) => unknown])[] = [
  ['objects', mutated(deployment), (value) => objectIn(value, deployment)],
  [
    'lists',
    mutated({ metadata: { continue: '' }, items: [deployment] }),
    (value) => pageIn(value, deployment)
  ],
  [
    'manifests',
    mutated({ apiVersion: 'v1', kind: 'List', items: [deployment] }),
    (value) => {
      for (const { problem } of parseManifests(JSON.stringify(value), 'web.yaml').faults)
        throw new Error(problem)
    }
  ],
  ['records', mutated(record), (value) => readRecord(service(JSON.stringify(value)))],
  [
    'kubeconfigs',
    mutated(kubeconfig),
    (value) =>
      connect({ kubeconfig: JSON.stringify(value), context: undefined, namespace: undefined }, machine)
  ],
  [
    'answers of Prometheus',
    mutated(answer),
    (value) => readAnswer({ status: 200, body: JSON.stringify(value) }, 'Prometheus')
  ]
]

describe('whatever is in them, they are read or refused with a sentence:', () => {
  it.each(readers)('%s', (_, values, read) => {
    fc.assert(
      fc.property(values, (value) => {
        expect(told(() => read(value))).not.toMatch(CRASH)
      }),
      { numRuns }
    )
  })

  it('files', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.array(fc.constantFrom(...pieces)).map((some) => some.join(''))
    )
    fc.assert(
      fc.property(texts, (text) => {
        expect(told(() => parseYaml(text))).toBe('')
      }),
      { numRuns }
    )
  })
})
