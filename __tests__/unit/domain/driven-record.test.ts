import { describe, expect, it } from '@jest/globals'
import { endedRecord, readDrivenRecord, type DrivenRecord } from '../../../src/domain/driven-record.ts'
import { GONE, pathsIn, withAt } from '../../support/mutations.ts'

const version = (slot: string, hash: string, image: string) => ({
  ...{ slot, deployment: 'web', hash, images: [image], replicas: 3 }
})
const wish = (image: string) => ({ object: { template: { spec: { containers: [{ image }] } } } })
const record: DrivenRecord = {
  ...{ version: 1, id: '2-1', holder: '2-1-deploy', command: 'deploy', phase: 'left' },
  startedAt: '2026-11-03T14:00:00.000Z',
  leftAt: '2026-11-03T15:00:00.000Z',
  before: wish('shop/web:1'),
  brought: { ...wish('shop/web:2'), target: {} },
  noted: 'a 2026-11-03T14:00:00Z',
  stable: version('stable', '6c9f8d7b5', 'shop/web:1'),
  canary: version('canary', '789b7c4d6f', 'shop/web:2'),
  proved: true,
  previous: version('stable', '5d9f8d7b5', 'shop/web:0'),
  history: []
}

const read = (value: unknown): DrivenRecord | undefined =>
  readDrivenRecord({
    ...{ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' },
    metadata: {
      ...{ name: 'greenlight-rollout-web', namespace: 'shop' },
      annotations: { 'greenlight.dev/release': typeof value === 'string' ? value : JSON.stringify(value) }
    },
    spec: {}
  })

/** What a person or another version may change without harm: it is absent in other records. */
const FREE = /^(?:leftAt|brought|brought\/target|noted|proved|previous)$/

describe('the record of a release by a controller', () => {
  it('is read as it was written, also after its end and before its first release', () => {
    const ended = endedRecord(record, true, 1_793_714_461_286)
    const { brought: _, noted: __, proved: ___, ...begun } = record
    const first = { ...begun, canary: { ...record.canary, hash: '' }, stable: { ...record.stable, hash: '' } }
    for (const one of [record, ended, first]) expect(read(one)).toEqual(one)
  })

  it('is refused with the place where it is damaged, and what to do', () => {
    expect(() => read(withAt(record, ['canary', 'images', 0], null))).toThrow(
      /lease\/greenlight-rollout-web in namespace shop cannot be read \(canary\.images\[0\] is not what it should be\)[^]*kubectl -n shop annotate lease\/greenlight-rollout-web greenlight\.dev\/release-/
    )
    expect(() => read('{')).toThrow('(it is no record)')
  })

  /** Within a wish anything may be: it is what the API server has kept. */
  const used = pathsIn(record).filter(
    (path) => !/^(?:before|brought)\/(?:object|target)\//.test(path.join('/'))
  )
  it.each(used.map((path) => [path.join('.'), path] as const))('is refused without a sound %s', (_, path) => {
    for (const other of [null, {}, [null], true, -1.5].filter((one) => !isSound(path, one)))
      expect(() => read(withAt(record, path, other))).toThrow('cannot be read')
    const isList = typeof path.at(-1) === 'number'
    if (!FREE.test(path.join('/')) && !isList)
      expect(() => read(withAt(record, path, GONE))).toThrow('cannot be read')
  })
})

/** A wish may be any tree, and a flag either way. */
function isSound(path: readonly (string | number)[], value: unknown): boolean {
  const place = path.join('/')
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
  return (isMap && /(?:^|\/)(?:object|target)$/.test(place)) || (value === true && place === 'proved')
}
